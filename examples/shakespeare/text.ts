// The text: Shakespeare's Romeo and Juliet, in the public domain, as whole numbers; and what is known of it without a network.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { randint, stack, type Tensor, tensor } from 'glorot'

const file = path.join(import.meta.dirname, '..', '..', '..', 'examples', 'shakespeare', 'romeo-and-juliet.txt')

export interface Text {
  /** Every character that occurs, in order; a character's number is its place here. */
  readonly alphabet: readonly string[]
  readonly training: Tensor
  /** The last tenth, which training does not see. */
  readonly heldOut: Tensor
}

export function readText(): Text {
  const characters = [...readFileSync(file, 'utf8')]
  const alphabet = [...new Set(characters)].sort()
  const number = new Map(alphabet.map((c, i) => [c, i]))
  const all = tensor(Int32Array.from(characters, c => number.get(c)!))
  const cut = Math.floor(0.9 * characters.length)
  return { alphabet, training: all.narrow(0, 0, cut), heldOut: all.narrow(0, cut, characters.length - cut) }
}

/** Pieces of the text and the characters that follow each of theirs: two times [pieces, length]. */
function pieces(text: Tensor, starts: readonly number[], length: number): [Tensor, Tensor] {
  const cut = (shift: number) => stack(starts.map(at => text.narrow(0, at + shift, length)))
  return [cut(0), cut(1)]
}

/** Pieces from anywhere. */
export function somePieces(text: Tensor, count: number, length: number): [Tensor, Tensor] {
  return pieces(text, [...randint(0, text.size(0) - length, [count]).toTypedArray()], length)
}

/** The whole text cut into pieces, as many as fit. */
export function allPieces(text: Tensor, length: number): [Tensor, Tensor] {
  const starts = Array.from({ length: Math.floor((text.size(0) - 1) / length) }, (_, i) => i * length)
  return pieces(text, starts, length)
}

/** Cross entropy, in nats a character, of counting pairs of characters in one text and predicting another; each pair counts once more than it occurs. */
export function bigramLoss({ alphabet, training, heldOut }: Text): number {
  const n = alphabet.length
  const counts = Array.from({ length: n }, () => new Array<number>(n).fill(1))
  const seen = training.toTypedArray()
  for (let i = 1; i < seen.length; i++) counts[seen[i - 1]][seen[i]]++
  const totals = counts.map(row => row.reduce((a, b) => a + b))
  const other = heldOut.toTypedArray()
  let loss = 0
  for (let i = 1; i < other.length; i++) loss -= Math.log(counts[other[i - 1]][other[i]] / totals[other[i - 1]])
  return loss / (other.length - 1)
}
