import { MATRIX } from './scenarios.ts'
import type { Tally } from './tally.ts'

/**
 * What a run visited: each cell of the conflict matrix (10 acts in the CRM × 10 in Outlook × events, series, tasks), and
 * each kind of fault. Every cell is possible: whoever deletes first, the other has not seen it yet.
 */
export function coverage(tally: Tally): {
  readonly lines: readonly string[]
  readonly row: Readonly<Record<string, unknown>>
} {
  if (tally.matrix.size === 0) return { lines: faults(tally), row: {} }
  const counts = MATRIX.map((cell) => [cell, tally.matrix.get(cell) ?? 0] as const)
  const empty = counts.filter(([, times]) => times === 0).map(([cell]) => cell)
  const [fewest, least] = counts.reduce((a, b) => (b[1] < a[1] ? b : a))
  const visited = MATRIX.length - empty.length
  return {
    lines: [
      `conflict matrix: ${visited} of ${MATRIX.length} cells; the rarest ${least} times (${fewest})`,
      ...(empty.length === 0 ? [] : [`empty cells: ${empty.join('; ')}`]),
      ...faults(tally),
    ],
    row: { cells: visited, emptyCells: empty, faultKinds: tally.kinds.size },
  }
}

function faults(tally: Tally): string[] {
  if (tally.kinds.size === 0) return []
  const each = [...tally.kinds].sort(([, a], [, b]) => b - a).map(([kind, times]) => `${kind} ${times}`)
  return [`${tally.kinds.size} kinds of faults: ${each.join(', ')}`]
}
