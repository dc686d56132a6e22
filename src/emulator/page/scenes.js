/** Behind the scenes: requests as they come, complaints about the client, faults on demand, the clock. */
import { control, h, state, toast } from './kit.js'

const PERIOD = 1_500
const SHOWN = 60

/** Faults that are worth a button; each applies a few times and is spent. */
const FAULTS = [
  ['Throttle', { kind: 'refuse', status: 429, retryAfterSeconds: 5, count: 3 }],
  ['Server error', { kind: 'refuse', status: 503, count: 3 }],
  ['Lose a request', { kind: 'request-lost', count: 1 }],
  ['Lose a reply', { kind: 'reply-lost', method: 'POST', count: 1 }],
  ['Evict delta tokens', { kind: 'tokens-evicted', path: 'delta', count: 1 }],
  ['Slow', { kind: 'slow', delayMilliseconds: 3000, count: 5 }],
  ['Repeat delta items', { kind: 'delta-repeat', count: 3 }],
  ['Refuse consent', { kind: 'consent-revoked', count: 3 }],
]

const running = new Map()

export async function showScenes(root, narrow = false) {
  clearInterval(running.get(root))
  const requests = h('ol', { className: 'log' })
  const complaints = h('div')
  const mails = h('ol', { className: 'log' })
  const quiet = h('p', { className: 'soft' }, 'No requests yet. Connect a client.')
  const clock = h('span')
  const rules = h('span', { className: 'soft' })
  let after = null
  let mailsAfter = 0

  const setClock = async (body) => {
    await control('POST', 'clock', body)
    await refresh()
  }
  const fault = async (rule) => {
    const { rules: known } = await control('GET', 'faults')
    await control('PUT', 'faults', { rules: [...known, rule] })
    toast('The next matching requests will feel it.')
    await refresh()
  }

  async function refresh() {
    // The first look begins near the end of a long log.
    if (after === null) after = Math.max(0, (await kept('requests')) - SHOWN)
    const [now, log, faults, grumbles, posted] = await Promise.all([
      control('GET', 'clock'),
      control('GET', `requests?after=${after}`),
      control('GET', 'faults'),
      control('GET', 'complaints'),
      control('GET', `mails?after=${mailsAfter}`),
    ])
    state.now = Date.parse(now.now)
    clock.textContent = `${now.now.slice(0, 16).replace('T', ' ')} UTC${now.stopped ? ', stopped' : ''}`
    if (log.total - log.dropped < after) {
      // The log was emptied.
      after = 0
      requests.replaceChildren()
    } else {
      after += log.value.length
      for (const entry of log.value.slice(-SHOWN)) requests.prepend(line(entry))
      while (requests.children.length > SHOWN) requests.lastChild.remove()
    }
    mailsAfter = Math.max(0, posted.total - posted.dropped - 500)
    quiet.hidden = requests.children.length > 0
    rules.textContent =
      faults.rules.length === 0
        ? 'none waiting'
        : `waiting: ${faults.rules.map((rule) => rule.kind).join(', ')}`
    complaints.replaceChildren(
      ...(grumbles.value.length === 0
        ? [h('p', { className: 'soft' }, 'None: the client behaves.')]
        : grumbles.value
            .slice(-8)
            .map((one) =>
              h(
                'p',
                { className: 'note' },
                h('b', {}, one.kind),
                one.count > 1 ? ` ×${one.count} ` : ' ',
                one.text,
              ),
            )),
    )
    const leaving = posted.value
      .filter((mail) => mail.outside.length > 0)
      .slice(-8)
      .reverse()
    mails.replaceChildren(
      ...(leaving.length === 0
        ? [h('p', { className: 'soft' }, 'Nothing was sent to the outside.')]
        : leaving.map((mail) =>
            h(
              'li',
              { style: 'grid-template-columns:58px minmax(0,1fr)' },
              h('span', { className: 'soft' }, time(mail.at)),
              h(
                'span',
                { className: 'cut', title: `${mail.subject} to ${mail.outside.join(', ')}` },
                `${mail.outside.join(', ')}: ${mail.subject}`,
              ),
            ),
          )),
    )
  }

  const section = (title, ...content) => h('section', { className: 'scene' }, h('h3', {}, title), ...content)
  root.replaceChildren(
    section(
      'Clock',
      h(
        'div',
        { className: 'bar' },
        clock,
        h('button', { onclick: () => setClock({ advanceSeconds: 3600 }) }, '+1 h'),
        h('button', { onclick: () => setClock({ advanceSeconds: 86_400 }) }, '+1 day'),
        h('button', { onclick: () => setClock({ release: true }) }, 'Real time'),
      ),
    ),
    section(
      'Faults',
      h(
        'div',
        { className: 'bar' },
        (narrow ? FAULTS.slice(0, 5) : FAULTS).map(([name, rule]) =>
          h('button', { onclick: () => fault(rule) }, name),
        ),
        h(
          'button',
          { className: 'danger', onclick: async () => (await control('DELETE', 'faults'), refresh()) },
          'Clear',
        ),
      ),
      rules,
    ),
    section('Complaints', complaints),
    section('Mail that left the company', mails),
    section('Requests', quiet, requests),
  )
  await refresh()
  running.set(
    root,
    setInterval(() => {
      if (root.contains(requests) && document.visibilityState === 'visible') refresh().catch(() => undefined)
      else if (!root.contains(requests)) clearInterval(running.get(root))
    }, PERIOD),
  )
}

/** Entries that a log holds. */
async function kept(name) {
  const { total, dropped } = await control('GET', `${name}?limit=1`)
  return total - dropped
}

const time = (at) => new Date(at).toISOString().slice(11, 19)

function line(entry) {
  const tone =
    entry.status === 0 || entry.status >= 500 || entry.fault ? 'bad' : entry.status >= 400 ? 'warn' : 'good'
  const path = decodeURIComponent(entry.target.replace('/v1.0', '')).replace(/[A-Za-z0-9_=-]{24,}/g, '…')
  return h(
    'li',
    { title: `${entry.target}${entry.fault ? `\nfault: ${entry.fault}` : ''}` },
    h('span', { className: 'soft' }, time(entry.at)),
    h('span', {}, entry.method),
    h('span', { className: 'cut' }, path),
    h('span', { className: tone }, entry.status || '✕'),
  )
}
