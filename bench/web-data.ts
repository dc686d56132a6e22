import { openData } from '../src/app.ts'
import { readConfiguration } from '../src/cli/configuration.ts'
import { addUser } from '../src/server/accounts.ts'

/** A company that has worked with the product for years: N of everything that a list shows, written straight into a data folder. */
export const PERSON = { email: 'olga@contoso.example', password: 'a long enough sentence' }

export async function fillFolder(folder: string, n: number): Promise<void> {
  const data = await openData(readConfiguration({ data: folder, demo: false }).values)
  const { database } = data
  const insert = (statement: string): Promise<unknown> => database.query(statement)
  try {
    await insert(`insert into organizations (id, name) values ('o', 'Contoso')`)
    await addUser(
      database,
      {
        ...{ id: 'u', organization: 'o', name: 'Olga Petrova', role: 'administrator', zone: 'Europe/Berlin' },
        ...PERSON,
      },
      Date.now(),
    )
    await insert(`insert into users (id, organization, email, name, role)
      select 'u' || i, 'o', 'person' || i || '@contoso.example', 'Person ' || i, 'user' from generate_series(1, ${n}) i`)
    await insert(`insert into mailboxes (id, organization, "user", kind, address, display_name, tenant_id, object_id, zone, state)
      values ('m', 'o', 'u', 'user', 'olga@contoso.example', 'Olga Petrova', 't', 'x', 'Europe/Berlin', 'connected')`)
    await insert(`insert into channels (mailbox, channel, enabled, paused, state, failures, first_sync_done, proven_at)
      select 'm', c, false, 'benchmark', 'idle', 0, true, now() from unnest(array['calendar', 'tasks']) c`)
    await insert(`insert into containers (id, kind, organization, owner, mailbox, name, color, is_default) values
      ('calendar', 'calendar', 'o', 'u', 'm', 'Calendar', '#2f66c9', true), ('list', 'task-list', 'o', 'u', 'm', 'Tasks', null, true)`)
    await insert(`insert into collections (id, mailbox, channel, external_id, name, is_default, can_write, container, selected, generation, enumerating)
      values ('c', 'm', 'calendar', 'c', 'Calendar', true, true, 'calendar', true, 1, false), ('l', 'm', 'tasks', 'l', 'Tasks', true, true, 'list', true, 1, false)`)
    for (const table of ['accounts', 'contacts', 'leads', 'cases'])
      await insert(`insert into ${table} (id, organization, owner, name, created_at, updated_at, updated_by${table === 'contacts' ? ', emails, job_title, account' : ''})
        select '${table}' || i, 'o', 'u', '${table} ' || md5(i::text), now(), now() - i * interval '1 minute', 'u'${table === 'contacts' ? `, array['c' || i || '@fabrikam.example'], 'Buyer', 'accounts' || i` : ''}
        from generate_series(1, ${n}) i`)
    // Two years around today, fourteen events a day at ten thousand.
    await insert(`insert into records (id, kind, container, owner, fields, facts, match_keys, version, created_at, modified_at, modified_by, subject, first_day, last_day, happens_at)
      select 'event' || i, 'event', 'calendar', 'u',
        jsonb_build_object('subject', 'Meeting ' || md5(i::text), 'showAs', 'busy', 'sensitivity', 'normal', 'importance', 'normal', 'location', 'Room ' || i % 20,
          'time', jsonb_build_object('allDay', false, 'zone', 'Europe/Berlin', 'start', d || 'T' || h || ':00:00', 'end', d || 'T' || h || ':45:00')),
        '{}', '{}', 1, now(), now() - i * interval '1 minute', 'u', 'Meeting ' || md5(i::text), d::date, d::date, (d || 'T' || h || ':00:00Z')::timestamptz
      from (select i, to_char(now() + (i * 730.0 / ${n} - 365) * interval '1 day', 'YYYY-MM-DD') d, lpad((7 + i % 12)::text, 2, '0') h from generate_series(1, ${n}) i) x`)
    await insert(`insert into records (id, kind, container, owner, fields, facts, match_keys, version, created_at, modified_at, modified_by, subject, due_on, status)
      select 'task' || i, 'task', 'list', 'u',
        jsonb_build_object('subject', 'Task ' || md5(i::text), 'status', 'notStarted', 'importance', 'normal', 'due', to_char(now() + i * interval '1 hour', 'YYYY-MM-DD')),
        '{}', '{}', 1, now(), now(), 'u', 'Task ' || md5(i::text), (now() + i * interval '1 hour')::date, 'notStarted' from generate_series(1, ${n}) i`)
    await insert(`insert into links (id, mailbox, channel, collection, record, item, base, mailbox_base, record_version, state, seen_generation, facts, updated_at)
      select 'link' || i || k, 'm', case k when 'event' then 'calendar' else 'tasks' end, case k when 'event' then 'c' else 'l' end, k || i, k || i, '{}', '{}', 1, 'linked', 1, '{}', now()
      from generate_series(1, ${n}) i, unnest(array['event', 'task']) k`)
    await insert(`insert into runs (id, mailbox, channel, trigger, state, started_at, finished_at)
      select 'run' || i, 'm', 'calendar', 'schedule', 'done', now() - i * interval '5 minutes', now() - i * interval '5 minutes' from generate_series(1, ${n}) i`)
    await insert(`insert into operations (id, run, mailbox, channel, collection, link, record, item, side, action, rule, cause, title, before, after, guard, mails, state, attempts, created_at, done_at)
      select 'operation' || i, 'run' || i, 'm', 'calendar', 'c', 'link' || i || 'event', 'event' || i, 'event' || i, 'mailbox', 'update', 'R4', 'u', 'Meeting ' || md5(i::text),
        json_build_object('location', 'Room 1'), json_build_object('location', 'Room 2'), '{}', '{}', 'written', 1, now() - i * interval '5 minutes', now() - i * interval '5 minutes'
      from generate_series(1, ${n}) i`)
    await insert(`insert into conflicts (id, mailbox, channel, link, record, run, kind, field_group, title, base, crm, mailbox_value, rule, verdict, state, at)
      select 'conflict' || i, 'm', 'calendar', 'link' || i || 'event', 'event' || i, 'run' || i, 'edit', 'subject', 'Meeting ' || md5(i::text), '"Meeting"', '"Meeting A"', '"Meeting B"', 'R8', 'none', 'open', now() - i * interval '1 minute'
      from generate_series(1, ${n}) i`)
    await insert('analyze')
  } finally {
    await data.close()
  }
}
