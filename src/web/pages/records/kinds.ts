import { useAsked, type Item } from '../../api/client.ts'
import { askKinds } from '../../asks.ts'

export type Kind = Item<'GET /api/record-kinds'>
export type KindName = Kind['kind']
export type RecordField = Kind['fields'][number]
const names: readonly KindName[] = ['contact', 'account', 'lead', 'case']
export const isKindName = (text: string | undefined): text is KindName => names.some((name) => name === text)

export function useKinds(): readonly Kind[] {
  return useAsked(askKinds()).data?.items ?? []
}
