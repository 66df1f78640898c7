// Sums of products by index letters, as matrix products over views.
import { checkTensor } from '../autograd/defineOp.js'
import { describe, formatShape, ShapeError, ValueError } from '../core/errors.js'
import type { Tensor } from '../tensor/tensor.js'
import { mul } from './arithmetic.js'
import { expand, sumDims, withShape } from './broadcast.js'
import { matmul } from './matmul.js'
import { diagonal } from './piece.js'
import { permute, reshape } from './view.js'

/** A tensor with a letter for each dimension. */
interface Lettered {
  readonly x: Tensor
  readonly letters: readonly string[]
}

/** The letters of one term; the dimensions under `...` get the names '0', '1', … counted from their end. */
function lettersOf(term: string, ndim: number, equation: string): string[] {
  const bad = (why: string) => new ValueError(`'${term}' in '${equation}' ${why}`, { op: 'einsum' })
  const parts = term.split('...')
  if (parts.length > 2) throw bad("has more than one '...'")
  if (!/^[a-zA-Z]*$/.test(parts.join(''))) throw bad('may hold letters and one ... only')
  const named = parts.join('').length
  if (parts.length === 1 ? named !== ndim : named > ndim) {
    throw new ShapeError(`'${term}' in '${equation}' names ${named} dimensions, the tensor has ${ndim}`, {
      op: 'einsum',
    })
  }
  const rest = parts.length === 1 ? [] : Array.from({ length: ndim - named }, (_, i) => String(ndim - named - 1 - i))
  return [...parts[0], ...rest, ...(parts[1] ?? '')]
}

/** A letter twice in one term stands for its diagonal. */
function withoutRepeats({ x, letters }: Lettered): Lettered {
  const second = letters.findIndex((l, i) => letters.indexOf(l) !== i)
  if (second < 0) return { x, letters }
  const first = letters.indexOf(letters[second])
  const kept = letters.filter((_, i) => i !== first && i !== second)
  return withoutRepeats({ x: diagonal(x, { dim1: first, dim2: second }), letters: [...kept, letters[second]] })
}

/** x with its dimensions in the order of `letters`, 1 where it lacks one. */
function arranged({ x, letters: own }: Lettered, letters: readonly string[]): Tensor {
  const there = letters.filter(l => own.includes(l))
  const y = permute(
    x,
    there.map(l => own.indexOf(l)),
  )
  let d = 0
  return withShape(
    y,
    letters.map(l => (own.includes(l) ? y.shape[d++] : 1)),
  )
}

function summed({ x, letters }: Lettered, over: readonly string[]): Lettered {
  const dims = letters.flatMap((l, d) => (over.includes(l) ? [d] : []))
  return { x: sumDims(x, dims, false), letters: letters.filter(l => !over.includes(l)) }
}

/** The product of two terms, summed over the letters that nobody needs any more. */
function contract(a: Lettered, b: Lettered, needed: ReadonlySet<string>): Lettered {
  const left = summed(
    a,
    a.letters.filter(l => !b.letters.includes(l) && !needed.has(l)),
  )
  const right = summed(
    b,
    b.letters.filter(l => !a.letters.includes(l) && !needed.has(l)),
  )
  const shared = left.letters.filter(l => right.letters.includes(l))
  const size = (l: string) =>
    Math.max(...[left, right].filter(o => o.letters.includes(l)).map(o => o.x.shape[o.letters.indexOf(l)]))
  const inner = shared.filter(l => !needed.has(l))
  const batch = shared.filter(l => needed.has(l))
  const rows = left.letters.filter(l => !shared.includes(l))
  const columns = right.letters.filter(l => !shared.includes(l))
  if (inner.length === 0) {
    const letters = [...batch, ...rows, ...columns]
    return { x: mul(arranged(left, letters), arranged(right, letters)), letters }
  }
  const shape = (letters: readonly string[]) => letters.map(size)
  const volume = (letters: readonly string[]) => shape(letters).reduce((n, s) => n * s, 1)
  const stretched = (o: Lettered, letters: readonly string[]) => expand(arranged(o, letters), shape(letters))
  const x = reshape(stretched(left, [...batch, ...rows, ...inner]), [...shape(batch), volume(rows), volume(inner)])
  const y = reshape(stretched(right, [...batch, ...inner, ...columns]), [
    ...shape(batch),
    volume(inner),
    volume(columns),
  ])
  const letters = [...batch, ...rows, ...columns]
  return { x: reshape(matmul(x, y), shape(letters)), letters }
}

