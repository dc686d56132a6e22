import { ActionIcon, Button, Checkbox, NativeSelect, TagsInput, Textarea, TextInput } from '@mantine/core'
import { IconTrash, IconX } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useAct, useAsk, type Item } from '../../api/client.ts'
import { useMayAct } from '../../api/session.ts'
import { theReader, today } from '../../format.ts'
import { text } from '../../text/en.ts'
import { tasks as t } from '../../text/en/tasks.ts'
import { Loaded, Trouble } from '../../ui/page.tsx'
import { SyncWords } from '../../ui/sync-words.tsx'
import { RelativeTime } from '../../ui/time.tsx'
import { plainText } from '../calendar/plain-text.ts'
import { RecurrenceField } from '../calendar/recurrence-field.tsx'
import css from './tasks.module.css'
import { useTask, type Task, type TaskChange } from './use-task.ts'
import { Drawer } from '../../ui/dialog.tsx'

type List = Item<'GET /api/task-lists'>

export function TaskDrawer({
  id,
  lists,
  onClose,
}: {
  readonly id: string
  readonly lists: readonly List[]
  readonly onClose: () => void
}) {
  const task = useAsk('GET /api/tasks/:task', { params: { task: id } })
  return (
    <Drawer
      opened
      onClose={onClose}
      size={460}
      title={t.title}
      closeButtonProps={{ 'aria-label': text.common.close }}
    >
      <Loaded of={task}>
        {(data) => <TaskForm key={data.version} task={data} lists={lists} onClose={onClose} />}
      </Loaded>
    </Drawer>
  )
}

const formOf = (task: Task) => ({
  subject: task.subject,
  list: task.list,
  status: task.status,
  importance: task.importance,
  start: task.start ?? '',
  due: task.due ?? '',
  reminder: task.reminder?.at.slice(0, 16) ?? '',
  recurrence: task.recurrence,
  steps: task.steps,
  categories: task.categories,
  notes: task.body ? plainText(task.body) : '',
})
type Form = ReturnType<typeof formOf>

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** Only what the person changed is sent. */
function changeOf(task: Task, before: Form, form: Form): TaskChange {
  const has = (name: keyof Form): boolean => !same(before[name], form[name])
  return {
    ...(has('subject') && { subject: form.subject }),
    ...(has('status') && { status: form.status }),
    ...(has('importance') && { importance: form.importance }),
    ...(has('start') && { start: form.start || null }),
    ...(has('due') && { due: form.due || null }),
    ...(has('reminder') && {
      reminder: form.reminder
        ? { at: `${form.reminder}:00`, zone: task.reminder?.zone ?? theReader().zone }
        : null,
    }),
    ...(has('recurrence') && { recurrence: form.recurrence }),
    ...(has('steps') && { steps: form.steps }),
    ...(has('categories') && { categories: [...form.categories].sort() }),
    ...(has('notes') && { body: form.notes === '' ? null : { type: 'text' as const, content: form.notes } }),
  }
}

