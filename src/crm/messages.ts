import type { CollectionId, RecordId } from '../core/ids.ts'
import { messageFields, type Fields, type Json } from '../core/item.ts'
import { matchKeys } from '../core/match.ts'
import type { Sql } from '../store/database.ts'
import { toJson } from '../store/json.ts'
import { lockRecords, writeRecords } from '../store/records.ts'
import type { RecordRow, RecordWrite } from '../store/sync-store.ts'
import type { By } from './items.ts'

/**
 * What people do with messages: read, flag, categories, folder, delete. Many at once cost as many statements as one.
 * The sync learns of it through the change feed; the content of a message is never changed here.
 */
export interface MessageChange {
  readonly read?: boolean
  readonly flag?: 'notFlagged' | 'flagged' | 'complete'
  readonly addCategories?: readonly string[]
  readonly removeCategories?: readonly string[]
  /** The collection and the container that mirrors it. */
  readonly folder?: { readonly collection: CollectionId; readonly container: string }
}

export interface ChangedMessages {
  /** Those that are now as was asked, also those that were so before. */
  readonly done: readonly RecordRow[]
  readonly missing: readonly RecordId[]
}

export async function changeMessages(
  sql: Sql,
  ids: readonly RecordId[],
  change: MessageChange,
  by: By,
): Promise<ChangedMessages> {
  const rows = await present(sql, ids)
  const changed: { readonly before: RecordRow; readonly fields: Fields; readonly container: string }[] = []
  for (const before of rows) {
    const fields = changedFields(before, change)
    const container = change.folder?.container ?? before.container
    if (container !== before.container || JSON.stringify(fields) !== JSON.stringify(before.fields))
      changed.push({ before, fields, container })
  }
  await writeRecords(
    sql,
    changed.map(({ before, fields, container }): RecordWrite => ({
      do: 'update',
      id: before.id,
      kind: 'message',
      container,
      fields,
      facts: before.facts,
      matchKeys: matchKeys('message', { fields, facts: before.facts }),
      at: by.at,
      by: by.user,
    })),
  )
  await writeEdits(
    sql,
    changed.map(({ before, fields }) => ({ row: before, action: 'update', after: shared(fields) })),
    by,
  )
  return { done: rows, missing: missing(ids, rows) }
}

export async function deleteMessages(sql: Sql, ids: readonly RecordId[], by: By): Promise<ChangedMessages> {
  const rows = await present(sql, ids)
  await writeRecords(
    sql,
    rows.map((row): RecordWrite => ({ do: 'delete', id: row.id, kind: 'message', at: by.at, by: by.user })),
  )
  await writeEdits(
    sql,
    rows.map((row) => ({ row, action: 'delete', after: null })),
    by,
  )
  return { done: rows, missing: missing(ids, rows) }
}

const present = async (sql: Sql, ids: readonly RecordId[]): Promise<readonly RecordRow[]> =>
  (await lockRecords(sql, ids)).filter((row) => row.kind === 'message' && row.deletedAt === null)

const missing = (ids: readonly RecordId[], rows: readonly RecordRow[]): readonly RecordId[] => {
  const found = new Set(rows.map((row) => row.id))
  return [...new Set(ids)].filter((id) => !found.has(id))
}

function changedFields(row: RecordRow, change: MessageChange): Fields {
  const fields: { [group: string]: Json } = { ...row.fields }
  if (change.read !== undefined) fields['read'] = change.read
  if (change.flag !== undefined) fields['flag'] = change.flag
  if (change.addCategories !== undefined || change.removeCategories !== undefined) {
    const removed = new Set(change.removeCategories)
    const kept = (messageFields(row).categories ?? []).filter((name) => !removed.has(name))
    fields['categories'] = [...new Set([...kept, ...(change.addCategories ?? [])])].sort()
  }
  if (change.folder !== undefined) fields['folder'] = change.folder.collection
  return fields
}

/** The history of the CRM keeps what changed, not the text of the mail. */
const shared = ({ read, flag, categories, folder }: Fields): Fields => ({
  ...(read !== undefined && { read }),
  ...(flag !== undefined && { flag }),
  ...(categories !== undefined && { categories }),
  ...(folder !== undefined && { folder }),
})

async function writeEdits(
  sql: Sql,
  edits: readonly {
    readonly row: RecordRow
    readonly action: 'update' | 'delete'
    readonly after: Fields | null
  }[],
  by: By,
): Promise<void> {
  if (edits.length === 0) return
  await sql.query(
    `insert into edits (id, organization, noun, target, title, action, actor, cause, version, before, after, at)
     select id, $2, 'message', target, title, action, $3, $4, version, before, after, $5
     from json_to_recordset($1::json) as x (id text, target text, title text, action text, version integer, before json, after json)`,
    [
      toJson(
        edits.map(({ row, action, after }) => ({
          id: by.newId(),
          target: row.id,
          title: messageFields(row).subject ?? '',
          action,
          version: row.version + 1,
          before: shared(row.fields),
          after,
        })),
      ),
      by.organization,
      by.user,
      by.cause,
      new Date(by.at),
    ],
  )
}
