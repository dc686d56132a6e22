import { describe, expect, test } from 'vitest'
import type { Failure } from '../../src/connectors/connector.ts'
import { type MailboxId, asId } from '../../src/core/ids.ts'
import { newChannel } from '../../src/store/memory-store.ts'
import { MAILBOX, meeting, world } from '../support/world.ts'
import {
  BACKOFF_MINUTES_MAX,
  NEEDS_PERSON_RETRY_MINUTES,
  afterFailure,
  failedChannel,
  isLate,
  nextRegular,
  plainWords,
} from '../../src/engine/schedule.ts'

const MINUTE = 60_000
const env = { now: () => 0, newId: () => '', random: () => 0, sleep: async () => undefined }
const down: Failure = { kind: 'unavailable', message: 'The line is dead.' }
const channel = { ...newChannel(asId<MailboxId>('m'), 'calendar'), enabled: true, provenAt: 0 }

describe('the next time', () => {
  test('is spread over a tenth of the interval', () => {
    expect(nextRegular(env, 10)).toBe(10 * MINUTE)
    expect(nextRegular({ ...env, random: () => 0.999 }, 10)).toBeGreaterThanOrEqual(9 * MINUTE)
  })

  test('backs off after failures, up to a bound, and never before Microsoft’s own wish', () => {
    expect([0, 1, 2, 3].map((failures) => afterFailure(env, failures, down))).toEqual(
      [1, 2, 4, 8].map((minutes) => minutes * MINUTE),
    )
    expect(afterFailure(env, 60, down)).toBe(BACKOFF_MINUTES_MAX * MINUTE)
    const wait: Failure = { kind: 'throttled', message: '', retryAfterSeconds: 300.5 }
    expect(afterFailure(env, 0, wait)).toBe(300_500)
    const person: Failure = { kind: 'unauthorized', message: '', code: 'AADSTS50173' }
    expect(afterFailure(env, 0, person)).toBe(NEEDS_PERSON_RETRY_MINUTES * MINUTE)
  })
})

describe('[P8] silence is an alarm', () => {
  test('later than three intervals is late; paused and switched off is not', () => {
    expect(isLate(channel, 15 * MINUTE, 5)).toBe(false)
    expect(isLate(channel, 15 * MINUTE + 1, 5)).toBe(true)
    expect(isLate({ ...channel, paused: 'by Anna' }, 60 * MINUTE, 5)).toBe(false)
    expect(isLate({ ...channel, enabled: false }, 60 * MINUTE, 5)).toBe(false)
    expect(isLate({ ...channel, provenAt: null, lastStartedAt: 0 }, 60 * MINUTE, 5)).toBe(true)
    expect(isLate({ ...channel, provenAt: null }, 60 * MINUTE, 5)).toBe(false)
  })

  test('a failing pass proves nothing; a good one proves everything up to its beginning', async () => {
    const { mailbox, rawPass, pass, store, clock } = await world({ linked: ['Kick-off'] })
    const proven = () => store.dump().channels[0]?.provenAt
    await pass()
    const before = proven()
    mailbox.down = down
    await rawPass()
    expect(proven()).toBe(before)
    mailbox.down = null
    await rawPass()
    expect(proven()).toBe(clock.now)
  })
})

test('plain words say what happened and what was kept', () => {
  const failures: readonly Failure[] = [
    down,
    { kind: 'throttled', message: '', retryAfterSeconds: 1.2 },
    { kind: 'unauthorized', message: 'Sign in again.', code: 'AADSTS50173' },
    { kind: 'cursor-expired', message: '' },
    { kind: 'rejected', message: 'No.', code: 'ErrorInvalidRequest' },
  ]
  for (const failure of failures) expect(plainWords(failure)).toContain('Nothing was lost')
  expect(failedChannel(env, channel, failures[2] ?? down)).toMatchObject({ state: 'failed', failures: 1 })
  expect(failedChannel(env, channel, down)).toMatchObject({ state: 'waiting', failures: 1, nextAt: MINUTE })
})

describe('a tick', () => {
  test('runs what is due, and nothing before its time', async () => {
    const { engine, clock, crm, outlook, store } = await world()
    outlook.create(meeting('Kick-off'))
    expect(await engine.tick(clock.now)).toBe(1)
    expect(crm.find('Kick-off')).not.toBeNull()
    expect(await engine.tick(clock.now)).toBe(0)
    clock.advance(6)
    expect(await engine.tick(clock.now)).toBe(1)
    expect(store.dump().channels[0]?.nextAt).toBeGreaterThan(clock.now)
  })

  test('a mailbox that another worker holds is left to it', async () => {
    const { engine, store, clock, rawPass, mailbox } = await world({ linked: ['Kick-off'] })
    clock.advance(10)
    const lease = await store.acquireLease(MAILBOX, 'another', clock.now, 10 * MINUTE)
    expect(lease).not.toBeNull()
    mailbox.forgetWrites()
    expect(await engine.syncChannel(MAILBOX, 'calendar')).toMatchObject({ outcome: 'busy' })
    expect((await rawPass()).outcome).toBe('busy')
    expect(mailbox.calls).toEqual([])
  })
})
