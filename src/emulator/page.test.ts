import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createEmulator } from './emulator.ts'

test('the page and every file beside it are served, with a policy that lets nothing else in', async () => {
  const emulator = createEmulator({ seed: 'empty' })
  const get = (path: string): Promise<Response> => emulator.handle(new Request(`http://127.0.0.1${path}`))
  const page = await get('/')
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
  const policy = page.headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'self'")
  expect(policy).not.toContain('script-src')
  for (const name of readdirSync(new URL('./page', import.meta.url)))
    expect([name, (await get(`/outlook/${name}`)).status]).toEqual([name, 200])
  for (const path of ['/outlook/..%2fpage.ts', '/outlook/nothing.js', '/outlook/../page.ts'])
    expect((await get(path)).status).toBe(404)
})
