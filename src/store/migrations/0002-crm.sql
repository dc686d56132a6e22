-- The CRM's own data: calendars, task lists and mail folders with the records in them, and the people they belong to.

create table containers (
  id text collate "C" primary key,
  kind text not null check (kind in ('calendar', 'task-list', 'mail-folder')),
  organization text collate "C",
  owner text collate "C",
  -- The mailbox whose collection it mirrors, if any.
  mailbox text collate "C",
  name text not null,
  color text,
  position integer not null default 0,
  visible boolean not null default true,
  is_default boolean not null default false,
  parent text collate "C",
  well_known text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz
);
create index containers_owner on containers (owner, kind);
create index containers_mailbox on containers (mailbox, kind);

-- One row is one event (or whole series), task or message, in canonical form. The columns below `facts` are derived
-- from it by the program, for lists and search; they decide nothing in the sync.
create table records (
  id text collate "C" primary key,
  kind text not null check (kind in ('event', 'task', 'message')),
  container text collate "C" not null,
  owner text collate "C",
  fields jsonb not null,
  facts json not null,
  -- What it can be recognised by at a first sync: iCalUId, marker, content key.
  match_keys text[] not null,
  version integer not null,
  -- The transaction of the last change. The change feed is read in this order, and only below the oldest
  -- transaction that still runs, so that a row whose transaction commits late is never skipped.
  changed_xid xid8 not null default pg_current_xact_id(),
  -- Lay in another container before: a link from there may still have to be told.
  moved boolean not null default false,
  created_at timestamptz not null,
  modified_at timestamptz not null,
  modified_by text not null,
  -- In quarantine since: deleted, restorable.
  deleted_at timestamptz,
  subject text not null,
  -- Days that an event touches, in its own zone; of a series to the end of its range ('infinity' when it has none).
  first_day date,
  last_day date,
  -- For timelines: a message's time, an event's wall-clock start read as UTC, a task's due day.
  happens_at timestamptz,
  due_on date,
  status text,
  unread boolean,
  conversation text
);
create index records_feed on records (container, changed_xid, id);
create index records_moved on records (changed_xid, id) where moved;
create index records_match on records using gin (match_keys);
create index records_events on records (container, last_day, first_day) where kind = 'event' and deleted_at is null;
create index records_tasks on records (container, due_on) where kind = 'task' and deleted_at is null;
create index records_messages on records (container, happens_at desc, id desc) where kind = 'message' and deleted_at is null;
create index records_conversation on records (conversation) where kind = 'message';
create index records_quarantine on records (deleted_at) where deleted_at is not null;

-- A message's text, apart from what lists read.
create table message_bodies (
  record text collate "C" primary key,
  type text not null check (type in ('text', 'html')),
  content text not null
);
-- Stored as they come: compressing costs more than it saves at the size of mail.
alter table message_bodies alter content set storage external;

create table attachments (
  id text collate "C" primary key,
  record text collate "C" not null,
  item_attachment text,
  name text not null,
  content_type text not null,
  size bigint not null,
  inline boolean not null default false,
  content_id text,
  -- Null until it was fetched. The bytes are a file of this name in the data folder.
  stored_as text,
  removed_at timestamptz
);
create index attachments_record on attachments (record);

create table accounts (
  id text collate "C" primary key,
  organization text collate "C" not null references organizations,
  owner text collate "C",
  name text not null,
  domains text[] not null default '{}',
  website text,
  phone text,
  industry text,
  address text,
  notes text,
  tags text[] not null default '{}',
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  updated_by text not null,
  deleted_at timestamptz
);
create index accounts_organization on accounts (organization, lower(name));
create index accounts_domains on accounts using gin (domains);

create table contacts (
  id text collate "C" primary key,
  organization text collate "C" not null references organizations,
  owner text collate "C",
  account text collate "C" references accounts,
  name text not null,
  first_name text,
  last_name text,
  -- Lower case; the first one is the main address.
  emails text[] not null default '{}',
  phone text,
  job_title text,
  address text,
  birthday date,
  notes text,
  tags text[] not null default '{}',
  source text,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  updated_by text not null,
  deleted_at timestamptz
);
create index contacts_organization on contacts (organization, lower(name));
create index contacts_account on contacts (account);
create index contacts_emails on contacts using gin (emails);

create table leads (
  id text collate "C" primary key,
  organization text collate "C" not null references organizations,
  owner text collate "C",
  name text not null,
  first_name text,
  last_name text,
  company text,
  emails text[] not null default '{}',
  phone text,
  status text not null default 'new' check (status in ('new', 'qualified', 'canceled')),
  source text,
  -- The contact and account that it became.
  contact text collate "C" references contacts,
  account text collate "C" references accounts,
  notes text,
  tags text[] not null default '{}',
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  updated_by text not null,
  deleted_at timestamptz
);
create index leads_organization on leads (organization, lower(name));
create index leads_emails on leads using gin (emails);

create table cases (
  id text collate "C" primary key,
  organization text collate "C" not null references organizations,
  owner text collate "C",
  assignee text collate "C",
  name text not null,
  description text,
  status text not null default 'open' check (status in ('open', 'in-progress', 'resolved', 'closed')),
  priority text not null default 'normal' check (priority in ('low', 'normal', 'high')),
  source text,
  resolution text,
  contact text collate "C" references contacts,
  account text collate "C" references accounts,
  tags text[] not null default '{}',
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  updated_by text not null,
  closed_at timestamptz,
  deleted_at timestamptz
);
create index cases_organization on cases (organization, updated_at desc);

-- Which people a record belongs to. `removed` is remembered too, so that a rule does not put back what a person took out.
create table record_people (
  record text collate "C" not null,
  person_kind text not null check (person_kind in ('contact', 'account', 'lead', 'case')),
  person text collate "C" not null,
  how text not null check (how in ('address', 'domain', 'thread', 'hand', 'conversion')),
  state text not null default 'linked' check (state in ('linked', 'removed')),
  at timestamptz not null,
  by text not null,
  primary key (record, person_kind, person)
);
create index record_people_person on record_people (person_kind, person);

-- What people did in the CRM itself, before and after. Rows are only added.
create table edits (
  id text collate "C" primary key,
  organization text collate "C",
  noun text not null,
  target text collate "C" not null,
  title text not null,
  action text not null check (action in ('create', 'update', 'delete', 'restore')),
  actor text not null,
  -- Where it came from: the back-office, the API, an import, a rule.
  cause text not null,
  version integer not null,
  before json,
  after json,
  at timestamptz not null
);
create index edits_target on edits (target, at desc);
create index edits_time on edits (organization, at desc, id desc);

create function only_added() returns trigger language plpgsql as $$
begin
  if current_setting('syncline.retention', true) = 'on' and tg_op = 'DELETE' then
    return old;
  end if;
  raise exception 'Rows of % are only ever added; nothing was changed.', tg_table_name using errcode = '42501';
end
$$;
create trigger edits_only_added before update or delete on edits for each row execute function only_added();
