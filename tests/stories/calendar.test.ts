import { describe, expect, test } from 'vitest'
import { at, meeting, world } from '../support/world.ts'

describe('single events, both directions', () => {
  test('[R11] a meeting made in Outlook appears in the CRM', async () => {
    const { outlook, crm, pass, mailbox } = await world()
    outlook.create(meeting('Kick-off'))
    const result = await pass()
    expect(result.counts).toMatchObject({ toCrm: 1, toMailbox: 0 })
    expect(crm.find('Kick-off')?.fields).toMatchObject(meeting('Kick-off'))
    expect(mailbox.writes).toEqual([])
  })

  test('[R10] a meeting made in the CRM appears in Outlook', async () => {
    const { outlook, crm, pass } = await world()
    await crm.create(meeting('Kick-off'))
    const result = await pass()
    expect(result.counts.toMailbox).toBe(1)
    expect(outlook.find('Kick-off')?.fields).toMatchObject(meeting('Kick-off'))
  })

  test('[R2] what was moved in Outlook moves in the CRM', async () => {
    const { outlook, crm, pass } = await world({ linked: ['Kick-off'] })
    const time = at('2026-03-02T15:00:00', '2026-03-02T16:00:00')
    outlook.edit(outlook.id('Kick-off'), { time })
    await pass()
    expect(crm.find('Kick-off')?.fields['time']).toEqual(time)
  })

  test('[R4] what was moved in the CRM moves in Outlook, and only that group is written', async () => {
    const { outlook, crm, pass, mailbox } = await world({ linked: ['Kick-off'] })
    const time = at('2026-03-02T15:00:00', '2026-03-02T16:00:00')
    await crm.edit('Kick-off', { time })
    await pass()
    expect(outlook.find('Kick-off')?.fields['time']).toEqual(time)
    expect(mailbox.writes).toEqual([{ do: 'update', subject: 'Kick-off', fields: { time } }])
  })

  test('[R5] edits of different groups meet on both sides', async () => {
    const { outlook, crm, pass } = await world({ linked: ['Kick-off'] })
    outlook.edit(outlook.id('Kick-off'), { location: 'Room 2' })
    await crm.edit('Kick-off', { importance: 'high' })
    await pass()
    expect(crm.find('Kick-off')?.fields).toMatchObject({ location: 'Room 2', importance: 'high' })
    expect(outlook.find('Kick-off')?.fields).toMatchObject({ location: 'Room 2', importance: 'high' })
  })

  test('[R3] a meeting deleted in Outlook goes to quarantine in the CRM', async () => {
    const { outlook, crm, store, pass } = await world({ linked: ['Kick-off', 'Review'] })
    outlook.remove(outlook.id('Kick-off'))
    await pass()
    expect(crm.find('Kick-off')).toBeNull()
    expect(crm.find('Review')).not.toBeNull()
    expect(store.dump().records.find((row) => row.fields['subject'] === 'Kick-off')?.deletedAt).not.toBeNull()
  })

  test('[R7] a meeting deleted in the CRM is deleted in Outlook', async () => {
    const { outlook, crm, pass } = await world({ linked: ['Kick-off', 'Review'] })
    await crm.remove('Kick-off')
    await pass()
    expect(outlook.find('Kick-off')).toBeNull()
    expect(outlook.find('Review')).not.toBeNull()
  })

  test('[R6] a meeting deleted in Outlook but edited in the CRM comes back', async () => {
    const { outlook, crm, pass, conflicts } = await world({ linked: ['Kick-off'] })
    outlook.remove(outlook.id('Kick-off'))
    await crm.edit('Kick-off', { location: 'Room 2' })
    await pass()
    expect(outlook.find('Kick-off')?.fields).toMatchObject({ location: 'Room 2' })
    expect(conflicts()).toMatchObject([{ kind: 'delete', rule: 'R6', verdict: 'crm' }])
  })

  test('[R8] a meeting deleted in the CRM but edited in Outlook comes back', async () => {
    const { outlook, crm, pass, conflicts } = await world({ linked: ['Kick-off'] })
    await crm.remove('Kick-off')
    outlook.edit(outlook.id('Kick-off'), { location: 'Room 2' })
    await pass()
    expect(crm.find('Kick-off')?.fields).toMatchObject({ location: 'Room 2' })
    expect(conflicts()).toMatchObject([{ kind: 'delete', rule: 'R8', verdict: 'mailbox' }])
  })

  test('[R9] deleted on both sides is forgotten', async () => {
    const { outlook, crm, pass, links } = await world({ linked: ['Kick-off'] })
    outlook.remove(outlook.id('Kick-off'))
    await crm.remove('Kick-off')
    expect((await pass()).counts).toMatchObject({ toCrm: 0, toMailbox: 0 })
    expect(links()).toMatchObject([{ state: 'deleted' }])
  })

  test('[R1] an idle pass is one journey to Microsoft and no write', async () => {
    const { mailbox, pass, rawPass } = await world({ linked: ['Kick-off'] })
    await pass()
    mailbox.forgetWrites()
    const result = await rawPass()
    expect(mailbox.calls).toEqual(['pullMany'])
    expect(result).toMatchObject({ outcome: 'done', run: null })
  })
})
