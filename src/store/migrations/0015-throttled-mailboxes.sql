-- Until when Microsoft asked that nothing be asked for a mailbox; it outlives a restart.
alter table mailboxes add column throttled_until timestamptz;
