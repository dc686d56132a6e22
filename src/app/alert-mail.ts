import type { MailboxId } from '../core/ids.ts'
import { resolve, type StoredByScope } from '../core/settings.ts'
import type { Database } from '../store/database.ts'
import { enqueueMail } from '../store/outgoing.ts'

/**
 * Alarms leave by mail from the connected mailbox that the settings name, each once: its mark is written in the
 * transaction that puts it into the queue of outgoing mail. Without a sender they are shown in the back-office only.
 */
interface Alarm {
  readonly id: string
  readonly title: string
  readonly detail: string
  readonly remedy: string
  readonly administrators: readonly string[]
}

const SUBJECT_MAX = 200

/** @returns how many were put into the queue */
export async function mailAlerts(
  database: Database,
  env: { readonly now: () => number },
  settings: StoredByScope,
): Promise<number> {
  const sender = resolve('notifications.senderEmail', settings).value
  if (sender === '') return 0
  const named = resolve('notifications.recipients', settings).value
  const name = resolve('notifications.senderName', settings).value
  const now = env.now()
  return database.transaction(async (sql) => {
    const [mailbox] = await sql.query<{ id: MailboxId }>(
      `select id from mailboxes where lower(address) = $1 and state = 'connected' order by id limit 1`,
      [sender],
    )
    if (mailbox === undefined) return 0
    const alarms = await sql.query<Alarm>(
      `update alerts a set mailed_at = $1 where mailed_at is null and resolved_at is null
        returning a.id, a.title, a.detail, a.remedy, array(select lower(u.email) from users u where u.active
          and u.role = 'administrator' and (a.organization is null or u.organization = a.organization) order by 1) as administrators`,
      [new Date(now)],
    )
    let queued = 0
    for (const alarm of alarms) {
      const recipients = (named.length > 0 ? named : alarm.administrators).filter((one) => one !== sender)
      if (recipients.length === 0) continue
      await enqueueMail(sql, {
        id: `alarm-${alarm.id}`,
        mailbox: mailbox.id,
        author: null,
        mail: {
          subject: alarm.title.slice(0, SUBJECT_MAX),
          body: {
            type: 'text',
            content: [alarm.title, alarm.detail, alarm.remedy, name].filter((one) => one !== '').join('\n\n'),
          },
          to: recipients.map((email) => ({ email, name: '' })),
          cc: [],
          bcc: [],
          importance: 'normal',
          answers: null,
          automatic: true,
        },
        sendAt: now,
        state: 'waiting',
        item: null,
        reason: null,
        attempts: 0,
        nextAt: now,
        createdAt: now,
        sentAt: null,
      })
      queued += 1
    }
    return queued
  })
}
