-- What the engine remembers: which record is which item, what both sides last agreed on, and every write.

create table mailboxes (
  id text collate "C" primary key,
  organization text collate "C" not null,
  "user" text collate "C",
  kind text not null check (kind in ('user', 'shared')),
  address text not null,
  display_name text not null,
  -- Bound to this account for ever: another one is refused.
  tenant_id text not null,
  object_id text not null,
  zone text not null,
  state text not null check (state in ('connected', 'needs-person', 'disconnected')),
  trouble text,
  clock_offset_ms bigint not null default 0
);
create index mailboxes_user on mailboxes ("user");
create index mailboxes_organization on mailboxes (organization);

create table channels (
  mailbox text collate "C" not null,
  channel text not null check (channel in ('calendar', 'tasks', 'email')),
  enabled boolean not null,
  paused text,
  state text not null check (state in ('idle', 'running', 'waiting', 'held', 'failed')),
  feed_cursor text,
  last_started_at timestamptz,
  last_finished_at timestamptz,
  next_at timestamptz,
  proven_at timestamptz,
  failures integer not null,
  message text,
  first_sync_done boolean not null,
  progress json,
  primary key (mailbox, channel)
);
create index channels_due on channels (next_at) where enabled;

-- The right to run a pass over a mailbox. The fence grows with each acquisition and is checked in every commit.
create table leases (
  mailbox text collate "C" primary key,
  holder text not null,
  fence bigint not null,
  expires_at timestamptz not null
);

create table collections (
  id text collate "C" primary key,
  mailbox text collate "C" not null,
  channel text not null check (channel in ('calendar', 'tasks', 'email')),
  external_id text not null,
  name text not null,
  is_default boolean not null,
  can_write boolean not null,
  container text collate "C" not null,
  selected boolean not null,
  cursor text,
  window_from text,
  window_to text,
  generation integer not null,
  enumerating boolean not null,
  trouble text,
  well_known text
);
create unique index collections_external on collections (mailbox, channel, external_id);
create index collections_container on collections (container);

create table links (
  id text collate "C" primary key,
  mailbox text collate "C" not null,
  channel text not null,
  collection text collate "C" not null,
  record text collate "C" not null,
  item text collate "C",
  etag text,
  base json not null,
  mailbox_base json not null,
  record_version integer not null,
  state text not null check (state in ('linked', 'out-of-scope', 'parked', 'deleted')),
  seen_generation integer not null,
  facts json not null,
  -- The one operation towards Microsoft that is open for this pair.
  pending text collate "C",
  flips json,
  updated_at timestamptz not null
) with (fillfactor = 85);
create unique index links_item on links (mailbox, item) where item is not null;
create unique index links_record on links (record, mailbox);
create index links_collection on links (collection, id);

create table runs (
  id text collate "C" primary key,
  mailbox text collate "C" not null,
  channel text not null,
  trigger text not null,
  state text not null check (state in ('planning', 'planned', 'applying', 'held', 'done', 'failed', 'discarded')),
  undoes text collate "C",
  counts json,
  message text,
  started_at timestamptz not null,
  finished_at timestamptz
);
create index runs_mailbox on runs (mailbox, channel, started_at desc, id desc);
create index runs_time on runs (started_at desc, id desc);

-- One row is one write to one side: the plan before it happens, the outbox while it is on its way, the journal after.
create table operations (
  id text collate "C" primary key,
  run text collate "C" not null,
  mailbox text collate "C" not null,
  channel text not null,
  collection text collate "C" not null,
  link text collate "C" not null,
  record text collate "C" not null,
  item text collate "C",
  side text not null check (side in ('crm', 'mailbox')),
  action text not null check (action in ('create', 'update', 'delete', 'restore')),
  rule text not null,
  cause text not null,
  title text not null,
  before json,
  after json,
  guard json not null,
  mails text[] not null,
  state text not null check (state in
    ('planned', 'held', 'sent', 'unknown', 'written', 'stale', 'gone', 'rejected', 'declined', 'superseded')),
  reason text,
  attempts integer not null,
  created_at timestamptz not null,
  sent_at timestamptz,
  done_at timestamptz,
  -- Place in the mailbox's chain of finished rows, and SHA-256 over the seal before it and this row.
  seal_no bigint,
  seal bytea
);
create index operations_open on operations (mailbox, channel, state) where state in ('planned', 'held', 'sent', 'unknown');
create index operations_run on operations (run, created_at, id);
create index operations_link on operations (link);
create index operations_record on operations (record);
create index operations_time on operations (mailbox, created_at desc, id desc);
create index operations_seal on operations (mailbox, seal_no) where seal_no is not null;

