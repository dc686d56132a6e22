-- When an alert was put into the queue of outgoing mail. Those from before are known already.
alter table alerts add column mailed_at timestamptz;
update alerts set mailed_at = now();
