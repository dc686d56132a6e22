import { expect, test } from 'vitest'
import { createEmulator } from './emulator.ts'

test('long pages that are sent and read at the same time do not mix', { timeout: 60_000 }, async () => {
  const emulator = createEmulator({ seed: 'large:messages=2000,events=10,tasks=10' })
  const { switches } = emulator.control.store
  switches.requestsPerTenMinutesMax = 0
  switches.concurrentRequestsMax = 0
  const listening = await emulator.listen(0)
  const { info } = emulator
  const headers = { authorization: `Bearer ${emulator.control.token(info.clientId, null)}` }
  const user = `${info.graph}/users/${info.users[0]?.id ?? ''}`
  const urls = [0, 150, 300, 450, 600].map((skip) => `${user}/messages?$top=150&$skip=${skip}`)
  const wanted = new Map<string, string>()
  for (const url of urls) wanted.set(url, await (await emulator.handle(new Request(url, { headers }))).text())
  expect(new Set(wanted.values()).size).toBe(urls.length)
  for (let round = 0; round < 4; round++)
    await Promise.all(
      [...urls, ...urls].map(async (url, at) => {
        const response = await fetch(url, { headers })
        // Some read slowly, some in process, one goes away in the middle.
        if (at % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 5 * at))
        if (at === 7) return response.body?.cancel()
        const inside = await emulator.exchange({ method: 'GET', url, headers })
        expect(inside.text === wanted.get(url)).toBe(true)
        expect((await response.text()) === wanted.get(url)).toBe(true)
      }),
    )
  await listening.close()
})
