/** A person's To Do lists. */
import { closeDialog, fields, graph, h, openDialog, state, toast } from './kit.js'

let root
let list = null
let owner = ''

export async function showTasks(view) {
  root = view
  if (owner !== state.person) list = null
  owner = state.person
  const lists = (await graph('GET', '/me/todo/lists?$top=100')).value
  list = lists.find((one) => one.id === list?.id) ?? lists[0]
  if (list === undefined) {
    root.replaceChildren(h('p', { className: 'empty' }, 'This mailbox has no task lists.'))
    return
  }
  const tasks = (await graph('GET', `/me/todo/lists/${list.id}/tasks?$top=200`)).value
  const path = `/me/todo/lists/${list.id}/tasks`
  const add = async (submit) => {
    submit.preventDefault()
    await graph('POST', path, { title: fields(submit.target).title })
    await showTasks(root)
  }
  const open = tasks.filter((task) => task.status !== 'completed')
  const done = tasks.filter((task) => task.status === 'completed')
  root.replaceChildren(
    h(
      'div',
      { className: 'bar' },
      h('h2', {}, list.displayName),
      lists.map((one) =>
        h(
          'button',
          { 'aria-pressed': String(one.id === list.id), onclick: () => ((list = one), showTasks(root)) },
          one.displayName,
        ),
      ),
    ),
    h(
      'form',
      { className: 'bar', onsubmit: add, style: 'grid-template-columns:1fr auto' },
      h('input', {
        name: 'title',
        placeholder: 'Add a task',
        'aria-label': 'Add a task',
        required: true,
        style: 'flex:1',
      }),
      h('button', { className: 'main' }, 'Add'),
    ),
    h(
      'div',
      { className: 'card' },
      [...open, ...done].map((task) => row(path, task)),
      tasks.length === 0 ? h('p', { className: 'empty' }, 'Nothing to do in this list.') : '',
    ),
  )
}

function row(path, task) {
  const write = async (body, done) => {
    await graph('PATCH', `${path}/${task.id}`, body)
    toast(done)
    await showTasks(root)
  }
  const completed = task.status === 'completed'
  const high = task.importance === 'high'
  return h(
    'div',
    { className: `task${completed ? ' done' : ''}` },
    h('input', {
      type: 'checkbox',
      checked: completed,
      'aria-label': `Done: ${task.title}`,
      onchange: () =>
        write({ status: completed ? 'notStarted' : 'completed' }, completed ? 'Open again' : 'Completed'),
    }),
    h('button', { className: 'title', onclick: () => edit(path, task) }, task.title),
    h(
      'span',
      { className: 'soft' },
      task.recurrence ? '↻ ' : '',
      task.dueDateTime ? task.dueDateTime.dateTime.slice(0, 10) : '',
    ),
    h(
      'button',
      {
        className: 'bare',
        'aria-label': high ? 'Not important' : 'Important',
        onclick: () => write({ importance: high ? 'normal' : 'high' }, 'Saved'),
      },
      high ? '★' : '☆',
    ),
  )
}

function edit(path, task) {
  const save = async (submit) => {
    submit.preventDefault()
    const form = fields(submit.target)
    await graph('PATCH', `${path}/${task.id}`, {
      title: form.title,
      status: form.status,
      dueDateTime: form.due === '' ? null : { dateTime: `${form.due}T00:00:00`, timeZone: state.zone },
      ...(form.words === (task.body?.content ?? '')
        ? {}
        : { body: { contentType: 'text', content: form.words } }),
    })
    closeDialog()
    toast('Saved')
    await showTasks(root)
  }
  const remove = async () => {
    await graph('DELETE', `${path}/${task.id}`)
    closeDialog()
    toast('Deleted')
    await showTasks(root)
  }
  openDialog(
    h(
      'form',
      { onsubmit: save },
      h('h2', {}, 'Task'),
      h('label', {}, 'Title', h('input', { name: 'title', value: task.title, required: true })),
      h(
        'div',
        { className: 'pair' },
        h(
          'label',
          {},
          'Due',
          h('input', { type: 'date', name: 'due', value: task.dueDateTime?.dateTime.slice(0, 10) ?? '' }),
        ),
        h(
          'label',
          {},
          'Status',
          h(
            'select',
            { name: 'status' },
            ['notStarted', 'inProgress', 'waitingOnOthers', 'deferred', 'completed'].map((value) =>
              h('option', { value, selected: value === task.status }, value),
            ),
          ),
        ),
      ),
      h('label', {}, 'Note', h('textarea', { name: 'words', value: task.body?.content ?? '' })),
      h(
        'div',
        { className: 'bar' },
        h('button', { className: 'main' }, 'Save'),
        h('button', { type: 'button', className: 'danger', onclick: remove }, 'Delete'),
        h('button', { type: 'button', onclick: closeDialog }, 'Close'),
      ),
    ),
  )
}
