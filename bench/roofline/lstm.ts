// What the rows of the LSTM can reach: the operations of its products, and the launches of its kernels, beside PyTorch's time.
import type { Measured } from '../peers/compare.js'
import { groups, type Row } from '../peers/rows.js'
import { type Output, peakOf } from './output.js'
import { gf, us, verdict } from './reach.js'

/** The rows that the page explains. */
export function lstmRows(): Row[] {
  return groups.find(g => g.name === 'Sequences, compiled')!.rows.filter(r => r.ours.args.op === 'LSTM')
}

/** The section of the page, in Markdown; `compared` holds the rows' comparisons with PyTorch, if there are any. */
export function explainLstm(output: Output, compared: ReadonlyMap<Row, Measured>): string {
  const peak = peakOf(output)
  const rows = lstmRows().flatMap(row => {
    const { shape, args } = row.ours.args as { shape: number[]; args: number[] }
    const size = `${shape.join('x')} to ${args[1]}`
    const kernels = output.kernels.filter(k => k.group === 'recurrent' && k.size === size)
    const [flops, seconds] = [kernels.reduce((n, k) => n + k.flops, 0), kernels.reduce((n, k) => n + k.seconds, 0)]
    const measured = compared.get(row)
    return [
      `A step of ${row.title} takes ${(flops / 1e6).toFixed(0)} million operations in its products; at the peak, ${(peak / 1e9).toFixed(0)} GF/s, ${us(flops / peak)}. Its two
launches take ${us(seconds)}, ${gf(flops, seconds)}: ${((100 * flops) / peak / seconds).toFixed(0)} % of the time could not be saved by anything.`,
      measured === undefined
        ? 'PyTorch is not here: its time was not measured.'
        : verdict(row.target!, flops / peak, measured),
    ]
  })
  return ['## LSTM, forward and backward: what is possible', ...rows].join('\n\n')
}
