import { expect, test } from 'vitest'
import { playIn } from './run.ts'
import type { Beat, Shape } from './story.ts'
import { World, type WorldOptions } from './world.ts'

/** What the acts layer found, shrunk to the shortest story. Each is judged by the simulation's own oracle. */
async function played(
  name: string,
  beats: readonly Beat[],
  shape: Partial<Shape> = {},
  options: Partial<WorldOptions> = {},
): Promise<World> {
  const whole: Shape = { direction: 'both', conflict: 'crm', ...shape }
  const world = await World.begin({ seed: name, shape: whole, rates: {}, acts: true, ...options })
  const outcome = await playIn(world, { name, shape: whole, beats }, {})
  expect(outcome.violations).toEqual([])
  return world
}

const PASS: Beat = { do: 'pass' }
const ALL: Beat = { do: 'undo', of: 'run', nth: 0, shown: false }
const INVITED: readonly Beat[] = [{ do: 'invited', item: 'v1', group: 'new' }, PASS]
const DECLINED: Beat = { do: 'reply', who: 'crm', item: 'v1', answer: 'declined' }

const recordOf = (world: World, item: string) =>
  world.store.dump().records.find(({ fields }) => String(fields['subject']).startsWith(`${item} `))
const inOutlook = async (world: World, item: string) =>
  (await world.people.holdingsOfOutlook()).get(item)?.[0]?.plain
const responses = (world: World) =>
  world.emulator.control.logs.mails.entries.filter(({ kind }) => kind === 'meetingResponse').length

test('[R3] a meeting that is declined in the CRM goes on both sides, its organizer hears it once, and it is no conflict', async () => {
  const world = await played('declined', [...INVITED, DECLINED, PASS])
  expect(recordOf(world, 'v1')?.deletedAt).not.toBeNull()
  expect(await inOutlook(world, 'v1')).toBeUndefined()
  expect(world.store.dump().conflicts).toEqual([])
  expect(responses(world)).toBe(1)
  const answered = world.store
    .dump()
    .operations.find((row) => row.after?.['answer'] === 'declined' && row.side === 'mailbox')
  expect(answered?.state).toBe('written')
})

test('[R3] also when the answer to the answer was lost', async () => {
  const world = await played(
    'declined',
    [...INVITED, DECLINED, PASS],
    {},
    { crashWhen: { label: /^reply 202/, times: 1 } },
  )
  expect(world.crashes).toBe(1)
  expect(recordOf(world, 'v1')?.deletedAt).not.toBeNull()
  expect(world.store.dump().conflicts).toEqual([])
  expect(responses(world)).toBe(1)
})

test('[R4] how an answered meeting shows is what the person chose, not what answering makes of it', async () => {
  const world = await played('answered and shown', [
    ...INVITED,
    { do: 'reply', who: 'crm', item: 'v1', answer: 'tentative' },
    { do: 'edit', who: 'crm', item: 'v1', groups: ['showAs'] },
    PASS,
  ])
  expect(recordOf(world, 'v1')?.fields).toMatchObject({ answer: 'tentative', showAs: 'oof' })
  expect(await inOutlook(world, 'v1')).toMatchObject({ answer: 'tentative', showAs: 'oof' })
  expect(responses(world)).toBe(1)
})

test('[R25] what else was edited on a meeting that is declined is on record', async () => {
  const world = await played('declined and edited', [
    ...INVITED,
    DECLINED,
    { do: 'edit', who: 'crm', item: 'v1', groups: ['categories'] },
    PASS,
    PASS,
    { do: 'invited', item: 'v1', group: 'location' },
    PASS,
  ])
  const [kept] = world.store.dump().conflicts
  expect(kept).toMatchObject({ kind: 'delete', rule: 'R25', crm: { categories: ['cat s3z'] } })
  expect(responses(world)).toBe(1)
})

test('[R25] the undo of its deletion does not make somebody else’s meeting as one’s own', async () => {
  const world = await played('a deletion undone', [...INVITED, DECLINED, PASS, PASS, ALL])
  expect(recordOf(world, 'v1')?.deletedAt).not.toBeNull()
  expect(await inOutlook(world, 'v1')).toBeUndefined()
})

