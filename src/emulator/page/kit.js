/** What every view uses: elements, the chosen person, Graph asked on that person's behalf, dialogs. */

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

export const at = (id) => document.getElementById(id)

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
