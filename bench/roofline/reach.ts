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
  return `PyTorch takes ${us(theirs)} for the whole step, glorot ${us(ours)}: ${ratio.toFixed(2)}x. A step that did nothing but ${what}
would be ${limit.toFixed(2)}x. So ${target}x is ${limit < target ? 'out of reach' : 'within reach'} of one thread here; it takes a PyTorch that needs more than ${us(target * least)}.`
}
