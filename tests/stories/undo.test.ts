import { describe, expect, test } from 'vitest'
import { at, MAILBOX, meeting, world } from '../support/world.ts'

const CHANGED = 'It changed since, so it was left as it is.'

/** A run that wrote on both sides: one pair merged, one created here, one created there, one deleted. */
async function aRun() {
  const here = await world({ linked: ['Kick-off', 'Review'] })
  const { outlook, crm } = here
  outlook.edit(outlook.id('Kick-off'), { time: at('2026-03-02T15:00:00', '2026-03-02T16:00:00') })
  await crm.edit('Kick-off', { location: 'Room 3' })
  outlook.create(meeting('From Outlook'))
  await crm.create({ ...crm.find('Review')!.fields, subject: 'From the CRM' })
  outlook.remove(outlook.id('Review'))
  const { run } = await here.pass()
  here.mailbox.forgetWrites()
  return { ...here, run: run! }
}
type Here = Awaited<ReturnType<typeof aRun>>
const records = ({ store }: Pick<Here, 'store'>): string => JSON.stringify(store.dump().records)
const shown = (operations: readonly { side: string; do: string; title: string }[]): string[] =>
  operations.map((row) => `${row.side} ${row.do} ${row.title}`).sort()

describe('undo, shown beforehand', () => {
  test('[P25] [R38] the plan of an undo writes nothing; approving it carries out exactly that', async () => {
    const here = await aRun()
    const before = records(here)
    const plan = await here.engine.planUndo(MAILBOX, 'calendar', { run: here.run }, 'anna')
    expect(plan.refused).toEqual([])
    expect(shown(plan.operations)).toEqual([
      'crm delete From Outlook',
      'crm restore Review',
      'crm update Kick-off',
      'mailbox create Review',
      'mailbox delete From the CRM',
      'mailbox update Kick-off',
    ])
    expect(plan.operations.every((row) => row.state === 'held')).toBe(true)
    expect(records(here)).toBe(before)
    expect(here.mailbox.writes).toEqual([])
    await here.pass()
    expect(records(here)).toBe(before)
    expect(here.mailbox.writes).toEqual([])

    const done = await here.engine.approve(plan.run!, { by: 'anna' })
    expect(done.outcome).toBe('done')
    const rows = here.journal().filter((row) => row.run === plan.run)
    expect(rows.map((row) => row.id).sort()).toEqual(plan.operations.map((row) => row.id).sort())
    expect(rows.map((row) => row.state)).toEqual(rows.map(() => 'written'))
    for (const side of [here.crm, here.outlook]) {
      expect(side.find('Kick-off')?.fields['time']).toEqual(meeting('')['time'])
      expect(side.find('Kick-off')?.fields['location']).toBeNull()
      expect(side.find('Review')).not.toBeNull()
    }
    expect(here.crm.find('From Outlook')).toBeNull()
    expect(here.outlook.find('From the CRM')).toBeNull()
    await here.pass()
    expect(here.outlook.find('From the CRM')).toBeNull()
    expect(here.crm.find('From Outlook')).toBeNull()
  })

  test('[P25] [R38] what is changed between the plan and its approval stays, with the reason', async () => {
    const here = await aRun()
    const plan = await here.engine.planUndo(MAILBOX, 'calendar', { run: here.run }, 'anna')
    await here.crm.edit('Kick-off', { location: 'Room 9' })
    here.outlook.edit(here.outlook.id('From the CRM'), { location: 'Cellar' })
    await here.engine.approve(plan.run!, { by: 'anna' })
    const of = (title: string) => here.journal().filter((row) => row.run === plan.run && row.title === title)
    for (const title of ['Kick-off', 'From the CRM'])
      for (const row of of(title)) expect(row).toMatchObject({ state: 'superseded', reason: CHANGED })
    expect(of('From Outlook')).toMatchObject([{ state: 'written' }])
    await here.pass()
    expect(here.crm.find('Kick-off')?.fields['location']).toBe('Room 9')
    expect(here.outlook.find('Kick-off')?.fields['location']).toBe('Room 9')
    expect(here.outlook.find('From the CRM')?.fields['location']).toBe('Cellar')
    expect(here.crm.find('From the CRM')?.fields['location']).toBe('Cellar')
  })

  test('[P25] [R38] what was changed before is named in the plan and not part of it', async () => {
    const here = await world({ linked: ['Kick-off', 'Review'] })
    for (const title of ['Kick-off', 'Review'])
      here.outlook.edit(here.outlook.id(title), { location: 'Room 2' })
    const { run } = await here.pass()
    await here.crm.edit('Kick-off', { location: 'Room 5' })
    const plan = await here.engine.planUndo(MAILBOX, 'calendar', { run: run! }, 'anna')
    const touched = here.journal().find((row) => row.run === run && row.title === 'Kick-off')
    expect(plan.refused).toEqual([{ operation: touched?.id, reason: CHANGED }])
    expect(plan.operations.map((row) => row.title)).toEqual(['Review', 'Review'])
  })

  test('[R38] an edit in the CRM that no run has seen yet is not overwritten by an undo', async () => {
    const here = await world({ linked: ['Kick-off'] })
    await here.crm.edit('Kick-off', { location: 'Room 2' })
    const { run } = await here.pass()
    await here.crm.edit('Kick-off', { location: 'Room 3' })
    const undone = await here.engine.undo(MAILBOX, 'calendar', { run: run! }, 'anna')
    expect(undone.refused).toMatchObject([{ reason: CHANGED }])
    expect(here.crm.find('Kick-off')?.fields['location']).toBe('Room 3')
  })

  test('[R38] one write, and one item, are undone by themselves', async () => {
    const here = await aRun()
    const write = here
      .journal()
      .find((row) => row.run === here.run && row.title === 'Kick-off' && row.side === 'mailbox')
    const one = await here.engine.planUndo(MAILBOX, 'calendar', { operations: [write!.id] }, 'anna')
    await here.engine.approve(one.run!, { by: 'anna' })
    expect(here.outlook.find('Kick-off')?.fields).toMatchObject({ location: null })
    expect(here.crm.find('Kick-off')?.fields['time']).not.toEqual(meeting('')['time'])
    await here.pass()

    const again = await aRun()
    const { link } = again.journal().find((row) => row.run === again.run && row.title === 'Kick-off')!
    const item = await again.engine.planUndo(MAILBOX, 'calendar', { run: again.run, link }, 'anna')
    expect(shown(item.operations)).toEqual(['crm update Kick-off', 'mailbox update Kick-off'])
    await again.engine.approve(item.run!, { by: 'anna' })
    for (const side of [again.crm, again.outlook])
      expect(side.find('Kick-off')?.fields).toMatchObject({ location: null, time: meeting('')['time'] })
    await again.pass()
  })

  test('[R38] a plan that is declined leaves both sides as they are', async () => {
    const here = await aRun()
    const before = records(here)
    const plan = await here.engine.planUndo(MAILBOX, 'calendar', { run: here.run }, 'anna')
    await here.engine.decline(plan.run!, { by: 'anna' })
    await here.pass()
    expect(records(here)).toBe(before)
    expect(here.mailbox.writes).toEqual([])
    expect(
      here
        .journal()
        .filter((row) => row.run === plan.run)
        .every((row) => row.state === 'declined'),
    ).toBe(true)
  })
})
