-- Who works here, what they may do, and what was set.
--
-- Conventions of all files:
--   * Ids are text in C collation, made by the program (time-ordered UUIDs), never by the database.
--   * timestamptz for instants; dates and wall-clock times that have no zone are date and timestamp.
--   * jsonb where the database looks inside, json where a value is only kept and given back whole.
--   * A file is never changed once it was applied anywhere; what comes later is a new file.

create table organizations (
  id text collate "C" primary key,
  name text not null,
  created_at timestamptz not null default now()
);

create table users (
  id text collate "C" primary key,
  organization text collate "C" not null references organizations,
  email text not null,
  name text not null,
  role text not null check (role in ('administrator', 'user', 'auditor')),
  -- argon2id in PHC notation; null for people who sign in through Microsoft only.
  password_hash text,
  locale text not null default 'en',
  zone text not null default 'UTC',
  week_start text not null default 'monday' check (week_start in ('sunday', 'monday', 'saturday')),
  theme text not null default 'system' check (theme in ('light', 'dark', 'system')),
  -- Tenant id and object id of the Microsoft account that signs in as this user.
  microsoft_subject text,
  active boolean not null default true,
  failed_sign_ins integer not null default 0,
  locked_until timestamptz,
  last_seen_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index users_email on users (lower(email));
create unique index users_microsoft on users (microsoft_subject);
create index users_organization on users (organization);

-- The cookie holds a random secret; here is only its SHA-256, so that a copy of the database signs nobody in.
create table sessions (
  id_hash bytea primary key,
  "user" text collate "C" not null references users on delete cascade,
  created_at timestamptz not null,
  seen_at timestamptz not null,
  expires_at timestamptz not null,
  user_agent text not null default '',
  address text not null default ''
);
create index sessions_user on sessions ("user");
create index sessions_expiry on sessions (expires_at);

create table api_tokens (
  id text collate "C" primary key,
  "user" text collate "C" not null references users on delete cascade,
  name text not null,
  token_hash bytea not null unique,
  -- Null: all that the user's role may do.
  scopes text[],
  created_at timestamptz not null,
  used_at timestamptz,
  expires_at timestamptz,
  revoked_at timestamptz
);
create index api_tokens_user on api_tokens ("user");

-- A row overrides, a missing row inherits. Secrets are sealed (AES-256-GCM) and have no readable value.
create table settings (
  scope text not null check (scope in ('system', 'organization', 'user')),
  scope_id text collate "C" not null,
  key text not null,
  value jsonb,
  sealed bytea,
  updated_at timestamptz not null,
  updated_by text not null,
  primary key (scope, scope_id, key),
  check ((value is null) <> (sealed is null)),
  check ((scope = 'system') = (scope_id = ''))
);

-- Token caches, webhook secrets and the like, sealed under their name.
create table secrets (
  name text collate "C" primary key,
  sealed bytea not null,
  updated_at timestamptz not null
);

create table alerts (
  id text collate "C" primary key,
  organization text collate "C",
  mailbox text collate "C",
  "user" text collate "C",
  -- What it is about; one alert at a time is open for each key.
  key text not null,
  severity text not null check (severity in ('info', 'warning', 'error')),
  title text not null,
  detail text not null default '',
  -- What the person can do, and where.
  remedy text not null default '',
  link text,
  raised_at timestamptz not null,
  seen_at timestamptz,
  resolved_at timestamptz
);
create unique index alerts_open on alerts (key) where resolved_at is null;
create index alerts_time on alerts (raised_at desc, id desc);

create table webhooks (
  id text collate "C" primary key,
  organization text collate "C" not null references organizations on delete cascade,
  url text not null,
  events text[] not null,
  sealed_secret bytea not null,
  active boolean not null default true,
  created_by text not null,
  created_at timestamptz not null,
  failures integer not null default 0,
  last_status integer,
  last_message text,
  last_at timestamptz
);
create index webhooks_organization on webhooks (organization);
