import type { Sql } from '../store/database.ts'
import type { Caller } from './mount.ts'
import { notFound, Refusal } from './problems.ts'

/**
 * Whose mail one may read: that of one's own mailboxes, and of the system mailboxes that name one's user or role.
 * A message of somebody else is readable when it is public and linked to a record of one's organization.
 */
export interface MailboxAccess {
  readonly id: string
  readonly address: string
  readonly name: string
  readonly kind: 'user' | 'shared'
  readonly role: 'own' | 'system'
  readonly label: string
  readonly organization: string
  readonly user: string | null
  readonly state: 'connected' | 'needs-person' | 'disconnected'
}

export const mailboxesOf = (sql: Sql, caller: Caller): Promise<MailboxAccess[]> =>
  sql.query<MailboxAccess>(
    `select m.id, m.address, m.display_name as name, m.kind, m.organization, m."user", m.state,
        case when m."user" = $1 then 'own' else 'system' end as role, coalesce(s.label, m.display_name) as label
      from mailboxes m left join system_mailboxes s on s.mailbox = m.id
      where m."user" = $1
        or (m.organization = $2 and s.mailbox is not null and ($1 = any(s.allowed_users) or $3 = any(s.allowed_roles)))
      order by (m."user" = $1) desc nulls last, m.address, m.id`,
    [caller.user, caller.organization, caller.role],
  )

export interface FolderRow {
  readonly id: string
  readonly mailbox: string
  readonly container: string
  readonly name: string
  readonly external_id: string
  readonly parent_external: string | null
  readonly well_known: string | null
  readonly selected: boolean
  readonly can_write: boolean
  readonly total: number | null
  readonly unread: number | null
  readonly trouble: string | null
}

export const foldersOf = (sql: Sql, mailboxes: readonly string[]): Promise<FolderRow[]> =>
  sql.query<FolderRow>(
    `select id, mailbox, container, name, external_id, parent_external, well_known, selected, can_write, total, unread, trouble
      from collections where mailbox = any($1) and channel = 'email' order by mailbox, name, id`,
    [mailboxes],
  )

/** A known party from outside took part, and it was not made private by hand. `r` is the record. */
export const IS_PUBLIC = `(exists (select from record_people p where p.record = r.id and p.outside and p.state = 'linked')
  and not exists (select from message_privacy y where y.record = r.id and y.private))`

export interface Readable {
  readonly record: string
  readonly mailbox: string | null
  /** In a mailbox of one's own, or a system mailbox: it may be changed. */
  readonly mine: boolean
}

/** @throws {Refusal} not-found, also for what exists and is somebody else's */
export async function requireReadable(sql: Sql, caller: Caller, message: string): Promise<Readable> {
  const mine = (await mailboxesOf(sql, caller)).map((one) => one.id)
  const [row] = await sql.query<Readable>(
    `select r.id as record, k.mailbox, (k.mailbox = any($2) or k.owner = $3) is true as mine
      from records r join containers k on k.id = r.container
      where r.id = $1 and r.kind = 'message'
        and ((k.mailbox = any($2) or k.owner = $3) is true
          or (k.organization = $4 and r.deleted_at is null and ${IS_PUBLIC}))`,
    [message, mine, caller.user, caller.organization],
  )
  if (row === undefined) throw notFound('message')
  return row
}

/** Of these messages those that one may change; the others are told as refused. */
export async function changeable(
  sql: Sql,
  caller: Caller,
  messages: readonly string[],
): Promise<readonly string[]> {
  if (caller.role === 'auditor') throw new Refusal('not-allowed', 'Auditors read only. Nothing was changed.')
  const mine = (await mailboxesOf(sql, caller)).map((one) => one.id)
  const rows = await sql.query<{ id: string }>(
    `select r.id from records r join containers k on k.id = r.container
      where r.id = any($1) and r.kind = 'message' and (k.mailbox = any($2) or k.owner = $3)`,
    [messages, mine, caller.user],
  )
  return rows.map((row) => row.id)
}
