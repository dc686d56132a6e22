/** The frame of the page: who is looking, which view, how Graph is asked on a person's behalf. */
import { showCalendar } from './calendar.js'
import { showMail } from './mail.js'
import { showScenes } from './scenes.js'
import { showTasks } from './tasks.js'

/** Makes an element; attributes that begin with `on` are listeners. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value)
    else if (name in element && name !== 'list' && name !== 'form') element[name] = value
    else element.setAttribute(name, value === true ? '' : value)
  }
  element.append(
    ...children.flat().filter((child) => child !== null && child !== undefined && child !== false),
  )
  return element
}

const at = (id) => document.getElementById(id)
const views = { calendar: showCalendar, mail: showMail, tasks: showTasks, scenes: showScenes }

export const state = { person: '', zone: 'UTC', people: [], view: 'calendar', now: Date.now() }

let toastTimer
export function toast(text) {
  at('toast').textContent = text
  at('toast').classList.add('shown')
  clearTimeout(toastTimer)
  toastTimer = setTimeout(() => at('toast').classList.remove('shown'), 3500)
}

/** Asks the control API. */
export async function control(method, path, body) {
  const response = await fetch(`/emulator/${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  const answer = await response.json()
  if (!response.ok) throw new Error(answer.error ?? `The emulator answered ${response.status}.`)
  return answer
}

/** Asks Graph as the chosen person; paths begin with `/me`. A refusal is shown and thrown. */
export async function graph(method, path, body) {
  const headers = { prefer: `IdType="ImmutableId", outlook.timezone="${state.zone}"` }
  const answer = await control('POST', 'act', {
    person: state.person,
    method,
    path,
    headers,
    ...(body === undefined ? {} : { body }),
  })
  if (answer.status >= 400) {
    const text = answer.body?.error?.message ?? `Graph answered ${answer.status}.`
    toast(text)
    throw new Error(text)
  }
  return answer.body
}

export function openDialog(...content) {
  const dialog = at('dialog')
  dialog.replaceChildren(...content)
  dialog.showModal()
}

export const closeDialog = () => at('dialog').close()

/** The fields of a form as an object. */
export const fields = (form) => Object.fromEntries(new FormData(form))

export const recipients = (text) =>
  text
    .split(/[,;]/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((address) => ({
      emailAddress: {
        address,
        name: state.people.find((one) => one.userPrincipalName === address)?.displayName ?? address,
      },
    }))

/** The addresses of the company, as suggestions for a field. */
export const suggestions = () =>
  h(
    'datalist',
    { id: 'people' },
    state.people.map((one) => h('option', { value: one.userPrincipalName }, one.displayName)),
  )

async function show(view = state.view) {
  state.view = view
  history.replaceState(null, '', `?view=${view}&person=${encodeURIComponent(state.person)}`)
  for (const button of document.querySelectorAll('nav button')) {
    if (button.dataset.view === view) button.setAttribute('aria-current', 'page')
    else button.removeAttribute('aria-current')
  }
  at('frame').classList.toggle('whole', view === 'scenes')
  try {
    await views[view](at('view'))
  } catch (error) {
    at('view').replaceChildren(
      h(
        'p',
        { className: 'empty' },
        `This cannot be shown: ${error.message} `,
        h('button', { onclick: () => show() }, 'Try again'),
      ),
    )
  }
}

async function start() {
  const asked = new URLSearchParams(location.search)
  const { mailboxes, now } = await control('GET', 'state')
  state.people = mailboxes
  state.now = Date.parse(now)
  const first = mailboxes.find((one) => one.userPrincipalName === asked.get('person')) ?? mailboxes[0]
  const choose = (name) => {
    state.person = name
    state.zone = mailboxes.find((one) => one.userPrincipalName === name)?.timeZone ?? 'UTC'
  }
  choose(first?.userPrincipalName ?? '')
  at('person').replaceChildren(
    ...mailboxes.map((one) =>
      h(
        'option',
        { value: one.userPrincipalName, selected: one.userPrincipalName === state.person },
        one.displayName + (one.shared ? ' (shared)' : ''),
      ),
    ),
  )
  at('person').addEventListener('change', (event) => {
    choose(event.target.value)
    void show()
  })
  for (const button of document.querySelectorAll('nav button'))
    button.addEventListener('click', () => show(button.dataset.view))
  at('dialog').addEventListener('click', (event) => event.target === at('dialog') && closeDialog())
  await show(asked.get('view') in views ? asked.get('view') : 'calendar')
  void showScenes(at('side'), true)
}

void start()
