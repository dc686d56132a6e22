-- A page of the history asks of each write whether its run was undone, and by which one.
create index runs_undoes on runs (undoes, started_at desc) where undoes is not null;
