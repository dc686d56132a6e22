import { describe, expect, test } from 'vitest'
import { messageFields } from '../../src/core/item.ts'
import { MAILBOX, mailWorld, type MailWorld } from '../support/mail-world.ts'
import { Crash, createMemoryOutgoing, outgoingRow } from '../support/memory-outgoing.ts'

/** A first import as a person lives with it. After each page the engine looks whether mail is to be sent: that is where these tests look too. */
const SIZE = 5_000

async function importing(lookIn: (world: () => MailWorld, page: number) => void | Promise<void>) {
  const outgoing = createMemoryOutgoing()
  const { due } = outgoing
  let pages = 0
  let world: MailWorld | null = null
  const present = (): MailWorld => {
    if (world === null) throw new Error('There is no world yet.')
    return world
  }
  outgoing.due = async (...asked) => {
    pages += 1
    await lookIn(present, pages)
    return due(...asked)
  }
  world = await mailWorld({ emulator: { seed: `large:messages=${SIZE}` }, selectAll: true, outgoing })
  return { world, outgoing, pages: () => pages }
}

describe('a first import', () => {
  test('the newest messages of a folder come first and can be read while the rest is on its way', async () => {
    const seen: { readonly count: number; readonly oldest: number }[] = []
    const { world } = await importing((present) => {
      const inbox = present().folder('inbox').container
      const times = present()
        .records()
        .filter((row) => row.container === inbox)
        .map((row) => messageFields(row).receivedAt ?? 0)
      if (times.length > 0) seen.push({ count: times.length, oldest: Math.min(...times) })
    })
    await world.pass()
    expect(seen[0]?.count).toBe(1_000)
    expect(seen.at(-1)?.count).toBeGreaterThan(2_500)
    // Each further page only holds what is older than the page before.
    for (const [at, one] of seen.entries())
      expect(one.oldest).toBeLessThanOrEqual(seen[at - 1]?.oldest ?? Infinity)
    const inbox = world.folder('inbox').container
    const newer = world
      .records()
      .filter(
        (row) => row.container === inbox && (messageFields(row).receivedAt ?? 0) > (seen[0]?.oldest ?? 0),
      )
    expect(newer.length).toBeLessThanOrEqual(1_000)
  })

  test('mail that a person sends does not wait for its end', async () => {
    let sentAfter: number | null = null
    const { world, outgoing } = await importing((present) => {
      if (sentAfter === null && outgoing.rows.get('now')?.state === 'sent')
        sentAfter = present().records().length
    })
    outgoing.rows.set('now', outgoingRow('now', MAILBOX, world.graph.env.now()))
    await world.pass()
    expect(sentAfter).not.toBeNull()
    expect(sentAfter).toBeLessThan(SIZE)
    expect(
      world.emulator.control.logs.mails.entries.filter((one) => one.subject === 'Mail now'),
    ).toHaveLength(1)
  })

  test('an import that broke off goes on where it was: nothing is read or stored twice', async () => {
    let dies = 0
    const { world } = await importing((_present, page) => {
      if (page === 2 || page === 4) {
        dies += 1
        throw new Crash('in the middle of the import')
      }
    })
    const passed = await world.counting(async () => {
      for (let n = 0; n < 5; n++) {
        try {
          await world.pass()
        } catch (error) {
          if (!(error instanceof Crash)) throw error
        }
      }
    })
    expect(dies).toBe(2)
    expect(world.records()).toHaveLength(SIZE)
    expect(new Set(world.records().map((row) => row.facts.internetMessageId)).size).toBe(SIZE)
    const folders = world.store.dump().collections.length
    const pages = 5 + folders
    // What the passes after the import ask for quietly, and the first look at the folders, come on top.
    expect(passed.requests).toBeLessThanOrEqual(pages + 4 * folders + 12)
  })
})
