import { expect, test } from 'vitest'
import { playIn, type Outcome } from './run.ts'
import type { Beat, Shape } from './story.ts'
import { World, type WorldOptions } from './world.ts'

/** What the simulation found, shrunk to the shortest story. Each is judged by the simulation's own oracle. */
async function played(
  name: string,
  beats: readonly Beat[],
  options: Partial<WorldOptions> = {},
  conflict: Shape['conflict'] = 'crm',
): Promise<{ world: World; outcome: Outcome }> {
  const shape: Shape = { direction: 'both', conflict }
  const world = await World.begin({ seed: name, shape, rates: {}, ...options })
  const outcome = await playIn(world, { name, shape, beats }, {})
  expect(outcome.violations).toEqual([])
  return { world, outcome }
}

const fieldsOf = (world: World, item: string) =>
  world.store.dump().records.find(({ fields }) => String(fields['subject']).startsWith(`${item} `))?.fields

for (const conflict of ['crm', 'mailbox', 'ask'] as const)
  test(`[R33] steps that never followed their new task are kept when somebody wrote others there (${conflict})`, async () => {
    const { world, outcome } = await played(
      'seeds 6524 and 7422',
      [
        { do: 'create', who: 'crm', item: 'i1', resource: 'task' },
        { do: 'edit', who: 'crm', item: 'i1', groups: ['steps'] },
        { do: 'pass' },
        { do: 'edit', who: 'outlook', item: 'i1', groups: ['steps'] },
        { do: 'pass' },
      ],
      { crashWhen: { label: /^send POST .*checklistItems/, times: 1 } },
      conflict,
    )
    expect(outcome.crashes).toBe(1)
    const [kept] = world.store.dump().conflicts
    expect(kept).toMatchObject({
      group: 'steps',
      crm: [{ title: 'step s2z' }],
      mailboxValue: [{ title: 'step s3z' }],
    })
    if (conflict !== 'ask')
      expect(fieldsOf(world, 'i1')?.['steps']).toEqual(conflict === 'crm' ? kept?.crm : kept?.mailboxValue)
  })

test('[R33] a task that was made without its steps gets them, and that is no conflict', async () => {
  const { world, outcome } = await played(
    'a create cut off',
    [
      { do: 'create', who: 'crm', item: 'i1', resource: 'task' },
      { do: 'edit', who: 'crm', item: 'i1', groups: ['steps'] },
      { do: 'pass' },
      { do: 'edit', who: 'outlook', item: 'i1', groups: ['body'] },
      { do: 'pass' },
    ],
    { crashWhen: { label: /^send POST .*checklistItems/, times: 1 } },
  )
  expect(outcome.crashes).toBe(1)
  expect(world.store.dump().conflicts).toEqual([])
  expect(fieldsOf(world, 'i1')?.['steps']).toMatchObject([{ title: 'step s2z' }])
})

test('[R33] a task that was made without steps keeps those that somebody writes before the look-up', async () => {
  const { world } = await played(
    'task: title in the CRM, mark in Outlook',
    [
      { do: 'create', who: 'crm', item: 'i1', resource: 'task' },
      { do: 'pass' },
      { do: 'edit', who: 'crm', item: 'i1', groups: ['subject'] },
      { do: 'edit', who: 'outlook', item: 'i1', groups: ['steps'] },
      { do: 'pass' },
    ],
    { loseReplyOf: 1 },
  )
  expect(world.store.dump().conflicts).toEqual([])
  expect(fieldsOf(world, 'i1')?.['steps']).toMatchObject([{ title: 'step s3z' }])
})

/** The second of the two requests that write the CRM's steps is refused until the pass gives up; then come `beats`. */
async function playedHalfWritten(beats: readonly Beat[]): Promise<World> {
  const name = 'wide seed 95'
  const shape: Shape = { direction: 'both', conflict: 'ask' }
  const refused = { kind: 'refuse', status: 429, retryAfterSeconds: 600, method: 'DELETE' } as const
  const world = await World.begin({ seed: name, shape, rates: {}, plan: [refused] })
  await world.act({ do: 'create', who: 'outlook', item: 'i1', resource: 'task' })
  await world.act({ do: 'edit', who: 'outlook', item: 'i1', groups: ['steps'] })
  await world.pass()
  await world.act({ do: 'edit', who: 'crm', item: 'i1', groups: ['steps', 'categories'] })
  await world.pass()
  expect(await stepsInOutlook(world)).toBe('step s2z:open,step s3z:open')
  const outcome = await playIn(world, { name, shape, beats }, {})
  expect(outcome.violations).toEqual([])
  return world
}

const stepsInOutlook = async (world: World) =>
  (await world.people.holdingsOfOutlook()).get('i1')?.[0]?.plain['steps']

