import { describe, expect, test } from 'vitest'
import { meeting, world } from '../support/world.ts'

async function clash(settings: Parameters<typeof world>[0]) {
  const here = await world({ linked: ['Kick-off'], ...settings })
  here.outlook.edit(here.outlook.id('Kick-off'), { location: 'Outlook room' })
  await here.crm.edit('Kick-off', { location: 'CRM room' })
  return here
}
const rooms = ({ crm, outlook }: Awaited<ReturnType<typeof world>>) => [
  crm.find('Kick-off')?.fields['location'],
  outlook.find('Kick-off')?.fields['location'],
]

describe('conflicts', () => {
  test('[R14] [R36] the CRM wins; the losing value is kept, and a click restores it on both sides', async () => {
    const here = await clash({ settings: { conflicts: 'crm' } })
    await here.pass()
    expect(rooms(here)).toEqual(['CRM room', 'CRM room'])
    const [conflict] = here.conflicts()
    expect(conflict).toMatchObject({
      kind: 'edit',
      group: 'location',
      base: null,
      crm: 'CRM room',
      mailboxValue: 'Outlook room',
      verdict: 'crm',
      state: 'decided',
    })
    const answered = await here.engine.answer(conflict!.id, { side: 'mailbox', by: 'anna' })
    expect(answered.refusal).toBeNull()
    expect(rooms(here)).toEqual(['Outlook room', 'Outlook room'])
    expect(here.conflicts()).toMatchObject([{ state: 'restored', answeredBy: 'anna' }])
    await here.pass()
    expect(here.journal().filter((row) => row.rule === 'R36')).toHaveLength(2)
  })

  test('[R15] Microsoft wins', async () => {
    const here = await clash({ settings: { conflicts: 'mailbox' } })
    await here.pass()
    expect(rooms(here)).toEqual(['Outlook room', 'Outlook room'])
    expect(here.conflicts()).toMatchObject([{ rule: 'R15', crm: 'CRM room', verdict: 'mailbox' }])
  })

  test('[R16] the newer one wins, by more than two seconds of corrected clocks', async () => {
    const later = await world({ linked: ['Kick-off'], settings: { conflicts: 'newest' } })
    await later.crm.edit('Kick-off', { location: 'CRM room' })
    later.clock.advance(1)
    later.outlook.edit(later.outlook.id('Kick-off'), { location: 'Outlook room' })
    await later.pass()
    expect(rooms(later)).toEqual(['Outlook room', 'Outlook room'])

    const same = await clash({ settings: { conflicts: 'newest' } })
    await same.pass()
    expect(rooms(same)).toEqual(['CRM room', 'CRM room'])

    const skewed = await world({ linked: ['Kick-off'], settings: { conflicts: 'newest' } })
    skewed.mailbox.identity = { ...skewed.mailbox.identity, clockOffsetMs: 10 * 60_000 }
    await skewed.crm.edit('Kick-off', { location: 'CRM room' })
    skewed.clock.advance(5)
    skewed.outlook.edit(skewed.outlook.id('Kick-off'), { location: 'Outlook room' })
    skewed.clock.advance(61)
    await skewed.pass()
    expect(rooms(skewed)).toEqual(['CRM room', 'CRM room'])
  })

  test('[R17] ask: both sides stay, the rest goes on, and the answer goes to both', async () => {
    const here = await clash({ settings: { conflicts: 'ask' } })
    await here.crm.edit('Kick-off', { importance: 'high' })
    await here.pass()
    expect(rooms(here)).toEqual(['CRM room', 'Outlook room'])
    expect(here.outlook.find('Kick-off')?.fields['importance']).toBe('high')
    const open = here.conflicts()
    expect(open).toMatchObject([{ state: 'open', group: 'location', verdict: 'none' }])
    await here.crm.edit('Kick-off', { importance: 'low' })
    await here.pass()
    expect(rooms(here)).toEqual(['CRM room', 'Outlook room'])
    expect(here.conflicts()).toHaveLength(1)
    await here.engine.answer(open[0]!.id, { side: 'crm', by: 'anna' })
    expect(rooms(here)).toEqual(['CRM room', 'CRM room'])
    await here.pass()
    expect(here.conflicts()).toMatchObject([{ state: 'answered', answer: { take: 'crm' } }])
  })

  test('[R35] an answer that a person asked to remember decides the next clash', async () => {
    const here = await clash({ settings: { conflicts: 'ask', remembered: { location: 'mailbox' } } })
    await here.pass()
    expect(rooms(here)).toEqual(['Outlook room', 'Outlook room'])
    expect(here.conflicts()).toMatchObject([{ rule: 'R35', state: 'decided' }])
  })

  test('[R35] a value of one’s own goes to both sides; back to the rule’s choice, too', async () => {
    const here = await clash({ settings: { conflicts: 'crm' } })
    await here.pass()
    const [conflict] = here.conflicts()
    const own = await here.engine.answer(conflict!.id, { value: '  Room 4 ', by: 'anna' })
    expect(own.refusal).toBeNull()
    await here.pass()
    const written = rooms(here)[0]
    expect(rooms(here)).toEqual([written, written])
    expect(String(written).trim()).toBe('Room 4')
    expect(here.conflicts()).toMatchObject([
      { state: 'answered', answer: { take: 'value' }, answeredBy: 'anna', crm: 'CRM room' },
    ])
    await here.engine.answer(conflict!.id, { side: 'crm', by: 'anna' })
    await here.pass()
    expect(rooms(here)).toEqual(['CRM room', 'CRM room'])
  })

  test('[R35] a value that the field cannot hold is refused with the reason, and nothing is written', async () => {
    const here = await clash({ settings: { conflicts: 'ask' } })
    await here.pass()
    const [conflict] = here.conflicts()
    for (const value of [7, { room: 4 }, ['Room 4']]) {
      const own = await here.engine.answer(conflict!.id, { value, by: 'anna' })
      expect(own.refusal).toMatch(/^This value cannot be taken: .+ Nothing was changed\.$/)
    }
    expect(rooms(here)).toEqual(['CRM room', 'Outlook room'])
    expect(here.conflicts()).toMatchObject([{ state: 'open' }])
  })

  test('[R5] equal edits on both sides agree without a conflict', async () => {
    const here = await world({ linked: ['Kick-off'] })
    here.outlook.edit(here.outlook.id('Kick-off'), { location: 'Room 2' })
    await here.crm.edit('Kick-off', { location: 'Room 2' })
    const { counts } = await here.pass()
    expect(counts).toMatchObject({ toCrm: 0, toMailbox: 0, conflicts: 0 })
  })
})

