-- Linking of messages and events to people, and what the mailroom decided.

-- Whether the address or domain that led here is known and is none of our own: such a message is public.
alter table record_people add column outside boolean not null default false;

-- What a person said about a thread, for all its messages, those that are still to come too.
create table thread_links (
  organization text collate "C" not null,
  -- `c:` conversation, `m:` internet message id, `e:` iCalUId, `r:` one record.
  thread text collate "C" not null,
  person_kind text not null check (person_kind in ('contact', 'account', 'lead', 'case')),
  person text collate "C" not null,
  state text not null check (state in ('linked', 'removed')),
  at timestamptz not null,
  by text not null,
  primary key (organization, thread, person_kind, person)
);

-- How far the change feed of all records was looked through; and the walk back over older records, newest first, for
-- addresses that became known later.
create table linking_state (
  id boolean primary key default true check (id),
  cursor text not null,
  walk text,
  walked bigint not null default 0,
  done_at timestamptz
);
insert into linking_state (cursor) values ('0.');

create table relink_requests (
  id bigint generated always as identity primary key,
  addresses text[] not null,
  at timestamptz not null,
  taken boolean not null default false
);

alter table system_mailboxes add column organization text collate "C" not null default '';
-- Mail that arrived before is never processed.
alter table system_mailboxes add column since timestamptz not null default '-infinity';
-- Folders to sync: null for the inbox and what was sent.
alter table system_mailboxes add column folders json;
alter table response_rules add column since timestamptz not null default '-infinity';

create table mailroom_queue (
  mailbox text collate "C" not null,
  record text collate "C" not null,
  received_at timestamptz not null,
  attempts integer not null default 0,
  next_at timestamptz not null,
  primary key (mailbox, record)
);
create index mailroom_queue_due on mailroom_queue (next_at, received_at);

-- One row for each message that was looked at: what was made of it, and why. Its key is the internet message id, so
-- that a resync, which makes new records, finds it again.
create table mailroom_log (
  id text collate "C" not null unique,
  mailbox text collate "C" not null,
  message text collate "C" not null,
  record text collate "C" not null,
  sender text not null,
  subject text not null,
  at timestamptz not null,
  outcome text not null check (outcome in ('lead', 'case', 'nothing', 'review')),
  code text not null,
  reason text not null,
  person text collate "C",
  response text check (response in ('queued', 'none')),
  response_reason text,
  response_mail text collate "C",
  by text not null,
  undone_at timestamptz,
  undone_by text,
  primary key (mailbox, message)
);
create index mailroom_log_time on mailroom_log (mailbox, at desc, id desc);

-- Threads of a system mailbox that were decided on: nothing is made of a thread twice.
create table mailroom_threads (
  mailbox text collate "C" not null,
  thread text collate "C" not null,
  at timestamptz not null,
  primary key (mailbox, thread)
);

create table mailroom_blocked (
  mailbox text collate "C" not null,
  sender text not null,
  at timestamptz not null,
  by text not null,
  primary key (mailbox, sender)
);
