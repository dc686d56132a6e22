/** Word-level difference of two texts, for reading, not for patching. */
export type Piece = { readonly kind: 'same' | 'removed' | 'added'; readonly text: string }

/** Longer texts are shown whole, before and after: the table below grows with the product of both lengths. */
const WORDS_MAX = 600

export function wordDiff(before: string, after: string): readonly Piece[] {
  // A word carries the space behind it: spaces alone are no likeness.
  const a = before.split(/(?<=\s)(?=\S)/)
  const b = after.split(/(?<=\s)(?=\S)/)
  const same = (i: number, j: number): boolean => a[i]?.trimEnd() === b[j]?.trimEnd()
  if (a.length > WORDS_MAX || b.length > WORDS_MAX)
    return [
      { kind: 'removed', text: before },
      { kind: 'added', text: after },
    ]
  // common[i][j]: length of the longest common subsequence of a from i and b from j.
  const width = b.length + 1
  const common = new Uint16Array((a.length + 1) * width)
  const at = (i: number, j: number): number => common[i * width + j] ?? 0
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      common[i * width + j] = same(i, j) ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
  const pieces: { kind: Piece['kind']; text: string }[] = []
  const add = (kind: Piece['kind'], text: string): void => {
    const last = pieces.at(-1)
    if (last?.kind === kind) last.text += text
    else if (text !== '') pieces.push({ kind, text })
  }
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    const left = a[i]
    const right = b[j]
    if (left !== undefined && right !== undefined && same(i, j)) {
      add('same', right)
      i++
      j++
    } else if (left !== undefined && (right === undefined || at(i + 1, j) >= at(i, j + 1))) {
      add('removed', left)
      i++
    } else if (right !== undefined) {
      add('added', right)
      j++
    }
  }
  return pieces
}
