// What the rows of the LSTM can reach: the operations of its products, the exponentials of its cells, and the launches of its kernels,
// beside PyTorch's time.
import type { Measured } from '../peers/compare.js'
import { groups, type Row } from '../peers/rows.js'
import { type Output, peakOf } from './output.js'
import { gf, us, verdict } from './reach.js'

/** Of a cell: its three gates are sigmoids, what enters and what leaves it is a tanh each. */
const EXPONENTIALS = 5

/** The rows that the page explains. */
export function lstmRows(): Row[] {
  return groups.find(g => g.name === 'Sequences, compiled')!.rows.filter(r => r.ours.args.op === 'LSTM')
}

/** The section of the page, in Markdown; `compared` holds the rows' comparisons with PyTorch, if there are any. */
export function explainLstm(output: Output, compared: ReadonlyMap<Row, Measured>): string {
  const peak = peakOf(output)
  const exp = output.formulas.find(f => f.name === 'exp')!.seconds
  const rows = lstmRows().flatMap(row => {
    const { shape, args } = row.ours.args as { shape: number[]; args: number[] }
    const size = `${shape.join('x')} to ${args[1]}`
    const kernels = output.kernels.filter(k => k.group === 'recurrent' && k.size === size)
    const [flops, seconds] = [kernels.reduce((n, k) => n + k.flops, 0), kernels.reduce((n, k) => n + k.seconds, 0)]
    const cells = shape[0] * shape[1] * args[1]
    const least = flops / peak + EXPONENTIALS * cells * exp
    const measured = compared.get(row)
    return [
      `A step of ${row.title} takes ${(flops / 1e6).toFixed(0)} million operations in its products; at the peak, ${(peak / 1e9).toFixed(0)} GF/s, ${us(flops / peak)}. Each
of its ${cells} cells needs ${EXPONENTIALS} exponentials, as fast as they were measured ${us(least - flops / peak)} in all. Its two launches take ${us(seconds)},
${gf(flops, seconds)}: ${((100 * least) / seconds).toFixed(0)} % of the time is these two, and could not be saved.`,
      measured === undefined
        ? 'PyTorch is not here: its time was not measured.'
        : verdict(row.target!, least, 'these products, each at the peak, and these exponentials', measured),
    ]
  })
  return ['## LSTM, forward and backward: what is possible', ...rows].join('\n\n')
}
