import type { Json } from '../../../core/item.ts'
import type { Answer } from '../../api/client.ts'

export type Form = Answer<'GET /api/settings'>
export type Field = Form['sections'][number]['fields'][number]
/** What is typed and not yet saved: a value, or the box ticked again. */
export type Draft = { readonly [key: string]: { readonly value: Json } | 'inherit' }

/** The value of a field as the form shows it now. */
export function shownValue(field: Field, draft: Draft): Json {
  const change = draft[field.key]
  if (change === 'inherit') return field.inherited.value
  return change === undefined ? field.value : change.value
}