-- The end of each mailbox's chain, and where it begins after old rows were let go.
create table journal_heads (
  mailbox text collate "C" primary key,
  seal_no bigint not null,
  seal bytea not null,
  first_no bigint not null default 1,
  first_previous bytea not null
);

-- States only move forward, what identifies a write never changes, and a finished row is for ever.
create function operations_guard() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    if current_setting('syncline.retention', true) = 'on' then
      return old;
    end if;
    raise exception 'Rows of the journal are never deleted; nothing was changed.' using errcode = '42501';
  end if;
  if old.seal_no is not null then
    raise exception 'Operation % is finished (%) and cannot be changed.', old.id, old.state using errcode = '42501';
  end if;
  if (new.id, new.run, new.mailbox, new.link, new.record, new.side, new.action, new.created_at)
    is distinct from (old.id, old.run, old.mailbox, old.link, old.record, old.side, old.action, old.created_at) then
    raise exception 'What identifies operation % cannot be changed.', old.id using errcode = '42501';
  end if;
  if new.state <> old.state and not (case old.state
      when 'planned' then new.state in ('held', 'sent', 'written', 'stale', 'gone', 'rejected', 'declined', 'superseded')
      when 'held' then new.state in ('planned', 'written', 'declined', 'superseded', 'stale', 'gone')
      when 'sent' then new.state in ('written', 'stale', 'gone', 'rejected', 'unknown', 'planned', 'superseded')
      when 'unknown' then new.state in ('written', 'planned', 'held', 'stale', 'gone', 'rejected', 'declined', 'superseded')
      else false end) then
    raise exception 'Operation % cannot go from % to %.', old.id, old.state, new.state using errcode = '42501';
  end if;
  return new;
end
$$;
create trigger operations_guard before update or delete on operations for each row execute function operations_guard();

create table conflicts (
  id text collate "C" primary key,
  mailbox text collate "C" not null,
  channel text not null,
  link text collate "C" not null,
  record text collate "C" not null,
  run text collate "C" not null,
  kind text not null check (kind in ('edit', 'delete', 'drift', 'match', 'read-only', 'limit')),
  field_group text not null,
  title text not null,
  base json,
  crm json,
  mailbox_value json,
  rule text not null,
  verdict text not null check (verdict in ('crm', 'mailbox', 'none')),
  state text not null check (state in ('open', 'decided', 'answered', 'restored')),
  answer json,
  at timestamptz not null,
  answered_by text,
  answered_at timestamptz
);
create index conflicts_mailbox on conflicts (mailbox, state, at desc);
create index conflicts_link on conflicts (link);
create index conflicts_record on conflicts (record);

create table parked (
  mailbox text collate "C" not null,
  channel text not null,
  collection text collate "C" not null,
  side text not null check (side in ('crm', 'mailbox')),
  key text collate "C" not null,
  reason text not null,
  tries integer not null,
  version text not null,
  at timestamptz not null,
  primary key (mailbox, side, key)
);

create table deferred (
  collection text collate "C" not null,
  item text collate "C" not null,
  what json not null,
  primary key (collection, item)
);

-- Answers of people that became rules: "for this mailbox and this kind of conflict, always …".
create table remembered_answers (
  id text collate "C" primary key,
  mailbox text collate "C" not null,
  channel text not null,
  conflict_kind text not null,
  field_group text not null,
  answer json not null,
  at timestamptz not null,
  by text not null,
  forgotten_at timestamptz
);
create unique index remembered_answers_live
  on remembered_answers (mailbox, channel, conflict_kind, field_group) where forgotten_at is null;
