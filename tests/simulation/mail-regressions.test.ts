import { expect, test } from 'vitest'
import { played } from './played.ts'
import { mailOptions, play } from './run.ts'
import type { Beat } from './story.ts'
import type { World } from './world.ts'

/** What worlds of mail found, as far as it is a matter of mail alone. */
const arrives = (item: string): Beat => ({ do: 'create', who: 'outlook', item, resource: 'message' })
const MAIL = { mail: true } as const
const namesInCrm = (world: World): string[] => [...world.people.holdingsOfCrm().keys()]

test('[R34] a message that was moved and deleted at the same time comes back where it lies', async () => {
  const { world } = await played(
    'mail seed 7',
    [
      arrives('i1'),
      { do: 'pass' },
      { do: 'delete', who: 'crm', item: 'i1' },
      { do: 'edit', who: 'outlook', item: 'i1', groups: ['folder'] },
      { do: 'pass' },
    ],
    MAIL,
  )
  expect(world.people.holdingsOfCrm().get('i1')?.[0]?.plain['folder']).toBe('Archive')
})

test('[R21] a message that was taken back out of Deleted Items finds the record that was left to itself', async () => {
  const { world } = await played(
    'mail seed 259',
    [
      arrives('i1'),
      { do: 'pass' },
      { do: 'edit', who: 'crm', item: 'i1', groups: ['categories'] },
      { do: 'delete', who: 'outlook', item: 'i1' },
      { do: 'pass' },
      { do: 'recover', who: 'outlook', item: 'i1' },
      { do: 'pass' },
    ],
    MAIL,
    { direction: 'mailbox-to-crm' },
  )
  expect(world.people.holdingsOfCrm().get('i1')).toHaveLength(1)
})

test('[R8] a message that we deleted and somebody took back before the next round is seen, though it is told as removed', async () => {
  const { world } = await played(
    'mail seed 292',
    [
      arrives('i1'),
      { do: 'pass' },
      { do: 'delete', who: 'crm', item: 'i1' },
      { do: 'pass' },
      { do: 'recover', who: 'outlook', item: 'i1' },
      { do: 'pass' },
    ],
    MAIL,
  )
  expect(namesInCrm(world)).toEqual(['i1'])
})

test('[R7] a move whose answer was lost is our own, and the message is deleted where it went', async () => {
  const { world, outcome } = await played(
    'mail seed 7003',
    [
      arrives('i1'),
      { do: 'pass' },
      { do: 'edit', who: 'outlook', item: 'i1', groups: ['flag'] },
      { do: 'pass' },
      { do: 'edit', who: 'crm', item: 'i1', groups: ['folder'] },
      { do: 'pass' },
      { do: 'delete', who: 'crm', item: 'i1' },
      { do: 'pass' },
    ],
    { ...MAIL, crashWhen: { label: /^reply 201 POST .*move/, times: 1 } },
  )
  expect(outcome.crashes).toBe(1)
  expect(namesInCrm(world)).toEqual([])
})

for (const [seed, says] of [
  ['m7889', '[R3] a message that was deleted while our write of it was unanswered is gone on both sides'],
  [
    'm30747',
    '[R34] a write that waited while its message was moved in Outlook is written where the message lies',
  ],
] as const)
  test(says, async () => {
    const { story, ...drawn } = mailOptions(seed)
    const outcome = await play(story, { seed, ...drawn })
    expect(outcome.violations).toEqual([])
  })
