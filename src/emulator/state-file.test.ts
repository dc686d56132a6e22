import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { createEmulator, type Emulator } from './emulator.ts'
import { keepState, listenAgain, portOf, readState } from './state-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'emulator-state-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const ANNA = 'anna.lindqvist@contoso.example'

async function ask(emulator: Emulator, url: string): Promise<Record<string, unknown>> {
  const token = emulator.control.token(emulator.info.clientId, ANNA)
  const answer = await emulator.exchange({
    method: 'GET',
    url,
    headers: { authorization: `Bearer ${token}`, prefer: 'odata.maxpagesize=1000, IdType="ImmutableId"' },
  })
  expect(answer.status).toBe(200)
  return JSON.parse(answer.text) as Record<string, unknown>
}

test('a restarted emulator goes on where it was: tenant, items, delta tokens, refresh tokens, switches, port', async () => {
  const file = join(folder, 'restart')
  const first = createEmulator({ seed: 'demo' })
  const listening = await first.listen(0)
  const kept = keepState(first, file, portOf(listening.url))
  const before = first.info
  const link = (await ask(first, `${before.graph}/me/mailFolders/inbox/messages/delta`))['@odata.deltaLink']
  const message = (await first.control.as(ANNA).get('/me/mailFolders/inbox/messages?$top=1')).body as {
    value: { id: string }[]
  }
  const id = message.value[0]?.id ?? ''
  await first.control.as(ANNA).patch(`/me/messages/${id}`, { importance: 'high', isRead: true })
  first.control.store.switches.eventsDelta = false
  kept.close()
  await listening.close()

  const state = readState(file)
  if (state === null) throw new Error('Nothing was written.')
  const second = createEmulator({ saved: state.world })
  const again = await listenAgain(second, state.port, 0)
  expect(again.url).toBe(listening.url)
  expect(second.info).toEqual(before)
  expect(second.control.store.switches.eventsDelta).toBe(false)
  const round = await ask(second, String(link))
  expect((round['value'] as { id: string }[]).map((row) => row.id)).toEqual([id])
  await second.control.as(ANNA).post('/me/todo/lists', { displayName: 'After the restart' })
  await again.close()
})

test('when somebody else has the port of last time, another one is taken', async () => {
  const [one, other] = [createEmulator({ seed: 'empty' }), createEmulator({ seed: 'empty' })]
  const taken = await one.listen(0)
  const found = await listenAgain(other, portOf(taken.url), 0)
  expect(found.url).not.toBe(taken.url)
  await expect(listenAgain(other, portOf(taken.url), portOf(taken.url))).rejects.toThrow('EADDRINUSE')
  await taken.close()
  await found.close()
})

test('a file that is no state is refused with what to do, and is left alone', () => {
  const file = join(folder, 'broken')
  for (const content of ['', 'no state', JSON.stringify({ format: 'syncline-emulator-0' })]) {
    writeFileSync(file, content)
    expect(() => readState(file)).toThrow('Move the file away')
    expect(readFileSync(file, 'utf8')).toBe(content)
  }
  expect(readState(join(folder, 'none'))).toBeNull()
})

const listsIn = (file: string): number =>
  readState(file)?.world.data.mailboxes.values().next().value?.lists.index.size ?? 0

test('a process that is killed while it writes leaves the older or the newer state, never a broken one', async () => {
  const file = join(folder, 'killed')
  const here = (name: string): string => JSON.stringify(pathToFileURL(join(import.meta.dirname, name)).href)
  const program = `
    const { createEmulator } = await import(${here('emulator.ts')})
    const { keepState, readState } = await import(${here('state-file.ts')})
    const before = readState(${JSON.stringify(file)})
    const emulator = createEmulator(before === null ? { seed: 'demo' } : { saved: before.world })
    const anna = emulator.control.as('${ANNA}')
    const timer = setInterval(() => {
      void anna.post('/me/todo/lists', { displayName: 'one more' })
      void emulator.exchange({ method: 'GET', url: emulator.info.graph + '/me', headers: {} })
    }, 0)
    keepState(emulator, ${JSON.stringify(file)}, 0, 1)
  `
  let lists = 0
  for (let round = 0; round < 3; round++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    // It is read while it is written, and killed a moment after it held something new.
    const before = lists
    await expect.poll(() => listsIn(file), { timeout: 20_000, interval: 7 }).toBeGreaterThan(before)
    await new Promise((resolve) => setTimeout(resolve, 31 * round))
    child.kill('SIGKILL')
    await new Promise((resolve) => child.once('exit', resolve))
    lists = listsIn(file)
    expect(lists).toBeGreaterThan(before)
  }
})