describe('one-way', () => {
  test('[R18] a change on the side that only receives is reported as drift and left alone', async () => {
    const here = await world({ linked: ['Kick-off'], settings: { direction: 'mailbox-to-crm' } })
    await here.crm.edit('Kick-off', { location: 'CRM room' })
    await here.crm.create(meeting('Only in the CRM'))
    await here.pass()
    expect(here.mailbox.writes).toEqual([])
    expect(rooms(here)).toEqual(['CRM room', null])
    expect(here.conflicts()).toMatchObject([{ kind: 'drift', rule: 'R18', crm: 'CRM room' }])
  })

  test('[R19] drift is overwritten when the source changes, and kept in the conflict', async () => {
    const here = await clash({ settings: { direction: 'mailbox-to-crm' } })
    await here.pass()
    expect(rooms(here)).toEqual(['Outlook room', 'Outlook room'])
    expect(here.conflicts()).toMatchObject([{ kind: 'drift', rule: 'R19', crm: 'CRM room' }])
    expect(here.mailbox.writes).toEqual([])
  })

  test('[R39] drift is overwritten when a person asks for it', async () => {
    const here = await world({ settings: { direction: 'crm-to-mailbox' } })
    await here.crm.create(meeting('Kick-off', { importance: 'normal' }))
    await here.pass()
    here.mailbox.forgetWrites()
    here.outlook.edit(here.outlook.id('Kick-off'), { location: 'Outlook room', importance: 'high' })
    await here.pass()
    expect(here.mailbox.writes).toEqual([])
    const drift = here.conflicts().find((row) => row.group === 'importance')
    await here.engine.answer(drift!.id, { side: 'crm', by: 'anna' })
    expect(here.outlook.find('Kick-off')?.fields).toMatchObject({
      importance: 'normal',
      location: 'Outlook room',
    })
    const refused = await here.engine.answer(here.conflicts()[0]!.id, { side: 'mailbox', by: 'anna' })
    expect(refused.refusal).toBe('The direction of this sync does not write to the CRM.')
    await here.pass()
  })

  test('[R20] what was deleted on the receiving side comes back when its source changes', async () => {
    const here = await world({ linked: ['Kick-off'], settings: { direction: 'mailbox-to-crm' } })
    await here.crm.remove('Kick-off')
    await here.pass()
    expect(here.crm.find('Kick-off')).toBeNull()
    expect(here.outlook.find('Kick-off')).not.toBeNull()
    here.outlook.edit(here.outlook.id('Kick-off'), { location: 'Room 2' })
    await here.pass()
    expect(here.crm.find('Kick-off')?.fields['location']).toBe('Room 2')
    expect(here.mailbox.writes).toEqual([])
  })

  test('[R21] deleted at its source after it was changed on the receiving side: kept there', async () => {
    const here = await world({ linked: ['Kick-off'], settings: { direction: 'mailbox-to-crm' } })
    await here.crm.edit('Kick-off', { location: 'CRM room' })
    here.outlook.remove(here.outlook.id('Kick-off'))
    await here.pass()
    expect(here.crm.find('Kick-off')?.fields['location']).toBe('CRM room')
    expect(here.mailbox.writes).toEqual([])
    expect(here.links().map((link) => link.state)).toEqual(['out-of-scope'])
  })

  test('[R10] CRM to Microsoft writes there and never imports', async () => {
    const here = await world({ settings: { direction: 'crm-to-mailbox' } })
    here.outlook.create(meeting('Private of Anna'))
    await here.crm.create(meeting('From the CRM'))
    await here.pass()
    expect(here.crm.all().map((row) => row.fields['subject'])).toEqual(['From the CRM'])
    expect(here.outlook.find('From the CRM')).not.toBeNull()
  })
})
