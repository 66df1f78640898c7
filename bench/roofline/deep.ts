// What the row of eight small layers can reach: its products, counted and at the speed they have, beside PyTorch's time.
import type { Measured } from '../peers/compare.js'
import { groups, type Row } from '../peers/rows.js'
import { type Kernel, type Output, peakOf } from './output.js'

/** The row that the page explains. */
export function deepRow(): Row {
  return groups.flatMap(g => g.rows).find(r => r.title.startsWith('8 layers of 64') && r.ours.args.compiled === true)!
}

interface Products {
  readonly forward: number
  readonly dX: number
  readonly dW: number
}

/** How many products of a layer's size a step takes: nothing asks for the gradient of the inputs. */
function countProducts(layers: readonly number[]): Products {
  const n = layers.length - 1
  return { forward: n, dX: n - 1, dW: n }
}

const us = (seconds: number) => `${(seconds * 1e6).toFixed(seconds < 1e-5 ? 2 : 0)} us`
const gf = (flops: number, seconds: number) => `${(flops / seconds / 1e9).toFixed(0)} GF/s`

/** The section of the page, in Markdown; `measured` is the row's comparison with PyTorch, if there is one. */
export function explainDeep(output: Output, measured: Measured | null): string {
  const row = deepRow()
  const { layers, batch } = row.ours.args as { layers: number[]; batch: number }
  const width = layers[0]
  const { forward, dX, dW } = countProducts(layers)
  const flops = 2 * batch * width * width
  const all = (forward + dX + dW) * flops
  const peak = peakOf(output)
  const size = [batch, width, width].join('x')
  const product = (form: string): Kernel =>
    output.kernels.find(k => k.group === 'squares' && k.name === `sgemm ${form}` && k.size === size)!
  const [nt, nn, tn] = ['NT', 'NN', 'TN'].map(product)
  const products = forward * nt.seconds + dX * nn.seconds + dW * tn.seconds
  const parts = [
    `| product | times | form | each | GF/s |\n|---|---:|---|---:|---:|`,
    `| forward, x·Wᵀ | ${forward} | NT | ${us(nt.seconds)} | ${gf(flops, nt.seconds)} |`,
    `| dX = g·W | ${dX} | NN | ${us(nn.seconds)} | ${gf(flops, nn.seconds)} |`,
    `| dW = gᵀ·x | ${dW} | TN | ${us(tn.seconds)} | ${gf(flops, tn.seconds)} |`,
    `| a step | ${forward + dX + dW} |  | ${us(products)} | ${gf(all, products)} |`,
  ]
  const text = [
    `## ${row.title}: what is possible`,
    `A step multiplies matrices of ${width} x ${width} ${forward + dX + dW} times: forward and dW in each of the ${forward} layers, dX in all but
the first. That is ${(all / 1e6).toFixed(2)} million operations; at the peak of one thread, ${(peak / 1e9).toFixed(0)} GF/s, they take ${us(all / peak)}.`,
    parts.join('\n'),
  ]
  if (measured === null) return [...text, 'PyTorch is not here: its time was not measured.'].join('\n\n')
  const limit = measured.theirs / (all / peak)
  const verdict =
    limit < row.target!
      ? `So ${row.target}x is out of reach of one thread here: a step that did nothing but these products, each at the peak, would be ${limit.toFixed(1)}x.`
      : `So ${row.target}x is within the reach of the products: at the peak, a step of nothing else would be ${limit.toFixed(1)}x.`
  return [
    ...text,
    `PyTorch takes ${us(measured.theirs)} for the whole step, glorot ${us(measured.ours)}: ${measured.ratio.toFixed(1)}x. For ${row.target}x a step would have to end within
${us(measured.theirs / row.target!)}. ${verdict} At the speed the products have, they alone are ${(measured.theirs / products).toFixed(1)}x; the ${us(measured.ours - products)} beyond them go
into sigmoids and their gradients, biases, the loss and the update.`,
  ].join('\n\n')
}
