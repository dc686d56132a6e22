import type { Sql } from '../store/database.ts'

/**
 * Which messages the mailroom has to look at: new ones that lie in a folder of a system mailbox where mail arrives. The
 * row is written in the transaction that moves the change feed on, so that a crash neither loses a message nor
 * queues it for ever; one that was looked at before (a resync brought it again) is not queued. Exchange keeps whole seconds: what
 * arrived within the second in which processing was switched on arrived after it.
 */
export async function queueForMailroom(sql: Sql, records: readonly string[], now: number): Promise<void> {
  // Most batches are of no system mailbox: told by the containers alone, which are read first and once.
  await sql.query(
    `with batch as materialized (
        select * from records where id = any($1)
          and container = any(array(select k.id from containers k join system_mailboxes s on s.mailbox = k.mailbox))
          and kind = 'message' and deleted_at is null)
      insert into mailroom_queue (mailbox, record, received_at, next_at)
      select s.mailbox, r.id, coalesce(r.happens_at, r.created_at), $2
      from batch r join containers k on k.id = r.container join system_mailboxes s on s.mailbox = k.mailbox
      where r.happens_at >= date_trunc('second', s.since)
        and r.fields ->> 'isDraft' is distinct from 'true'
        and coalesce(k.well_known, '') not in ('sentitems', 'drafts', 'outbox', 'deleteditems', 'junkemail')
        and not exists (select from mailroom_log l where l.mailbox = s.mailbox
          and l.message = coalesce(r.facts ->> 'internetMessageId', r.id))
        and (s.processing ->> 'do' <> 'nothing'
          or exists (select from response_rules x where x.mailbox = s.mailbox and x.active))
      on conflict (mailbox, record) do nothing`,
    [records, new Date(now)],
  )
}
