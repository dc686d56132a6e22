-- What reading, finding and writing mail needs beside the messages themselves.

-- The folder tree as Microsoft told it, with its own counts.
alter table collections add column parent_external text;
alter table collections add column total integer;
alter table collections add column unread integer;

-- What can be found of a message, made in the background: an import does not wait for it.
create table message_search (
  record text collate "C" primary key,
  words tsvector not null,
  preview text not null
);
create index message_search_words on message_search using gin (words) with (fastupdate = on);

-- How far each folder is indexed, in the order in which records change.
create table message_search_cursors (
  container text collate "C" primary key,
  xid xid8 not null,
  record text collate "C" not null
);

-- Made private by hand; otherwise the rule decides.
create table message_privacy (
  record text collate "C" primary key,
  private boolean not null,
  at timestamptz not null,
  by text not null
);

-- Mail that people write: kept with each save, and in the mailbox's own Drafts a moment later.
create table mail_drafts (
  -- Also the mark of the draft in the mailbox, and the id of the outgoing mail that it becomes.
  id text collate "C" primary key,
  mailbox text collate "C" not null,
  author text collate "C" not null,
  mail json not null,
  -- The message that it answers or forwards, and the one that it was begun as in Outlook.
  answers_record text collate "C",
  record text collate "C",
  version integer not null,
  -- The draft in the mailbox, with its version there and the version of ours that it holds.
  item text collate "C",
  etag text,
  pushed_version integer not null default 0,
  -- `open`; `sending`: it became outgoing mail; `discarded`: still to be taken out of the mailbox.
  state text not null check (state in ('open', 'sending', 'discarded')),
  trouble text,
  attempts integer not null default 0,
  -- When it is brought to the mailbox; null: it is there.
  next_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create index mail_drafts_author on mail_drafts (author, updated_at desc) where state = 'open';
create index mail_drafts_due on mail_drafts (next_at) where next_at is not null;

-- Files that people attach to what they write. The bytes are in the data folder.
create table draft_files (
  id text collate "C" primary key,
  draft text collate "C" not null,
  name text not null,
  content_type text not null,
  size bigint not null,
  inline boolean not null default false,
  content_id text,
  stored_as text not null,
  -- Its id in the mailbox's draft, once it is there.
  item_attachment text,
  created_at timestamptz not null
);
create index draft_files_draft on draft_files (draft);

alter table attachments add column kind text not null default 'file' check (kind in ('file', 'item', 'reference'));
alter table attachments add column position integer not null default 0;

-- Messages whose attachments are to be listed or fetched, and what became of it.
create table attachment_work (
  record text collate "C" primary key,
  mailbox text collate "C" not null,
  state text not null check (state in ('waiting', 'listed', 'failed')),
  attempts integer not null default 0,
  reason text,
  next_at timestamptz not null
);
create index attachment_work_due on attachment_work (mailbox, next_at) where state = 'waiting';

-- People mailed with, for suggestions: kept by the indexer.
create table correspondents (
  mailbox text collate "C" not null,
  email text collate "C" not null,
  name text not null,
  seen integer not null,
  last_at timestamptz not null,
  primary key (mailbox, email)
);
