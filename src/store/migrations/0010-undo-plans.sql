-- What an undo that waits for a person would take back, and what it leaves with the reason.
alter table runs add column undo json;