test('[R33] steps that were half written when a request was refused are no edit of a person', async () => {
  const world = await playedHalfWritten([])
  expect(world.store.dump().conflicts).toEqual([])
  expect(await stepsInOutlook(world)).toBe('step s3z:open')
})

test('[R8] a deleted task whose steps were half written comes back with all that the CRM wrote', async () => {
  const world = await playedHalfWritten([
    { do: 'delete', who: 'crm', item: 'i1' },
    { do: 'edit', who: 'outlook', item: 'i1', groups: ['subject'] },
  ])
  expect(await stepsInOutlook(world)).toBe('step s3z:open')
  expect(fieldsOf(world, 'i1')?.['steps']).toMatchObject([{ title: 'step s3z' }])
})

test('[R7] a task of which only a part of our change arrived is deleted with it, and does not come back', async () => {
  const { world, outcome } = await played(
    'seed 15791',
    [
      { do: 'create', who: 'crm', item: 'i1', resource: 'task' },
      { do: 'pass' },
      { do: 'edit', who: 'crm', item: 'i1', groups: ['steps', 'categories'] },
      { do: 'pass' },
      { do: 'delete', who: 'crm', item: 'i1' },
      { do: 'pass' },
    ],
    { crashWhen: { label: /^send POST .*checklistItems/, times: 1 } },
  )
  expect(outcome.crashes).toBe(1)
  expect((await world.people.holdingsOfOutlook()).get('i1')).toBeUndefined()
})

for (const [how, options] of [
  ['cut off', { crashWhen: { label: /^send GET .*instances/, times: 1 } }],
  [
    'refused',
    { plan: [{ kind: 'refuse', status: 429, retryAfterSeconds: 600, method: 'GET', path: '/instances' }] },
  ],
] as const)
  test(`[R7] a series of which only a part of our change arrived is deleted with it (${how})`, async () => {
    const { world } = await played(
      `a series ${how}`,
      [
        { do: 'create', who: 'crm', item: 'i1', resource: 'series' },
        { do: 'pass' },
        { do: 'edit', who: 'crm', item: 'i1', groups: ['subject'] },
        { do: 'occurrence', who: 'crm', item: 'i1', nth: 2, group: 'location' },
        { do: 'pass' },
        { do: 'delete', who: 'crm', item: 'i1' },
        { do: 'pass' },
      ],
      options,
    )
    expect((await world.people.holdingsOfOutlook()).get('i1')).toBeUndefined()
  })

test('[R6] an edit whose answer was lost survives a deletion that may have seen it, with both on record', async () => {
  const { world, outcome } = await played(
    'seed 7279',
    [
      { do: 'create', who: 'outlook', item: 'i3', resource: 'series' },
      { do: 'pass' },
      { do: 'occurrence', who: 'crm', item: 'i3', nth: 4, group: 'subject' },
      { do: 'pass' },
      { do: 'delete', who: 'outlook', item: 'i3' },
      { do: 'pass' },
    ],
    { crashWhen: { label: /^reply 200 PATCH/, times: 1 } },
  )
  expect(outcome.crashes).toBe(1)
  expect(outcome.recreated).toBe(true)
  expect(world.store.dump().conflicts).toMatchObject([{ kind: 'delete', rule: 'R6' }])
  expect((await world.people.holdingsOfOutlook()).get('i3')).toHaveLength(1)
})

test('[R6] a previewed deletion is not carried out on an item that was made again since', async () => {
  const { world } = await played('wide seed 483', [
    { do: 'create', who: 'outlook', item: 'i2', resource: 'task' },
    { do: 'pass' },
    { do: 'delete', who: 'outlook', item: 'i2' },
    { do: 'preview' },
    { do: 'edit', who: 'crm', item: 'i2', groups: ['categories'] },
    { do: 'pass' },
    { do: 'decide', yes: true },
  ])
  expect(fieldsOf(world, 'i2')?.['categories']).toEqual(['cat s3z'])
})

test('[R24] attendees that the first sync left out stay in the CRM, and give way only on record', async () => {
  const { world } = await played('wide seed 131', [
    { do: 'create', who: 'crm', item: 'i1', resource: 'event' },
    { do: 'edit', who: 'crm', item: 'i1', groups: ['attendees'] },
    { do: 'pass' },
    { do: 'pass' },
  ])
  expect(fieldsOf(world, 'i1')?.['attendees']).toMatchObject([{ email: 's2z@partner.example' }])
  expect(world.emulator.control.logs.mails.entries).toEqual([])
  await world.act({ do: 'edit', who: 'outlook', item: 'i1', groups: ['attendees'] })
  await world.pass()
  expect(fieldsOf(world, 'i1')?.['attendees']).toMatchObject([{ email: 's3z@partner.example' }])
  expect(world.store.dump().conflicts).toMatchObject([
    { group: 'attendees', rule: 'R24', verdict: 'mailbox' },
  ])
})
