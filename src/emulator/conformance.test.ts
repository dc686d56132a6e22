/** The emulator's own tables held against Microsoft's published paths, query options and permissions. */
import { expect } from 'vitest'
import { emulated } from '../../tests/support/emulated.ts'
import { normalPath, urlTemplates } from '../../tests/support/graph-schema.ts'
import { readReference, testWithReference } from '../../tests/support/reference.ts'

/** Documented on their API pages, though the generated clients have no method for them. */
const DOCUMENTED_ELSEWHERE = [
  /^GET \/users(\/\$count)?$/, // "List users"
  /^GET .*\/attachments\/\{\}\/\$value$/, // "Get attachment", raw contents
  /^GET .*\/mailboxsettings\/\w+$/, // "Get mailboxSettings", one property
]

testWithReference(
  'every route exists in Microsoft’s url templates, with the query options that it takes',
  () => {
    const known = new Map(
      urlTemplates().map((template) => [`${template.method} ${normalPath(template.path)}`, template]),
    )
    const wrong: string[] = []
    let checked = 0
    for (const route of emulated().routes) {
      const name = `${route.method} ${normalPath(route.path)}`
      const template = known.get(name)
      if (template === undefined) {
        if (!DOCUMENTED_ELSEWHERE.some((pattern) => pattern.test(name)))
          wrong.push(`${name} is in no template`)
        continue
      }
      checked++
      const options = new Set((template.query ?? []).map((option) => option.toLowerCase()))
      // Tokens are the service's own, and a $select on an answer to a write is harmless.
      for (const option of route.query)
        if (
          !options.has(option) &&
          !['$deltatoken', '$skiptoken'].includes(option) &&
          route.method === 'GET' &&
          option !== '$search'
        )
          wrong.push(`${name} does not take ${option}`)
    }
    expect(wrong).toEqual([])
    expect(checked).toBeGreaterThan(150)
  },
)

interface PermissionFile {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>>
  >
}

/** Who may write may read, also where the table lists only the lesser one. */
const implied = (permission: string): string[] => {
  const bare = permission.replace(/\.All$/, '')
  return [bare, permission.replace('ReadWrite', 'Read'), bare.replace('ReadWrite', 'Read')]
}

testWithReference('permissions agree with Microsoft’s published table', () => {
  const { paths } = JSON.parse(readReference('graph-permissions.json')) as PermissionFile
  const table = new Map<string, Readonly<Record<string, readonly string[]>>[]>()
  for (const [path, methods] of Object.entries(paths))
    for (const [method, schemes] of Object.entries(methods)) {
      const name = `${method} ${normalPath(path).replace(/^\/me(?=\/|$)/, '/users/{}')}`
      table.set(name, [...(table.get(name) ?? []), schemes])
    }
  const wrong: string[] = []
  let checked = 0
  for (const route of emulated().routes) {
    const name = `${route.method} ${normalPath(route.path)}`
    const found = table.get(name)
    // The table copies the event's permission here; the page "attachment: createUploadSession" says Mail.ReadWrite.
    if (found === undefined || /messages\/\{\}\/attachments\/createuploadsession$/.test(name)) continue
    for (const [scheme, ours] of [
      ['DelegatedWork', route.permissions.delegated],
      ['Application', route.permissions.application],
    ] as const) {
      const theirs = found.flatMap((schemes) => schemes[scheme] ?? [])
      if (theirs.length === 0) continue
      checked++
      const names = new Set(theirs.map((permission) => permission.replace(/\*$/, '')))
      const least = theirs
        .filter((permission) => permission.endsWith('*'))
        .map((permission) => permission.replace(/\*$/, ''))
      for (const permission of ours)
        if (!names.has(permission) && !implied(permission).some((lesser) => names.has(lesser)))
          wrong.push(`${name} ${scheme}: ${permission} is not in the table`)
      if (!least.some((permission) => ours.includes(permission)))
        wrong.push(`${name} ${scheme}: none of the least (${least.join(', ')}) is accepted`)
    }
  }
  expect(wrong).toEqual([])
  expect(checked).toBeGreaterThan(50)
})
