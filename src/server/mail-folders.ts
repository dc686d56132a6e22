import type { Sql } from '../store/database.ts'
import type { ApiOutput } from './api/api.ts'
import { channelViews } from './channel-views.ts'
import { foldersOf, mailboxesOf, type FolderRow } from './mail-access.ts'
import { indexingOf } from './mail-lists.ts'
import type { Caller } from './mount.ts'

/** The tree of folders of each mailbox that one may read. */
type Mailbox = ApiOutput<'GET /api/mail/folders'>['mailboxes'][number]
type Folder = Mailbox['folders'][number]

const PLACES = ['inbox', 'drafts', 'sentitems', 'archive', 'deleteditems', 'junkemail', 'outbox']

export async function folderTree(sql: Sql, caller: Caller, now: number): Promise<Mailbox[]> {
  const mailboxes = await mailboxesOf(sql, caller)
  const ids = mailboxes.map((one) => one.id)
  const folders = await foldersOf(sql, ids)
  const counts = await sql.query<{ container: string; total: number; unread: number }>(
    `select container, count(*) as total, count(*) filter (where unread) as unread from records
      where container = any($1) and kind = 'message' and deleted_at is null group by 1`,
    [folders.map((one) => one.container)],
  )
  const channels = (await channelViews(sql, EVERYTHING, now, ids)).filter((one) => one.channel === 'email')
  const trees: Mailbox[] = []
  for (const { id, address, name, kind, role, label, state } of mailboxes) {
    const own = folders.filter((one) => one.mailbox === id)
    const channel = channels.find((one) => one.mailbox === id)
    trees.push({
      id,
      address,
      name,
      kind,
      role,
      label,
      canSend: caller.role !== 'auditor' && state === 'connected',
      state,
      enabled: channel?.enabled ?? false,
      firstSyncDone: channel?.firstSyncDone ?? false,
      progress: channel?.progress ?? null,
      provenAt: channel?.provenAt ?? null,
      indexing: await indexingOf(
        sql,
        own.filter((one) => one.selected).map((one) => one.container),
      ),
      folders: inOrder(own, (folder) => {
        const here = counts.find((one) => one.container === folder.container)
        return {
          id: folder.id,
          folder: folder.container,
          name: folder.name,
          parent: own.find((one) => one.external_id === folder.parent_external)?.id ?? null,
          wellKnown: folder.well_known,
          syncs: folder.selected,
          canWrite: folder.can_write,
          unread: folder.selected ? (here?.unread ?? 0) : (folder.unread ?? 0),
          total: folder.selected ? (here?.total ?? 0) : (folder.total ?? 0),
          totalAtMicrosoft: folder.total,
          trouble: folder.trouble,
        }
      }),
    })
  }
  return trees
}

/** Channels of these mailboxes whoever asks: whose they are was decided before. */
const EVERYTHING: Caller = {
  user: '',
  organization: '',
  role: 'administrator',
  name: '',
  email: '',
  zone: 'UTC',
  session: null,
}

/** Parents before children; the well-known ones first, the others by name. A ring of parents is shown as roots. */
function inOrder(rows: readonly FolderRow[], view: (row: FolderRow) => Folder): Folder[] {
  const rank = (row: FolderRow): number => {
    const at = PLACES.indexOf(row.well_known ?? '')
    return at < 0 ? PLACES.length : at
  }
  const sorted = [...rows].sort(
    (a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1),
  )
  const ids = new Set(sorted.map((row) => row.external_id))
  const out: Folder[] = []
  const placed = new Set<string>()
  const add = (row: FolderRow): void => {
    if (placed.has(row.id)) return
    placed.add(row.id)
    out.push(view(row))
    for (const child of sorted) if (child.parent_external === row.external_id) add(child)
  }
  for (const row of sorted) if (row.parent_external === null || !ids.has(row.parent_external)) add(row)
  for (const row of sorted) add(row)
  return out
}
