// What a row can reach at most: what nothing could save of it, at the peak of one thread, beside the time of PyTorch.
import type { Measured } from '../peers/compare.js'

export const us = (seconds: number) => `${(seconds * 1e6).toFixed(seconds < 1e-5 ? 2 : 0)} us`
export const gf = (flops: number, seconds: number) => `${(flops / seconds / 1e9).toFixed(0)} GF/s`

/**
 * How far a target is from what is possible, in words.
 * @param least seconds of what a step cannot do without
 * @param what that is, in words
 * @param measured the row's comparison with PyTorch
 */
export function verdict(target: number, least: number, what: string, { ours, theirs, ratio }: Measured): string {
  const limit = theirs / least
  const possible =
    limit < target
      ? `So ${target}x is out of reach of one thread here: a step that did nothing but
${what} would be ${limit.toFixed(2)}x.`
      : `So ${target}x is within reach: a step that did nothing but
${what} would be ${limit.toFixed(2)}x.`
  return `PyTorch takes ${us(theirs)} for the whole step, glorot ${us(ours)}: ${ratio.toFixed(2)}x. For ${target}x a step would have to end within
${us(theirs / target)}. ${possible}`
}
