/** The frame of the page: who is looking, and at which view. */
import { showCalendar } from './calendar.js'
import { at, closeDialog, control, h, state } from './kit.js'
import { showMail } from './mail.js'
import { showScenes } from './scenes.js'
import { showTasks } from './tasks.js'

const views = { calendar: showCalendar, mail: showMail, tasks: showTasks, scenes: showScenes }

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
