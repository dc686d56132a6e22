import { Button, SegmentedControl, Switch, TextInput } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { useAct, useAsked } from '../../api/client.ts'
import { useMayAct } from '../../api/session.ts'
import { askTaskLists, askTasks, taskFilters } from '../../asks.ts'
import { today } from '../../format.ts'
import { text } from '../../text/en.ts'
import { tasks as t } from '../../text/en/tasks.ts'
import { useFirstScreen } from '../../ui/first-screen.ts'
import { useKeys } from '../../ui/keys.ts'
import { Empty, Loaded, Page, Skeleton, Trouble } from '../../ui/page.tsx'
import { FilterSelect, optionsOf, Pager, SearchField, Toolbar } from '../../ui/table.tsx'
import { tellDone, tellProblem } from '../../ui/tell.ts'
import { useUrl } from '../../ui/url-state.ts'
import { Board } from './board.tsx'
import { readQuick } from './quick-date.ts'
import { TaskRow } from './task-row.tsx'
import css from './tasks.module.css'
import { useBoard } from './use-board.ts'
import { useTask, type Task } from './use-task.ts'

const TaskDrawer = lazy(() => import('./task-drawer.tsx').then((m) => ({ default: m.TaskDrawer })))

/** The least that a row of the list and a card of the board are high. */
const ROW_PX = 36
const CARD_PX = 76

export function TasksPage() {
  const [url, setUrl] = useUrl()
  const lists = useAsked(askTaskLists())
  const board = url['view'] === 'board'
  const onBoard = useBoard(taskFilters(url), board)
  const tasks = useAsked(askTasks(url), { keep: true, enabled: !board })
  const firstRows = useFirstScreen(tasks.data?.items, ROW_PX)
  const firstCards = useFirstScreen(onBoard.isLoading ? undefined : onBoard.tasks, CARD_PX)
  const { change } = useTask()
  const [cursor, setCursor] = useState(-1)
  const rows = (board ? onBoard.tasks : tasks.data?.items) ?? []
  const current = rows[cursor]
  const open = (task: Task): void => setUrl({ task: task.id }, { push: true })
  const complete = (task: Task): void => {
    const done = task.status === 'completed'
    change(task, { status: done ? 'notStarted' : 'completed' }, done ? undefined : t.completed(task.subject))
  }
  const go = (by: number): void => {
    const next = Math.max(0, Math.min(rows.length - 1, cursor + by))
    setCursor(next)
    document.querySelector(`[data-task="${rows[next]?.id ?? ''}"]`)?.scrollIntoView({ block: 'nearest' })
  }
  useKeys({
    j: () => go(1),
    k: () => go(-1),
    Enter: () => current && open(current),
    e: () => current && open(current),
    x: () => current && complete(current),
    '1': () => setUrl({ view: null }),
    '2': () => setUrl({ view: 'board' }),
  })
  const listName = (id: string): string => lists.data?.items.find((one) => one.id === id)?.name ?? ''
  const filtered = ['q', 'status', 'list', 'due', 'importance'].some((name) => url[name] !== undefined)
  return (
    <Page
      title={t.title}
      actions={
        <SegmentedControl
          size="xs"
          aria-label={t.view}
          value={board ? 'board' : 'list'}
          onChange={(next) => setUrl({ view: next === 'board' ? 'board' : null })}
          data={(['list', 'board'] as const).map((value) => ({ value, label: t.views[value] }))}
        />
      }
    >
      <QuickAdd list={url['list']} focus={url['new'] === 'task'} />
      <Toolbar
        end={
          !board && (
            <Switch
              size="xs"
              label={t.showDone}
              checked={url['done'] === 'yes'}
              onChange={(event) => setUrl({ done: event.currentTarget.checked ? 'yes' : null })}
            />
          )
        }
      >
        <SearchField placeholder={t.search} />
        <FilterSelect
          name="list"
          label={t.list}
          options={(lists.data?.items ?? []).map((one) => ({
            value: one.id,
            label: `${one.name} (${one.open})`,
          }))}
        />
        <FilterSelect name="due" label={t.filterDue} options={optionsOf(t.dues)} />
        <FilterSelect name="importance" label={t.importance} options={optionsOf(t.importances)} />
        {!board && (
          <FilterSelect name="status" label={t.status} options={optionsOf(t.statuses)} all={t.openOnly} />
        )}
        <NewList />
      </Toolbar>
      {board && onBoard.error && <Trouble error={onBoard.error} />}
      {board && onBoard.isLoading && <Skeleton rows={6} />}
      {board && !onBoard.isLoading && (
        <Board
          of={onBoard}
          first={firstCards}
          current={current?.id}
          onOpen={open}
          onStatus={(task, next) => change(task, { status: next })}
        />
      )}
      {!board && (
        <Loaded of={tasks}>
          {(data) =>
            data.items.length === 0 ? (
              <Empty>{filtered ? t.emptyFiltered : t.empty}</Empty>
            ) : (
              <>
                <div className={css['list']}>
                  {data.items.slice(0, firstRows).map((task, index) => (
                    <TaskRow
                      key={task.id}
                      task={task}
                      list={listName(task.list)}
                      at={index === cursor}
                      onOpen={() => open(task)}
                      onComplete={() => complete(task)}
                    />
                  ))}
                </div>
                <Pager page={data} />
              </>
            )
          }
        </Loaded>
      )}
      <Suspense>
        {url['task'] !== undefined && (
          <TaskDrawer
            key={url['task']}
            id={url['task']}
            lists={lists.data?.items ?? []}
            onClose={() => setUrl({ task: null })}
          />
        )}
      </Suspense>
    </Page>
  )
}

