-- Mail that people send from the CRM: one row from the moment they press Send until it is known to be sent.

create table outgoing_mail (
  -- Also the mark that the message carries in the mailbox, by which it is found again.
  id text collate "C" primary key,
  mailbox text collate "C" not null,
  author text collate "C",
  -- Subject, body, recipients; for an answer, what it answers and how.
  mail json not null,
  send_at timestamptz not null,
  state text not null check (state in
    ('waiting', 'drafting', 'drafted', 'sending', 'sent', 'failed', 'unknown', 'cancelled')),
  item text collate "C",
  -- Why it was not sent, or why nobody can say, in plain words.
  reason text,
  attempts integer not null default 0,
  next_at timestamptz not null,
  created_at timestamptz not null,
  sent_at timestamptz
);
create index outgoing_mail_due on outgoing_mail (mailbox, next_at)
  where state in ('waiting', 'drafting', 'drafted', 'sending');
create index outgoing_mail_author on outgoing_mail (author, created_at desc);
