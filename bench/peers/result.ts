// What a line of the table holds, however it was measured.

export interface Result {
  readonly group: string
  readonly title: string
  /** 'x' is a ratio, above 1 in our favour; the others are absolute, and less is better. */
  readonly unit: 'x' | 'ms' | 'kB'
  readonly figure: number
  /** Of single rounds; a geometric mean has those of its rows. */
  readonly low?: number
  readonly high?: number
  /** The figure to reach. */
  readonly target?: number
  /** Seconds per iteration. */
  readonly ours?: number
  readonly theirs?: number
  readonly rounds?: { readonly ours: readonly number[]; readonly theirs: readonly number[] }
}

/** A line that could not be measured. */
export interface Missing {
  readonly group: string
  readonly title: string
  readonly reason: string
  /** No fault of this run: the peer cannot do it at all. */
  readonly beyond?: boolean
}

export type Line = Result | Missing

export const isMeasured = (line: Line): line is Result => !('reason' in line)

export function reaches({ unit, figure, target }: Result): boolean | undefined {
  if (target === undefined) return undefined
  return unit === 'x' ? figure >= target : figure < target
}
