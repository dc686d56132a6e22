import { describe, expect, test } from 'vitest'
import { MAILBOX, at, invited, meeting, world } from '../support/world.ts'

describe('preview, approval, undo', () => {
  test('[P25] a preview writes nothing on either side, and says what would be written', async () => {
    const { engine, outlook, crm, mailbox, store } = await world({ linked: ['Kick-off'] })
    outlook.create(meeting('From Outlook'))
    await crm.create(meeting('From the CRM', { attendees: invited('carl@fabrikam.example') }))
    await crm.edit('Kick-off', { location: 'Room 2' })
    const before = store.dump()
    const preview = await engine.preview(MAILBOX, 'calendar')
    const after = store.dump()
    expect(mailbox.writes).toEqual([])
    expect(after.records).toEqual(before.records)
    expect(after.links).toEqual(before.links)
    expect(after.collections).toEqual(before.collections)
    expect(preview.operations.map((row) => [row.side, row.do, row.title, row.rule]).sort()).toEqual([
      ['crm', 'create', 'From Outlook', 'R11'],
      ['mailbox', 'create', 'From the CRM', 'R10'],
      ['mailbox', 'update', 'Kick-off', 'R4'],
    ])
    expect(preview.outcome).toBe('held')
    const run = after.runs.find((row) => row.id === preview.run)
    expect(run).toMatchObject({ state: 'planned', counts: { mailed: 1, mailbox: { create: 1, update: 1 } } })
  })

  test('[P25] approval executes exactly the plan; what changed since is decided anew', async () => {
    const { engine, outlook, crm, pass, store, mailbox } = await world({ linked: ['Kick-off', 'Review'] })
    await crm.edit('Kick-off', { location: 'Room 2' })
    await crm.edit('Review', { location: 'Room 3' })
    outlook.create(meeting('From Outlook'))
    const { run, operations } = await engine.preview(MAILBOX, 'calendar')
    await crm.edit('Review', { location: 'Room 4' })
    outlook.create(meeting('Not in the plan'))
    await engine.approve(run!, { by: 'anna' })
    expect(mailbox.writes.map((write) => [write.subject, write.fields])).toEqual([
      ['Kick-off', { location: 'Room 2' }],
    ])
    expect(crm.find('From Outlook')).not.toBeNull()
    expect(crm.find('Not in the plan')).toBeNull()
    const states = new Map(store.dump().operations.map((row) => [row.id, row.state]))
    expect(operations.map((row) => [row.title, states.get(row.id)]).sort()).toEqual([
      ['From Outlook', 'written'],
      ['Kick-off', 'written'],
      ['Review', 'superseded'],
    ])
    await pass()
    expect(outlook.find('Review')?.fields['location']).toBe('Room 4')
    expect(crm.find('Not in the plan')).not.toBeNull()
  })

  test('[P25] approving a part leaves the rest waiting; declining discards it', async () => {
    const { engine, crm, mailbox, store } = await world({ linked: ['Kick-off', 'Review'] })
    await crm.edit('Kick-off', { location: 'Room 2' })
    await crm.edit('Review', { location: 'Room 3' })
    const { run, operations } = await engine.preview(MAILBOX, 'calendar')
    const [first, second] = operations
    await engine.approve(run!, { by: 'anna', operations: [first!.id] })
    expect(mailbox.writes).toHaveLength(1)
    expect(store.dump().runs.find((row) => row.id === run)?.state).toBe('planned')
    await engine.decline(run!, { by: 'anna' })
    expect(store.dump().operations.find((row) => row.id === second!.id)?.state).toBe('declined')
    expect(mailbox.writes).toHaveLength(1)
  })

  test('[P25] a first sync can be previewed, with its matches and its deletions counted', async () => {
    const { engine, outlook, crm, pass, mailbox } = await world()
    for (const each of ['One', 'Two', 'Three']) outlook.create(meeting(each))
    await crm.create(meeting('Two', { location: 'Room 2' }))
    const { run, operations } = await engine.preview(MAILBOX, 'calendar')
    expect(operations.map((row) => [row.side, row.do, row.title]).sort()).toEqual([
      ['crm', 'create', 'One'],
      ['crm', 'create', 'Three'],
      ['crm', 'update', 'Two'],
      ['mailbox', 'update', 'Two'],
    ])
    await engine.approve(run!, { by: 'anna' })
    expect(crm.all()).toHaveLength(3)
    expect(mailbox.writes).toHaveLength(1)
    await pass()
    expect(crm.all()).toHaveLength(3)
    expect(mailbox.writes).toHaveLength(1)
  })

  test('[P25] [R38] undoing a run takes its writes back on both sides', async () => {
    const { engine, outlook, crm, pass } = await world({ linked: ['Kick-off', 'Review'] })
    const time = at('2026-03-02T15:00:00', '2026-03-02T16:00:00')
    outlook.edit(outlook.id('Kick-off'), { time })
    await crm.edit('Review', { location: 'Room 3' })
    outlook.create(meeting('From Outlook'))
    await crm.create({ ...crm.find('Review')!.fields, subject: 'From the CRM' })
    const { run } = await pass()
    const undone = await engine.undo(MAILBOX, 'calendar', { run: run! }, 'anna')
    expect(undone.refused).toEqual([])
    expect(crm.find('Kick-off')?.fields['time']).toEqual(meeting('')['time'])
    expect(outlook.find('Kick-off')?.fields['time']).toEqual(meeting('')['time'])
    expect(crm.find('Review')?.fields['location']).toBeNull()
    expect(outlook.find('Review')?.fields['location']).toBeNull()
    expect(crm.find('From Outlook')).toBeNull()
    expect(outlook.find('From Outlook')).not.toBeNull()
    expect(outlook.find('From the CRM')).toBeNull()
    expect(crm.find('From the CRM')).not.toBeNull()
    await pass()
    expect(crm.find('From Outlook')).toBeNull()
    expect(outlook.find('From Outlook')).not.toBeNull()
    expect(outlook.find('From the CRM')).toBeNull()
  })

  test('[P25] [R38] undoing a deletion brings the pair back on both sides', async () => {
    const { engine, outlook, crm, pass, mailbox } = await world({
      linked: [meeting('Kick-off', { attendees: invited('carl@fabrikam.example') }), meeting('Review')],
    })
    outlook.remove(outlook.id('Kick-off'))
    await crm.remove('Review')
    const { run } = await pass()
    expect([crm.find('Kick-off'), outlook.find('Review')]).toEqual([null, null])
    const before = mailbox.mails.length
    const undone = await engine.undo(MAILBOX, 'calendar', { run: run! }, 'anna')
    expect(undone.refused).toEqual([])
    await pass()
    for (const side of [crm, outlook])
      expect([side.find('Kick-off'), side.find('Review')].map((each) => each === null)).toEqual([
        false,
        false,
      ])
    expect(mailbox.mails).toHaveLength(before)
  })

  test('[P25] [R38] what somebody changed since is not undone', async () => {
    const { engine, outlook, crm, pass } = await world({ linked: ['Kick-off'] })
    outlook.edit(outlook.id('Kick-off'), { location: 'Room 2' })
    const { run } = await pass()
    await crm.edit('Kick-off', { location: 'Room 5' })
    const undone = await engine.undo(MAILBOX, 'calendar', { run: run! }, 'anna')
    expect(undone.refused).toMatchObject([{ reason: 'It changed since, so it was left as it is.' }])
    expect(crm.find('Kick-off')?.fields['location']).toBe('Room 5')
    await pass()
    expect(outlook.find('Kick-off')?.fields['location']).toBe('Room 5')
  })
})
