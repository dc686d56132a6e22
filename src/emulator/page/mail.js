/** A person's mail: folders, messages, the one that is open, and writing. */
import { closeDialog, fields, graph, h, openDialog, recipients, state, suggestions, toast } from './kit.js'

let root
let folder = null
let folders = []
let owner = ''

const FIRST = ['Inbox', 'Drafts', 'Sent Items', 'Archive', 'Deleted Items']
const rank = (name) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length)
const when = (text) =>
  new Date(text).toLocaleString('en-GB', {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
  })
const names = (list) => list.map((one) => one.emailAddress.name || one.emailAddress.address).join(', ')

export async function showMail(view, open = null) {
  root = view
  if (owner !== state.person) folder = null
  owner = state.person
  const top = (await graph('GET', '/me/mailFolders?$top=100')).value
  const nested = await Promise.all(
    top
      .filter((one) => one.childFolderCount > 0)
      .map((one) => graph('GET', `/me/mailFolders/${one.id}/childFolders?$top=100`)),
  )
  folders = [...top, ...nested.flatMap((answer) => answer.value)].sort(
    (a, b) => rank(a.displayName) - rank(b.displayName) || a.displayName.localeCompare(b.displayName),
  )
  folder = folders.find((one) => one.id === folder?.id) ?? folders[0]
  const { value } = await graph(
    'GET',
    `/me/mailFolders/${folder.id}/messages?$top=100&$select=subject,from,toRecipients,receivedDateTime,isRead,isDraft,hasAttachments,flag,bodyPreview`,
  )
  const outgoing = ['Sent Items', 'Drafts'].includes(folder.displayName)
  const reading = h(
    'section',
    { className: 'card reading', 'aria-label': 'Message' },
    h('p', { className: 'empty' }, 'Choose a message.'),
  )
  const list = h(
    'section',
    { className: 'card list', 'aria-label': 'Messages' },
    value.length === 0 ? h('p', { className: 'empty' }, 'This folder is empty.') : '',
    value.map((message) =>
      h(
        'button',
        {
          className: `message${message.isRead ? '' : ' unread'}`,
          'aria-pressed': String(message.id === open),
          onclick: (click) => read(message, reading, true, click.currentTarget),
        },
        h(
          'span',
          { className: 'top' },
          h(
            'b',
            { className: 'cut' },
            outgoing
              ? names(message.toRecipients) || '(nobody yet)'
              : names(message.from ? [message.from] : []),
          ),
          h('span', { className: 'soft' }, when(message.receivedDateTime)),
        ),
        h(
          'span',
          { className: 'subject cut' },
          message.flag?.flagStatus === 'flagged' ? '⚑ ' : '',
          message.hasAttachments ? '📎 ' : '',
          message.subject || '(no subject)',
        ),
        h('span', { className: 'soft cut' }, message.bodyPreview),
      ),
    ),
  )
  const box = h(
    'div',
    { className: 'mail' },
    h(
      'section',
      { className: 'folders', 'aria-label': 'Folders' },
      folders.map((one) =>
        h(
          'button',
          {
            className: 'folder',
            'aria-pressed': String(one.id === folder.id),
            onclick: () => ((folder = one), showMail(root)),
          },
          one.displayName,
          h('span', { className: 'soft' }, one.unreadItemCount > 0 ? String(one.unreadItemCount) : ''),
        ),
      ),
    ),
    list,
    reading,
  )
  root.replaceChildren(
    h(
      'div',
      { className: 'bar' },
      h('h2', {}, folder.displayName),
      h('button', { className: 'main', onclick: () => write('New message') }, 'New message'),
    ),
    box,
  )
  if (open !== null) {
    const message = value.find((one) => one.id === open)
    if (message !== undefined) await read(message, reading, false)
  } else if (value[0] !== undefined && matchMedia('(min-width: 641px)').matches)
    await read(value[0], reading, false)
}

