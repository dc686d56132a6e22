import { expect, test } from 'vitest'
import { played } from './played.ts'
import { playIn } from './run.ts'
import type { Beat, Shape } from './story.ts'
import { World, type WorldOptions } from './world.ts'

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
      { conflict },
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

test('[R3] [R24] attendees that Outlook never held are on record when the item is deleted there', async () => {
  const { world } = await played('wide seeds 220, 740, 1639 and 1827', [
    { do: 'create', who: 'crm', item: 'i1', resource: 'event' },
    { do: 'edit', who: 'crm', item: 'i1', groups: ['attendees'] },
    { do: 'pass' },
    { do: 'delete', who: 'outlook', item: 'i1' },
    { do: 'pass' },
  ])
  expect(world.store.dump().records).toMatchObject([{ deletedAt: expect.any(Number) }])
  expect(world.store.dump().conflicts).toMatchObject([
    {
      group: 'attendees',
      rule: 'R24',
      verdict: 'mailbox',
      crm: [{ email: 's2z@partner.example' }],
      state: 'decided',
    },
  ])
  expect(world.emulator.control.logs.mails.entries).toEqual([])
})

test('[R3] a deletion that waits is decided again when its record is saved without a change', async () => {
  const name = 'wide seed 740'
  const shape: Shape = { direction: 'both', conflict: 'ask', guard: 0 }
  const world = await World.begin({ seed: name, shape, rates: {} })
  const beats: readonly Beat[] = [
    { do: 'create', who: 'outlook', item: 'i1', resource: 'event' },
    { do: 'pass' },
    { do: 'delete', who: 'outlook', item: 'i1' },
    { do: 'pass' },
  ]
  for (const beat of beats) await (beat.do === 'pass' ? world.pass() : world.act(beat))
  const states = () => world.store.dump().operations.map((row) => `${row.do} ${row.state}`)
  expect(states()).toEqual(['create written', 'delete held'])
  await world.act({ do: 'create', who: 'crm', item: 'i2', resource: 'event' })
  await world.act({ do: 'edit', who: 'crm', item: 'i1', groups: ['importance'] })
  expect(fieldsOf(world, 'i1')?.['importance']).toBe('normal')
  const outcome = await playIn(world, { name, shape, beats: [{ do: 'pass' }] }, {})
  expect(outcome.violations).toEqual([])
  expect(states()).toContain('delete written')
})

test('[R35] an answer takes no edit away that no pass has seen yet', async () => {
  const { world } = await played('wide seed 756', [
    { do: 'create', who: 'outlook', item: 'i1', resource: 'event' },
    { do: 'pass' },
    { do: 'edit', who: 'crm', item: 'i1', groups: ['categories'] },
    { do: 'edit', who: 'outlook', item: 'i1', groups: ['categories'] },
    { do: 'pass' },
    { do: 'edit', who: 'crm', item: 'i1', groups: ['time'] },
    { do: 'answer', nth: 0, side: 'crm' },
    { do: 'pass' },
  ])
  const inOutlook = (await world.people.holdingsOfOutlook()).get('i1')?.[0]?.plain
  expect(inOutlook).toMatchObject({ categories: 'cat s2z', time: expect.stringContaining('2026-03-24') })
})

test('[R35] an answer takes no edit away that waits to be sent', async () => {
  const { world } = await played(
    'an answer over a write',
    [
      { do: 'create', who: 'outlook', item: 'i1', resource: 'event' },
      { do: 'pass' },
      { do: 'edit', who: 'crm', item: 'i1', groups: ['categories'] },
      { do: 'edit', who: 'outlook', item: 'i1', groups: ['categories'] },
      { do: 'pass' },
      { do: 'edit', who: 'crm', item: 'i1', groups: ['body'] },
      { do: 'pass' },
      { do: 'answer', nth: 0, side: 'mailbox' },
      { do: 'pass' },
    ],
    { plan: [{ kind: 'refuse', status: 429, retryAfterSeconds: 600, method: 'PATCH' }] },
    { conflict: 'mailbox' },
  )
  expect(world.store.dump().operations.filter((row) => row.state === 'superseded')).toHaveLength(1)
  expect((await world.people.holdingsOfOutlook()).get('i1')?.[0]?.plain['body']).toBe('about s4z')
})

const REFUSED_BEHIND_THE_PATTERN = {
  plan: [{ kind: 'refuse', status: 429, retryAfterSeconds: 600, method: 'PATCH', after: 1 }],
} as const satisfies Partial<WorldOptions>
const CUT_OFF_BEHIND_THE_PATTERN = { crashWhen: { label: /^reply 200 PATCH/, times: 1 } }
for (const [when, options] of [
  ['the answer was lost', CUT_OFF_BEHIND_THE_PATTERN],
  ['the next request was refused', REFUSED_BEHIND_THE_PATTERN],
] as const)
  test(`[R26] an exception that Exchange dropped with our new pattern is put back (${when})`, async () => {
    const { world } = await played(
      'wide seed 1774',
      [
        { do: 'create', who: 'crm', item: 'i1', resource: 'series' },
        { do: 'pass' },
        { do: 'occurrence', who: 'outlook', item: 'i1', nth: 2, group: 'subject' },
        { do: 'pass' },
        { do: 'pattern', who: 'crm', item: 'i1', count: 6 },
        { do: 'pass' },
      ],
      options,
    )
    const slot = Object.keys(fieldsOf(world, 'i1') ?? {}).filter((group) => group.startsWith('occurrence/'))
    expect(slot).toHaveLength(1)
    expect(Object.values((await world.people.holdingsOfOutlook('i1')).get('i1')?.[0]?.plain ?? {})).toContain(
      'i1 s2z',
    )
    expect(world.store.dump().conflicts).toEqual([])
  })

