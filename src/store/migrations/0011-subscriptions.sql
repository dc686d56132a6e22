-- What Microsoft promised to tell us: each row is a subscription at Microsoft. Whoever tells shows the secret; only its
-- hash is here.
create table subscriptions (
  id text collate "C" primary key,
  mailbox text collate "C" not null,
  channel text not null,
  -- The task list that it is about; null: all of the channel.
  collection text collate "C",
  address text not null,
  secret_hash text not null,
  created_at timestamptz not null,
  renewed_at timestamptz not null,
  expires_at timestamptz not null,
  -- Microsoft asked for a proof that we may still read.
  asked boolean not null default false
);
create unique index subscriptions_about on subscriptions (mailbox, channel, coalesce(collection, ''));

-- When a mailbox's subscriptions are looked after again, and what is wrong with them.
create table listening (
  mailbox text collate "C" primary key,
  next_at timestamptz,
  failures integer not null default 0,
  trouble text
);
