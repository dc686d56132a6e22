import type { Sql } from '../store/database.ts'
import type { ApiOutput } from './api/api.ts'
import type { Caller } from './mount.ts'
import { likeOf } from './paging.ts'

/** Whom one may mean while typing an address: people of the CRM, colleagues, and those one has mailed with. */
type Suggestion = ApiOutput<'GET /api/mail/recipients'>['items'][number]
const SUGGESTIONS_MAX = 15

export async function suggestRecipients(
  sql: Sql,
  caller: Caller,
  mailboxes: readonly string[],
  asked: string,
): Promise<Suggestion[]> {
  const like = likeOf(asked) ?? '%'
  const begins = like.slice(1)
  const rows = await sql.query<Suggestion>(
    `with correspondents_of as (
       select email, max(name) as name, sum(seen) as seen from correspondents where mailbox = any($3) group by email),
     known as (
       select unnest(emails) as email, name, 'contact' as kind, id, 3 as rank from contacts where organization = $4 and deleted_at is null
       union all select unnest(emails), name, 'lead', id, 2 from leads where organization = $4 and deleted_at is null
       union all select lower(email), name, 'user', id, 1 from users where organization = $4 and active
       union all select email, name, 'correspondent', null, 0 from correspondents_of),
     fitting as (
       select k.*, coalesce(c.seen, 0) as seen,
         (k.name ilike $2 or k.email ilike $2 or k.name ilike '% ' || $2) as begins
       from known k left join correspondents_of c on c.email = k.email
       where k.name ilike $1 or k.email ilike $1),
     best as (select distinct on (email) * from fitting order by email, rank desc, name)
     select email, name, kind, id from best order by begins desc, seen desc, rank desc, name, email limit ${SUGGESTIONS_MAX}`,
    [like, begins, mailboxes, caller.organization],
  )
  return rows
}
