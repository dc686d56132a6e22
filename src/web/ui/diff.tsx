import type { Json } from '../../core/item.ts'
import { text } from '../text/en.ts'
import css from './diff.module.css'
import { wordDiff } from './word-diff.ts'

export interface Difference {
  readonly group: string
  readonly label: string
  readonly before: Json
  readonly after: Json
  readonly beforeText: string | null
  readonly afterText: string | null
}

/** A value in the words that the server found for it, else as it is. */
export function valueText(value: Json, words: string | null): string {
  if (words !== null) return words
  if (value === null || value === '') return ''
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return value ? text.common.yes : text.common.no
  return typeof value === 'number' ? String(value) : JSON.stringify(value)
}

const INLINE_FROM_CHARS = 60

const isNothing = (value: Json): boolean =>
  value === null || value === '' || (Array.isArray(value) && value.length === 0)

/**
 * Field by field: what was, struck through, and what will be, underlined; long texts word by word. Of a new or a deleted
 * item the one side is enough, and what is empty is left out.
 */
export function Diff({ differences }: { readonly differences: readonly Difference[] }) {
  const isNew = differences.every((one) => isNothing(one.before))
  const isGone = differences.every((one) => isNothing(one.after))
  const shown =
    isNew || isGone ? differences.filter((one) => !isNothing(isNew ? one.after : one.before)) : differences
  return (
    <dl className={css['diff']}>
      {shown.map((one) => {
        const before = valueText(one.before, one.beforeText)
        const after = valueText(one.after, one.afterText)
        const long =
          before !== '' && after !== '' && Math.max(before.length, after.length) > INLINE_FROM_CHARS
        return (
          <div
            key={one.group}
            className={css['field']}
            data-inline={long || isNew || isGone ? '' : undefined}
          >
            <dt>{one.label}</dt>
            {isNew ? (
              <dd>
                <ins>{after}</ins>
              </dd>
            ) : isGone ? (
              <dd>
                <del>{before}</del>
              </dd>
            ) : long ? (
              <dd>
                <Words before={before} after={after} />
              </dd>
            ) : (
              <>
                <dd>{before === '' ? <None /> : <del>{before}</del>}</dd>
                <dd>{after === '' ? <None /> : <ins>{after}</ins>}</dd>
              </>
            )}
          </div>
        )
      })}
    </dl>
  )
}

const None = () => <span className={css['none']}>{text.common.empty}</span>

export function Words({ before, after }: { readonly before: string; readonly after: string }) {
  return wordDiff(before, after).map((piece, i) =>
    piece.kind === 'same' ? (
      <span key={i}>{piece.text}</span>
    ) : piece.kind === 'removed' ? (
      <del key={i}>{piece.text}</del>
    ) : (
      <ins key={i}>{piece.text}</ins>
    ),
  )
}