/** Four new events in Outlook, told in pages of two, while Microsoft forgets `times` times where a round has got to. */
async function forgetful(times: number): Promise<World> {
  const evicted = { kind: 'tokens-evicted', path: 'skiptoken', count: times } as const
  const shape: Shape = { direction: 'both', conflict: 'crm' }
  const world = await World.begin({
    seed: 'wide seed 3149',
    shape,
    rates: { 'small-pages': 1 },
    plan: [evicted],
  })
  for (const item of ['i1', 'i2', 'i3', 'i4'])
    await world.act({ do: 'create', who: 'outlook', item, resource: 'event' })
  world.emulator.control.plan([evicted])
  return world
}
const askedForEvents = (world: World) =>
  world.emulator.control.logs.requests.entries.filter(({ target }) => target.includes('skiptoken')).length

test('[I6] a place that Microsoft forgets again and again ends the reading, not the pass', async () => {
  const world = await forgetful(40)
  await world.pass()
  expect(askedForEvents(world)).toBeLessThan(10)
  expect(world.store.dump().records.length).toBeLessThan(4)
  world.quiet = true
  await world.pass()
  expect(world.store.dump().records).toHaveLength(4)
})

test('[I6] a preview during which Microsoft forgets a place shows all that it reads afterwards', async () => {
  const world = await forgetful(1)
  await world.act({ do: 'preview' })
  expect(world.emulator.control.faults.injected.get('tokens-evicted')).toBe(1)
  expect(world.store.dump().operations).toMatchObject(
    Array.from({ length: 4 }, () => ({ do: 'create', side: 'crm', state: 'held' })),
  )
})

test('[R6] a page that tells late of an item that was made again brings nothing back', async () => {
  const { world } = await played(
    'wide seeds 3149 and 3912',
    [
      { do: 'create', who: 'outlook', item: 'i1', resource: 'event' },
      { do: 'pass' },
      { do: 'edit', who: 'crm', item: 'i1', groups: ['body'] },
      { do: 'delete', who: 'outlook', item: 'i1' },
      { do: 'pass' },
      { do: 'pass' },
      { do: 'delete', who: 'crm', item: 'i1' },
      { do: 'pass' },
    ],
    { rates: { ghost: 1 } },
  )
  expect(world.injected.get('ghost')).toBeGreaterThan(1)
  expect(world.store.dump().records).toMatchObject([{ deletedAt: expect.any(Number) }])
})

test('[I9] whoever replaced attendees that had arrived has seen them, also when the answer was lost', async () => {
  const { world } = await played(
    'wide seed 3622',
    [
      { do: 'create', who: 'outlook', item: 'i1', resource: 'event' },
      { do: 'pass' },
      { do: 'edit', who: 'crm', item: 'i1', groups: ['attendees'] },
      { do: 'pass' },
      { do: 'edit', who: 'outlook', item: 'i1', groups: ['attendees'] },
      { do: 'pass' },
    ],
    { crashWhen: { label: /^reply 200 PATCH/, times: 1 } },
  )
  expect(fieldsOf(world, 'i1')?.['attendees']).toMatchObject([{ email: 's3z@partner.example' }])
  expect(world.store.dump().conflicts).toEqual([])
})

test('[R31] a write that is decided again and again before it leaves is no fight of two systems', async () => {
  const again: readonly Beat[] = [{ do: 'server', what: 'bump' }, { do: 'pass' }]
  const { world } = await played(
    'seed 513',
    [
      { do: 'create', who: 'outlook', item: 'i1', resource: 'event' },
      { do: 'pass' },
      { do: 'edit', who: 'crm', item: 'i1', groups: ['body'] },
      ...Array.from({ length: 8 }, () => again).flat(),
    ],
    { plan: [{ kind: 'refuse', status: 429, retryAfterSeconds: 60, method: 'PATCH' }] },
  )
  expect((await world.people.holdingsOfOutlook()).get('i1')?.[0]?.plain['body']).toBe('about s2z')
})

test('[R26] an exception that a shorter pattern left out before the series was made is on record', async () => {
  const { world } = await played('wide seed 14244', [
    { do: 'create', who: 'crm', item: 'i1', resource: 'series' },
    { do: 'occurrence', who: 'crm', item: 'i1', nth: 5, group: 'location' },
    { do: 'pattern', who: 'crm', item: 'i1', count: 3 },
    { do: 'pass' },
  ])
  expect(world.store.dump().conflicts).toMatchObject([{ rule: 'R26', crm: 'Room s2z' }])
})

test('[R3] a page that tells late of an item whose record waits for its deletion does not call that off', async () => {
  const name = 'wide seed 15231'
  const shape: Shape = { direction: 'both', conflict: 'mailbox', guard: 0 }
  const world = await World.begin({ seed: name, shape, rates: { ghost: 1 } })
  const beats: readonly Beat[] = [
    { do: 'create', who: 'outlook', item: 'i1', resource: 'event' },
    { do: 'pass' },
    { do: 'delete', who: 'outlook', item: 'i1' },
    { do: 'pass' },
    { do: 'pass' },
    { do: 'pass' },
  ]
  const outcome = await playIn(world, { name, shape, beats }, {})
  expect(outcome.violations).toEqual([])
  expect(world.injected.get('ghost')).toBeGreaterThan(0)
  const deletions = world.store.dump().operations.filter((row) => row.do === 'delete')
  expect(deletions).toMatchObject([{ state: 'written', rule: 'R3' }])
})
