/** The pages a person sees while signing in. Plain HTML and forms: they work without a script. */
import type { AppRegistration, Person } from './state.ts'

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

const STYLE = `
:root{color-scheme:light dark;--ink:#1f2328;--soft:#59636e;--line:#d1d9e0;--card:#fff;--ground:#eef1f4;--accent:#0b57d0}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9198a1;--line:#3d444d;--card:#161b22;--ground:#0d1117;--accent:#79b0ff}}
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{width:min(440px,calc(100vw - 32px));background:var(--card);border:1px solid var(--line);border-radius:10px;padding:32px}
h1{font-size:22px;line-height:1.25;margin:0 0 4px}p{margin:0 0 16px;color:var(--soft)}ul{list-style:none;margin:0 0 20px;padding:0}
li+li{border-top:1px solid var(--line)}button{font:inherit;color:inherit;cursor:pointer}
.account{display:block;width:100%;text-align:left;background:none;border:0;padding:10px 8px;border-radius:6px}.account:hover,.account:focus-visible{background:var(--ground)}
.account b{display:block;font-weight:600}.account span{color:var(--soft);font-size:13px}
.row{display:flex;gap:8px;justify-content:flex-end}.row button{padding:8px 18px;border:1px solid var(--line);border-radius:6px;background:none}
.row .go{background:var(--accent);border-color:var(--accent);color:var(--card)}.scope{padding:8px 0}small{display:block;margin-top:20px;color:var(--soft)}`

function page(title: string, content: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body><main>${content}<small>Emulated sign-in. No password is asked and nothing leaves this machine.</small></main></body></html>`
}

export function accountPage(
  app: AppRegistration,
  people: readonly Person[],
  action: string,
  hint: string,
): string {
  const first = people.filter((person) => person.userPrincipalName.toLowerCase() === hint)
  const ordered = [...first, ...people.filter((person) => !first.includes(person))]
  const accounts = ordered
    .map(
      (person) =>
        `<li><button class="account" name="account" value="${escapeHtml(person.id)}"${person === first[0] ? ' autofocus' : ''}><b>${escapeHtml(person.displayName)}</b><span>${escapeHtml(person.userPrincipalName)}</span></button></li>`,
    )
    .join('')
  return page(
    'Pick an account',
    `<h1>Pick an account</h1><p>to continue to ${escapeHtml(app.displayName)}</p><form method="post" action="${escapeHtml(action)}"><ul>${accounts}</ul><div class="row"><button name="cancel" value="1">Cancel</button></div></form>`,
  )
}

export function consentPage(
  app: AppRegistration,
  person: Person | null,
  scopes: readonly string[],
  action: string,
): string {
  const who = person === null ? 'for your organization' : `as ${escapeHtml(person.userPrincipalName)}`
  const account =
    person === null ? '' : `<input type="hidden" name="account" value="${escapeHtml(person.id)}">`
  const list = scopes.map((scope) => `<li class="scope">${escapeHtml(scope)}</li>`).join('')
  return page(
    'Permissions requested',
    `<h1>Permissions requested</h1><p>${escapeHtml(app.displayName)} would like, ${who}:</p><form method="post" action="${escapeHtml(action)}">${account}<ul>${list}</ul><div class="row"><button name="cancel" value="1">Cancel</button><button class="go" name="consent" value="1">Accept</button></div></form>`,
  )
}

export function errorPage(text: string): string {
  return page('Sign in', `<h1>Sorry, but we’re having trouble signing you in.</h1><p>${escapeHtml(text)}</p>`)
}

export function messagePage(title: string, text: string): string {
  return page(title, `<h1>${escapeHtml(title)}</h1><p>${escapeHtml(text)}</p>`)
}

/** `response_mode=form_post`: a form that sends itself. */
export function formPostPage(uri: string, values: Readonly<Record<string, string>>): string {
  const fields = Object.entries(values)
    .map(([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`)
    .join('')
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Continue</title></head><body><form method="post" action="${escapeHtml(uri)}">${fields}<noscript><button>Continue</button></noscript></form><script>document.forms[0].submit()</script></body></html>`
}
