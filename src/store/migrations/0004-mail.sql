-- System mailboxes: what becomes of a message that arrives there, and what is answered by itself.

create table system_mailboxes (
  mailbox text collate "C" primary key,
  label text not null,
  -- What to do with the first message of a thread: { "do": "nothing" | "lead" | "case", owner, assignee, … }.
  processing json not null,
  -- Users and roles that may read it.
  allowed_users text[] not null default '{}',
  allowed_roles text[] not null default '{}',
  updated_at timestamptz not null,
  updated_by text not null
);

create table mail_templates (
  id text collate "C" primary key,
  organization text collate "C" not null references organizations on delete cascade,
  name text not null,
  -- By locale: { "en": { "subject", "body", "type" } }.
  texts json not null,
  updated_at timestamptz not null,
  updated_by text not null
);

create table response_rules (
  id text collate "C" primary key,
  mailbox text collate "C" not null,
  position integer not null,
  name text not null,
  active boolean not null,
  -- Groups of conditions with AND and OR over subject, body, from, cc and bcc.
  conditions json not null,
  template text collate "C" not null references mail_templates,
  updated_at timestamptz not null,
  updated_by text not null
);
create index response_rules_mailbox on response_rules (mailbox, position);

-- At most one automatic answer for each sender and day.
create table responses_sent (
  mailbox text collate "C" not null,
  sender text not null,
  day date not null,
  rule text collate "C" not null,
  record text collate "C" not null,
  at timestamptz not null,
  primary key (mailbox, sender, day)
);

-- Messages that a rule would not turn into a lead or case by itself, with the reason, until a person says.
create table review_queue (
  record text collate "C" primary key,
  mailbox text collate "C" not null,
  reason text not null,
  at timestamptz not null,
  decided text check (decided in ('lead', 'case', 'nothing')),
  decided_by text,
  decided_at timestamptz
);
create index review_queue_open on review_queue (mailbox, at) where decided is null;