/** A line and Enter: that is a task. */
function QuickAdd({ list, focus }: { readonly list: string | undefined; readonly focus: boolean }) {
  const mayAct = useMayAct()
  const field = useRef<HTMLInputElement>(null)
  const [typed, setTyped] = useState('')
  const add = useAct('POST /api/tasks', {
    changes: ['tasks', 'task-lists', 'status'],
    done: (task) => tellDone(t.added(task.subject)),
  })
  useKeys({ n: () => field.current?.focus() })
  useEffect(() => {
    if (focus) field.current?.focus()
  }, [focus])
  if (!mayAct) return null
  return (
    <form
      className={css['quick']}
      onSubmit={(event) => {
        event.preventDefault()
        const { subject, due } = readQuick(typed, today())
        if (subject === '') return
        setTyped('')
        add.mutate(
          { body: { subject, ...(due !== null && { due }), ...(list !== undefined && { list }) } },
          {
            onError: (error) => {
              setTyped(typed)
              tellProblem(error)
            },
          },
        )
      }}
    >
      <TextInput
        ref={field}
        aria-label={t.quickLabel}
        placeholder={t.quickAdd}
        leftSection={<IconPlus size={16} aria-hidden />}
        value={typed}
        maxLength={255}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      <Button type="submit" size="sm" loading={add.isPending}>
        {text.common.add}
      </Button>
    </form>
  )
}

function NewList() {
  const mayAct = useMayAct()
  const [, setUrl] = useUrl()
  const [name, setName] = useState<string | null>(null)
  const make = useAct('POST /api/task-lists', {
    changes: ['task-lists'],
    done: (list) => {
      setName(null)
      setUrl({ list: list.id })
    },
  })
  if (!mayAct) return null
  if (name === null)
    return (
      <Button variant="subtle" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => setName('')}>
        {t.newList}
      </Button>
    )
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        make.mutate({ body: { name } }, { onError: tellProblem })
      }}
    >
      <TextInput
        size="xs"
        autoFocus
        aria-label={t.newListName}
        placeholder={t.newListName}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        onKeyDown={(event) => event.key === 'Escape' && setName(null)}
      />
    </form>
  )
}
