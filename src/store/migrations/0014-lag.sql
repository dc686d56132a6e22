-- How long ago each channel was last proven in sync, at its worst in each hour: what the overview draws.
create table lag_hours (
  mailbox text collate "C" not null,
  channel text not null,
  hour timestamptz not null,
  seconds integer not null,
  primary key (mailbox, channel, hour)
);
create index lag_hours_by_hour on lag_hours (hour);