/** Opens a message; a click also marks it read. */
async function read(summary, reading, chosen = true, row = null) {
  const path = `/me/messages/${summary.id}`
  if (chosen && !summary.isRead && !summary.isDraft) await graph('PATCH', path, { isRead: true })
  const message = await graph('GET', `${path}?$expand=attachments`)
  const change = async (body, done) => {
    await graph('PATCH', path, body)
    toast(done)
    await showMail(root, message.id)
  }
  const leave = async (method, rest, body, done) => {
    await graph(method, path + rest, body)
    toast(done)
    await showMail(root)
  }
  const flagged = message.flag?.flagStatus === 'flagged'
  const frame = h('iframe', { title: 'Text of the message', sandbox: '', referrerPolicy: 'no-referrer' })
  // Mail is written for white paper: it stays white, also in the dark.
  frame.srcdoc = `<style>body{margin:12px;font:14px/1.5 system-ui,sans-serif;color:#1b1f27;background:#fff}</style>${
    message.body.contentType === 'html'
      ? message.body.content
      : `<pre style="white-space:pre-wrap;font:inherit;margin:0">${escape(message.body.content)}</pre>`
  }`
  const moving = h(
    'select',
    {
      'aria-label': 'Move to',
      onchange: (event) => leave('POST', '/move', { destinationId: event.target.value }, 'Moved'),
    },
    h('option', { value: '' }, 'Move to…'),
    folders
      .filter((one) => one.id !== message.parentFolderId)
      .map((one) => h('option', { value: one.id }, one.displayName)),
  )
  reading.replaceChildren(
    h(
      'div',
      { className: 'bar', style: 'margin:0' },
      h(
        'button',
        { className: 'back', onclick: () => reading.parentElement.classList.remove('open') },
        '‹ Back',
      ),
      h('h2', {}, message.subject || '(no subject)'),
    ),
    h(
      'p',
      {},
      h('b', {}, message.from ? names([message.from]) : ''),
      h(
        'span',
        { className: 'soft' },
        ` to ${names([...message.toRecipients, ...message.ccRecipients]) || 'nobody yet'} · ${when(message.receivedDateTime)}`,
      ),
    ),
    message.attachments.length > 0
      ? h(
          'p',
          {},
          message.attachments.map((one) => [
            h('span', { className: 'chip' }, `${one.name} · ${Math.ceil(one.size / 1024)} KB`),
            ' ',
          ]),
        )
      : '',
    meeting(message, leave),
    h(
      'div',
      { className: 'bar', style: 'margin:0' },
      message.isDraft
        ? h('button', { className: 'main', onclick: () => leave('POST', '/send', undefined, 'Sent') }, 'Send')
        : [
            h('button', { onclick: () => write('Reply', message, 'reply') }, 'Reply'),
            h('button', { onclick: () => write('Reply to all', message, 'replyAll') }, 'Reply all'),
            h('button', { onclick: () => write('Forward', message, 'forward') }, 'Forward'),
          ],
      h(
        'button',
        { onclick: () => change({ isRead: !message.isRead }, message.isRead ? 'Unread' : 'Read') },
        message.isRead ? 'Mark unread' : 'Mark read',
      ),
      h(
        'button',
        { onclick: () => change({ flag: { flagStatus: flagged ? 'notFlagged' : 'flagged' } }, 'Saved') },
        flagged ? 'Unflag' : 'Flag',
      ),
      moving,
      h(
        'button',
        { className: 'danger', onclick: () => leave('DELETE', '', undefined, 'Deleted') },
        'Delete',
      ),
    ),
    frame,
  )
  for (const button of reading.parentElement?.querySelectorAll('.message') ?? [])
    button.setAttribute('aria-pressed', 'false')
  if (!chosen) return
  reading.parentElement.classList.add('open')
  row?.classList.remove('unread')
}

/** The buttons of an invitation. */
function meeting(message, leave) {
  if (message.meetingMessageType !== 'meetingRequest') return ''
  const answer = async (name, done) => {
    const found = await graph('GET', `/me/messages/${message.id}?$expand=microsoft.graph.eventMessage/event`)
    if (found.event === undefined) {
      toast('The event is not in the calendar any more.')
      return
    }
    await graph('POST', `/me/events/${found.event.id}/${name}`, { sendResponse: true })
    await leave('DELETE', '', undefined, done)
  }
  return h(
    'div',
    { className: 'bar', style: 'margin:0' },
    [
      ['accept', 'Accept'],
      ['tentativelyAccept', 'Maybe'],
      ['decline', 'Decline'],
    ].map(([name, text]) => h('button', { onclick: () => answer(name, text) }, text)),
  )
}

const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

function write(title, original = null, kind = '') {
  const send = async (submit) => {
    submit.preventDefault()
    const form = fields(submit.target)
    const to = recipients(form.to ?? '')
    if (original === null)
      await graph('POST', '/me/sendMail', {
        message: {
          subject: form.subject,
          toRecipients: to,
          body: { contentType: 'text', content: form.words },
        },
      })
    else if (kind === 'forward')
      await graph('POST', `/me/messages/${original.id}/forward`, { comment: form.words, toRecipients: to })
    else await graph('POST', `/me/messages/${original.id}/${kind}`, { comment: form.words })
    closeDialog()
    toast('Sent')
    await showMail(root, original?.id ?? null)
  }
  openDialog(
    h(
      'form',
      { onsubmit: send },
      h('h2', {}, title),
      original === null || kind === 'forward'
        ? h('label', {}, 'To, by address', h('input', { name: 'to', required: true, list: 'people' }))
        : h(
            'p',
            { className: 'soft' },
            `To ${names(original.replyTo.length > 0 ? original.replyTo : [original.from])}`,
          ),
      suggestions(),
      original === null ? h('label', {}, 'Subject', h('input', { name: 'subject' })) : '',
      h('label', {}, 'Text', h('textarea', { name: 'words', autofocus: true })),
      h(
        'div',
        { className: 'bar' },
        h('button', { className: 'main' }, 'Send'),
        h('button', { type: 'button', onclick: closeDialog }, 'Close'),
      ),
    ),
  )
}
