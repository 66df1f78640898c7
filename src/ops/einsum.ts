// Sums over products named by letters, of one or two tensors: by permutations and one batched matrix product.
import { checkTensor } from '../autograd/defineOp.js'
import { formatShape, ShapeError, ValueError } from '../core/errors.js'
import type { Tensor } from '../tensor/tensor.js'
import { matmul } from './matmul.js'
import { sum } from './reduce.js'
import { permute, reshape } from './view.js'

/** x with the dims whose letters are not wanted summed, the others in the order of `letters`. */
function arranged(x: Tensor, own: string, letters: string): Tensor {
  const gone = [...own].flatMap((c, d) => (letters.includes(c) ? [] : [d]))
  const kept = [...own].filter(c => letters.includes(c)).join('')
  const summed = gone.length > 0 ? sum(x, gone) : x
  return permute(
    summed,
    [...letters].map(c => kept.indexOf(c)),
  )
}

/**
 * `einsum('bij,bkj->bik', x, y)`: multiplies along equal letters and sums over those that the result does not name.
 * @throws ValueError if the equation is malformed; ShapeError if a letter has two sizes
 * @see https://pytorch.org/docs/stable/generated/torch.einsum.html
 */
export function einsum(equation: string, ...operands: Tensor[]): Tensor {
  const op = 'einsum'
  if (typeof equation !== 'string') throw new TypeError(`${op}: the equation must be a string like 'ij,jk->ik'`)
  for (const x of operands) checkTensor(op, x)
  const [left, given] = equation.replace(/\s/g, '').split('->')
  const terms = left.split(',')
  const once = [...left].filter(c => c !== ',' && left.split(c).length === 2).sort()
  const out = given ?? once.join('')
  const plain = [...terms, out].every(t => /^[a-zA-Z]*$/.test(t) && new Set(t).size === t.length)
  if (!plain || terms.length !== operands.length || terms.length > 2 || [...out].some(c => !left.includes(c))) {
    throw new ValueError(
      `'${equation}' does not describe ${operands.length} tensors: one or two terms of different letters, and a result made of them`,
      { op },
    )
  }
  const size = new Map<string, number>()
  terms.forEach((term, k) => {
    const { shape } = operands[k]
    if (term.length !== shape.length)
      throw new ShapeError(`'${term}' names ${term.length} dimensions, the tensor is ${formatShape(shape)}`, {
        op,
        shapes: [shape],
      })
    ;[...term].forEach((c, d) => {
      if ((size.get(c) ?? shape[d]) !== shape[d])
        throw new ShapeError(`'${c}' is both ${size.get(c)} and ${shape[d]}`, {
          op,
          shapes: operands.map(o => o.shape),
        })
      size.set(c, shape[d])
    })
  })
  if (terms.length === 1) return arranged(operands[0], terms[0], out)
  const [a, b] = terms
  const both = [...a].filter(c => b.includes(c))
  const batch = both.filter(c => out.includes(c)).join('')
  const inner = both.filter(c => !out.includes(c)).join('')
  const rows = [...a].filter(c => !b.includes(c) && out.includes(c)).join('')
  const columns = [...b].filter(c => !a.includes(c) && out.includes(c)).join('')
  const n = (letters: string) => [...letters].reduce((p, c) => p * size.get(c)!, 1)
  const x = reshape(arranged(operands[0], a, batch + rows + inner), [n(batch), n(rows), n(inner)])
  const y = reshape(arranged(operands[1], b, batch + inner + columns), [n(batch), n(inner), n(columns)])
  const made = batch + rows + columns
  const product = reshape(
    matmul(x, y),
    [...made].map(c => size.get(c)!),
  )
  return permute(
    product,
    [...out].map(c => made.indexOf(c)),
  )
}