test('[R25] nor does restoring its record, which goes back to quarantine with the reason', async () => {
  const world = await played('restored', [
    ...INVITED,
    DECLINED,
    PASS,
    PASS,
    { do: 'restore', item: 'v1' },
    PASS,
  ])
  expect(recordOf(world, 'v1')?.deletedAt).not.toBeNull()
  expect(await inOutlook(world, 'v1')).toBeUndefined()
  expect(world.store.dump().conflicts).toMatchObject([{ kind: 'delete', rule: 'R25' }])
})

test('[R25] a record whose deletion waits is not emptied when somebody answers meanwhile', async () => {
  const world = await played('a deletion that waits', [
    ...INVITED,
    { do: 'delete', who: 'crm', item: 'v1' },
    PASS,
    { do: 'create', who: 'outlook', item: 'i2', resource: 'event' },
    PASS,
    // A creation that is to be undone: its deletion waits, and all later ones with it.
    { do: 'undo', of: 'run', nth: 0, shown: true },
    { do: 'restore', item: 'v1' },
    PASS,
    { do: 'reply', who: 'crm', item: 'v1', answer: 'tentative' },
    PASS,
  ])
  expect(recordOf(world, 'v1')?.fields['time']).toBeDefined()
})

test('[R25] a person who keeps the record of a meeting that is gone keeps it alone', async () => {
  const world = await played('a deletion declined', [
    { do: 'create', who: 'outlook', item: 'i3', resource: 'event' },
    PASS,
    // A deletion that waits for a person lets all later ones wait.
    { do: 'undo', of: 'run', nth: 0, shown: true },
    ...INVITED,
    DECLINED,
    PASS,
    PASS,
    { do: 'decide', yes: false },
  ])
  expect(recordOf(world, 'v1')?.deletedAt).toBeNull()
  expect(await inOutlook(world, 'v1')).toBeUndefined()
})

test('[R38] an answer to an invitation is not undone, because Microsoft has no way to take it back', async () => {
  const world = await played('an answer undone', [
    ...INVITED,
    { do: 'reply', who: 'outlook', item: 'v1', answer: 'tentative' },
    PASS,
    { do: 'undo', of: 'item', nth: 0, shown: false },
  ])
  expect(recordOf(world, 'v1')?.fields['answer']).toBe('tentative')
})

test('[R38] an occurrence that was taken out is not put back by an undo, because Microsoft has no way to', async () => {
  const world = await played('a removal undone', [
    { do: 'create', who: 'outlook', item: 'i1', resource: 'series' },
    PASS,
    { do: 'occurrence', who: 'outlook', item: 'i1', nth: 3, group: 'cancelled' },
    PASS,
    ALL,
    PASS,
  ])
  const shown = world.people.holdingsOfCrm('i1').get('i1')?.[0]?.plain ?? {}
  expect(
    Object.keys(shown).filter((group) => group.endsWith('/location') && group !== 'location'),
  ).toHaveLength(7)
  expect(world.store.dump().operations.map(({ state }) => state)).not.toContain('rejected')
})

test('[R38] a record of which an occurrence was changed since is not deleted by an undo', async () => {
  const world = await played('a creation undone', [
    { do: 'create', who: 'outlook', item: 'i1', resource: 'series' },
    PASS,
    { do: 'occurrence', who: 'crm', item: 'i1', nth: 3, group: 'location' },
    ALL,
    PASS,
  ])
  expect(recordOf(world, 'i1')?.deletedAt).toBeNull()
  const told = Object.entries((await inOutlook(world, 'i1')) ?? {}).filter(
    ([, value]) => value === 'Room s2z',
  )
  expect(told).toHaveLength(1)
})

test('[R21] a record that is restored finds the item again that outlived its deletion', async () => {
  const world = await played(
    'restored',
    [
      { do: 'create', who: 'crm', item: 'i1', resource: 'event' },
      PASS,
      { do: 'edit', who: 'outlook', item: 'i1', groups: ['location'] },
      { do: 'delete', who: 'crm', item: 'i1' },
      PASS,
      { do: 'edit', who: 'outlook', item: 'i1', groups: ['body'] },
      PASS,
      { do: 'restore', item: 'i1' },
      PASS,
    ],
    { direction: 'crm-to-mailbox' },
  )
  expect((await world.people.holdingsOfOutlook()).get('i1')).toHaveLength(1)
  expect(world.store.dump().links.map(({ state }) => state)).toEqual(['linked'])
  expect(world.store.dump().conflicts.filter(({ rule }) => rule === 'R21')).toHaveLength(1)
})
