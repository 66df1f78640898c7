// What the row of eight small layers can reach: its products, counted and at the speed they have, beside PyTorch's time.
import type { Measured } from '../peers/compare.js'
import { groups, type Row } from '../peers/rows.js'
import { type Kernel, type Output, peakOf } from './output.js'
import { gf, us, verdict } from './reach.js'

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

/** The section of the page, in Markdown; `compared` holds the row's comparison with PyTorch, if there is one. */
export function explainDeep(output: Output, compared: ReadonlyMap<Row, Measured>): string {
  const row = deepRow()
  const measured = compared.get(row)
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
  if (measured === undefined) return [...text, 'PyTorch is not here: its time was not measured.'].join('\n\n')
  return [
    ...text,
    `${verdict(row.target!, all / peak, 'these products, each at the peak,', measured)} At the speed the products have, they alone are ${(measured.theirs / products).toFixed(2)}x; the ${us(measured.ours - products)} beyond them go
into sigmoids and their gradients, biases, the loss and the update.`,
  ].join('\n\n')
}
