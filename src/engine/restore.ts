import type { Facts } from '../core/item.ts'
import { matchKeys } from '../core/match.ts'
import { sentence } from '../core/rules.ts'
import type { LinkRow, RecordRow } from '../store/sync-store.ts'
import type { Batch } from './batch.ts'
import { SYNC_AUTHOR, type Subject, operationRow } from './consider.ts'
import type { Pass } from './pass.ts'

/** Out of quarantine as it was, with a row in the journal. */
export function restoreRecord(
  pass: Pass,
  batch: Batch,
  link: LinkRow,
  record: RecordRow,
  facts: Facts,
  { by, rule, promised }: Pick<Subject, 'promised'> & { readonly by: string; readonly rule: 'R37' | 'R38' },
): void {
  const at = pass.env.now()
  const { id, kind, fields } = record
  const write = { do: 'restore', rule, fields, before: {}, mails: [] } as const
  const row = operationRow(pass, { record, cause: by, ...(promised && { promised }) }, link, 'crm', write)
  batch.operations.set(row.id, { ...row, state: 'written', reason: sentence(rule), sentAt: at, doneAt: at })
  const keys = matchKeys(kind, record)
  const kept = { ...record.facts, ...facts }
  batch.records.push({ do: 'restore', id, kind, fields, facts: kept, matchKeys: keys, at, by: SYNC_AUTHOR })
  pass.counts.toCrm += 1
}
