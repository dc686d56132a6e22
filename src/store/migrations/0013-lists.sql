-- Lists of many rows in the order that they are shown in, so that a page is read and not sorted.

-- A task list and a column of the board, each by its due days; also how many tasks are open.
drop index records_tasks;
create index records_tasks on records (container, status, due_on, id) where kind = 'task' and deleted_at is null;
-- The history of all mailboxes, newest first.
create index operations_newest on operations (created_at desc, id desc);
-- The inbox of conflicts, newest first, and how many are open.
create index conflicts_state on conflicts (state, at desc, id desc) include (mailbox);
create index users_name on users (lower(name), id);