function checkSizes(terms: readonly Lettered[], equation: string): void {
  const sizes = new Map<string, number>()
  for (const { x, letters } of terms) {
    letters.forEach((l, d) => {
      const [n, other] = [x.shape[d], sizes.get(l) ?? 1]
      if (n !== other && n !== 1 && other !== 1) {
        const what = /\d/.test(l) ? "a dimension of '...'" : `'${l}'`
        const message = `${what} in '${equation}' is ${other} in one tensor and ${n} in ${formatShape(x.shape)}`
        throw new ShapeError(message, { op: 'einsum', shapes: terms.map(t => t.x.shape) })
      }
      if (n !== 1 || !sizes.has(l)) sizes.set(l, n)
    })
  }
}

/**
 * The sum over products of elements that an equation describes: a letter names a dimension, letters missing from the result are summed
 * over, `...` stands for dimensions that broadcast. Without `->` the result has the letters that occur once, in alphabetical order.
 * Tensors are multiplied from left to right.
 *
 * @example
 * einsum('ij,jk->ik', a, b)       // a.matmul(b)
 * einsum('bii->bi', a)            // diagonals
 * einsum('...ij->...', a)         // sums of matrices
 * @throws ValueError if the equation is malformed; ShapeError if sizes do not agree with it
 * @see https://pytorch.org/docs/stable/generated/torch.einsum.html
 */
export function einsum(equation: string, ...operands: Tensor[] | [readonly Tensor[]]): Tensor {
  const op = 'einsum'
  if (typeof equation !== 'string')
    throw new TypeError(`${op}: the equation must be a string, got ${describe(equation)}`)
  const tensors = (Array.isArray(operands[0]) ? operands[0] : operands) as readonly Tensor[]
  for (const x of tensors) checkTensor(op, x)
  const [inputs, output, ...more] = equation.replaceAll(' ', '').split('->')
  const terms = inputs.split(',')
  if (more.length > 0) throw new ValueError(`'${equation}' has more than one '->'`, { op })
  if (terms.length !== tensors.length || tensors.length === 0) {
    throw new ValueError(`'${equation}' has ${terms.length} terms for ${tensors.length} tensors`, { op })
  }
  const lettered = tensors.map((x, i) => ({ x, letters: lettersOf(terms[i], x.shape.length, equation) }))
  checkSizes(lettered, equation)

  const all = lettered.flatMap(t => t.letters)
  const rest = [...new Set(all.filter(l => /\d/.test(l)))].sort((a, b) => Number(b) - Number(a))
  const once = all.filter(l => !/\d/.test(l) && all.indexOf(l) === all.lastIndexOf(l)).sort()
  const wanted = output === undefined ? [...rest, ...once] : resultLetters(output, rest, all, equation)

  let [sum, ...others] = lettered.map(withoutRepeats)
  while (others.length > 0) {
    const [next, ...left] = others
    sum = contract(sum, next, new Set([...wanted, ...left.flatMap(t => t.letters)]))
    others = left
  }
  return arranged(
    summed(
      sum,
      sum.letters.filter(l => !wanted.includes(l)),
    ),
    wanted,
  )
}

function resultLetters(output: string, rest: readonly string[], all: readonly string[], equation: string): string[] {
  const bad = (why: string) => new ValueError(`the result '${output}' in '${equation}' ${why}`, { op: 'einsum' })
  const parts = output.split('...')
  if (parts.length > 2 || !/^[a-zA-Z]*$/.test(parts.join(''))) throw bad('may hold letters and one ... only')
  const letters = [...parts[0], ...(parts.length === 2 ? rest : []), ...(parts[1] ?? '')]
  for (const [i, l] of letters.entries()) {
    if (!all.includes(l)) throw bad(`has a letter '${l}' that no tensor has`)
    if (letters.indexOf(l) !== i) throw bad(`has '${l}' twice`)
  }
  return letters
}