function TaskForm({
  task,
  lists,
  onClose,
}: {
  readonly task: Task
  readonly lists: readonly List[]
  readonly onClose: () => void
}) {
  const mayAct = useMayAct()
  const [before] = useState(() => formOf(task))
  const [form, setForm] = useState(before)
  const put = (patch: Partial<Form>): void => setForm((now) => ({ ...now, ...patch }))
  const { remove } = useTask()
  const save = useAct('PATCH /api/tasks/:task', { changes: ['tasks', 'task-lists', 'status'], done: onClose })
  const restore = useAct('POST /api/tasks/:task/restore', { changes: ['tasks', 'task-lists'], done: onClose })
  return (
    <form
      className={css['form']}
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate({
          params: { task: task.id },
          body: {
            version: task.version,
            change: changeOf(task, before, form),
            ...(form.list !== before.list && { list: form.list }),
          },
        })
      }}
    >
      {save.error && <Trouble error={save.error} />}
      <TextInput
        label={t.name}
        required
        maxLength={255}
        data-autofocus
        value={form.subject}
        onChange={(e) => put({ subject: e.currentTarget.value })}
      />
      <div className={css['two']}>
        <TextInput
          type="date"
          label={t.due}
          value={form.due}
          onChange={(e) => put({ due: e.currentTarget.value })}
        />
        <TextInput
          type="date"
          label={t.start}
          value={form.start}
          onChange={(e) => put({ start: e.currentTarget.value })}
        />
        <NativeSelect
          label={t.status}
          value={form.status}
          data={Object.entries(t.statuses).map(([value, label]) => ({ value, label }))}
          onChange={(e) => put({ status: e.currentTarget.value as Task['status'] })}
        />
        <NativeSelect
          label={t.importance}
          value={form.importance}
          data={Object.entries(t.importances).map(([value, label]) => ({ value, label }))}
          onChange={(e) => put({ importance: e.currentTarget.value as Task['importance'] })}
        />
        <NativeSelect
          label={t.list}
          value={form.list}
          data={lists.filter((one) => one.canWrite).map((one) => ({ value: one.id, label: one.name }))}
          onChange={(e) => put({ list: e.currentTarget.value })}
        />
        <TextInput
          type="datetime-local"
          label={t.reminder}
          value={form.reminder}
          onChange={(e) => put({ reminder: e.currentTarget.value })}
        />
      </div>
      <Steps steps={form.steps} onChange={(steps) => put({ steps })} />
      <RecurrenceField
        value={form.recurrence}
        start={form.due || today()}
        disabled={!mayAct}
        onChange={(recurrence) => put({ recurrence: recurrence as Form['recurrence'] })}
      />
      <TagsInput
        label={t.categories}
        value={form.categories}
        onChange={(categories) => put({ categories })}
      />
      <Textarea
        label={t.notes}
        minRows={3}
        maxRows={12}
        value={form.notes}
        onChange={(e) => put({ notes: e.currentTarget.value })}
      />
      {task.related.length > 0 && (
        <p>
          {t.related}:{' '}
          {task.related.map((one, index) => (
            <span key={one.id}>
              {index > 0 && ', '}
              <Link to={`/records/${one.kind}/${one.id}`}>{one.title}</Link>
            </span>
          ))}
        </p>
      )}
      <p className={css['dim']}>
        <SyncWords record={task.id} sync={task.sync} /> {t.changedBy(task.modifiedBy)},{' '}
        <RelativeTime at={task.modifiedAt} />. <Link to={`/why/${task.id}`}>{t.why}</Link>
      </p>
      {mayAct && (
        <div className={css['actions']}>
          <Button type="submit" loading={save.isPending}>
            {text.common.save}
          </Button>
          {task.deletedAt === null ? (
            <Button
              variant="default"
              leftSection={<IconTrash size={15} aria-hidden />}
              onClick={() => {
                remove(task, t.deleted(task.subject))
                onClose()
              }}
            >
              {text.common.delete}
            </Button>
          ) : (
            <Button variant="default" onClick={() => restore.mutate({ params: { task: task.id } })}>
              {text.common.restore}
            </Button>
          )}
        </div>
      )}
    </form>
  )
}

function Steps({
  steps,
  onChange,
}: {
  readonly steps: Form['steps']
  readonly onChange: (steps: Form['steps']) => void
}) {
  const [typed, setTyped] = useState('')
  const add = (): void => {
    if (typed.trim() === '') return
    onChange([...steps, { title: typed.trim(), done: false }])
    setTyped('')
  }
  return (
    <section className={css['steps']} aria-label={t.steps}>
      <h3>{t.steps}</h3>
      <ul>
        {steps.map((step, index) => (
          <li key={`${index} ${step.title}`}>
            <Checkbox
              size="xs"
              aria-label={t.stepDone(step.title)}
              checked={step.done}
              onChange={(event) =>
                onChange(
                  steps.map((one, i) => (i === index ? { ...one, done: event.currentTarget.checked } : one)),
                )
              }
            />
            <span>{step.title}</span>
            <ActionIcon
              size={26}
              aria-label={t.removeStep(step.title)}
              onClick={() => onChange(steps.filter((_, i) => i !== index))}
            >
              <IconX size={14} />
            </ActionIcon>
          </li>
        ))}
      </ul>
      <TextInput
        size="xs"
        aria-label={t.addStep}
        placeholder={t.addStep}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        onBlur={add}
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return
          event.preventDefault()
          add()
        }}
      />
    </section>
  )
}
