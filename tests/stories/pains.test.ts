import { describe, expect, test } from 'vitest'
import { occurrenceGroup } from '../../src/core/item.ts'
import { MAILBOX, at, invited, meeting, world } from '../support/world.ts'

const weekly = {
  pattern: { type: 'weekly', interval: 1, days: ['monday'], weekStart: 'monday' },
  range: { type: 'endDate', start: '2026-03-02', until: '2026-04-27' },
}
const many = (count: number) => Array.from({ length: count }, (_, n) => `Meeting ${n}`)

describe('[pain 1] nobody is mailed by accident', () => {
  test('a first sync mails nobody: attendees of the CRM are not written', async () => {
    const { crm, pass, mailbox, outlook } = await world()
    await crm.create(meeting('Kick-off', { attendees: invited('carl@fabrikam.example') }))
    await pass()
    expect(outlook.find('Kick-off')?.fields['attendees']).toEqual([])
    expect(mailbox.mails).toEqual([])
  })

  test('[R28] a first sync that would mail somebody waits for a person', async () => {
    const { crm, pass, mailbox, outlook, journal, engine } = await world()
    const attendees = invited('carl@fabrikam.example')
    outlook.create(meeting('Kick-off', { attendees }))
    await crm.create(meeting('Kick-off', { attendees, location: 'Room 2' }))
    expect((await pass()).outcome).toBe('held')
    expect(mailbox.mails).toEqual([])
    const [held] = journal().filter((row) => row.state === 'held')
    expect(held).toMatchObject({ mails: ['carl@fabrikam.example'], after: { location: 'Room 2' } })
    await engine.approve(held!.run, { by: 'anna' })
    expect(mailbox.mails).toMatchObject([{ to: 'carl@fabrikam.example', about: 'update' }])
  })

  test('after the first sync, a new meeting invites, and only a change of the attendees writes attendees', async () => {
    const { crm, pass, mailbox } = await world({ linked: ['Review'] })
    await crm.create(meeting('Kick-off', { attendees: invited('carl@fabrikam.example') }))
    await pass()
    expect(mailbox.mails).toMatchObject([{ to: 'carl@fabrikam.example', about: 'invitation' }])
    await crm.edit('Kick-off', { reminder: 30 })
    await pass()
    expect(mailbox.mails).toHaveLength(1)
    expect(mailbox.writes.at(-1)?.fields).toEqual({ reminder: 30 })
  })

  test('[R24] with "Nobody" attendees are never written', async () => {
    const { crm, pass, mailbox, outlook } = await world({
      linked: ['Review'],
      settings: { invitations: 'nobody' },
    })
    await crm.create(meeting('Kick-off', { attendees: invited('carl@fabrikam.example') }))
    await pass()
    await crm.edit('Kick-off', { attendees: invited('carl@fabrikam.example', 'dora@fabrikam.example') })
    await pass()
    expect(mailbox.mails).toEqual([])
    expect(outlook.find('Kick-off')?.fields['attendees']).toEqual([])
  })

  test('the journal says whom each write mailed', async () => {
    const { crm, pass, mailbox, journal } = await world({
      linked: [meeting('Kick-off', { attendees: invited('carl@fabrikam.example', 'dora@fabrikam.example') })],
    })
    await crm.edit('Kick-off', { location: 'Room 2' })
    await pass()
    const told = journal()
      .filter((row) => row.side === 'mailbox')
      .flatMap((row) => row.mails)
    expect(told).toEqual(mailbox.mails.map((mail) => mail.to))
  })
})

describe('[pain 2] nothing is deleted because a read was empty or partial', () => {
  test('an empty listing after an expired cursor deletes nothing', async () => {
    const { crm, pass, mailbox } = await world({ linked: many(30) })
    mailbox.expireCursors()
    mailbox.listsNothing = true
    await pass()
    expect(crm.all()).toHaveLength(30)
    mailbox.listsNothing = false
    await pass()
    expect(crm.all()).toHaveLength(30)
  })

  test('[R27] more deletions than the guard allows are held, approved ones happen, exactly those', async () => {
    const { crm, outlook, pass, engine, journal } = await world({ linked: many(30) })
    for (const title of many(12)) outlook.remove(outlook.id(title))
    const result = await pass()
    expect(result.outcome).toBe('held')
    expect(crm.all()).toHaveLength(30)
    const held = journal().filter((row) => row.state === 'held')
    expect(held).toHaveLength(12)
    await engine.approve(held[0]!.run, { by: 'anna' })
    expect(crm.all()).toHaveLength(18)
    await pass()
    expect(crm.all()).toHaveLength(18)
  })

  test('[R27] the guard holds deletions of the CRM too, and ten pass', async () => {
    const { crm, outlook, pass } = await world({ linked: many(30) })
    for (const title of many(10)) await crm.remove(title)
    await pass()
    expect(outlook.all()).toHaveLength(20)
    for (const title of many(30).slice(10, 21)) await crm.remove(title)
    expect((await pass()).outcome).toBe('held')
    expect(outlook.all()).toHaveLength(20)
  })

  test('[R27] as long as deletions wait, further ones of that calendar wait with them', async () => {
    const { crm, outlook, pass } = await world({ linked: many(30) })
    for (const title of many(12)) outlook.remove(outlook.id(title))
    await pass()
    outlook.remove(outlook.id('Meeting 20'))
    await pass()
    expect(crm.all()).toHaveLength(30)
  })

  test('[R27] [R6] a record that was edited while its deletion waited is not deleted by the approval', async () => {
    const { crm, outlook, pass, engine, journal } = await world({ linked: many(30) })
    for (const title of many(12)) outlook.remove(outlook.id(title))
    await pass()
    await crm.edit('Meeting 0', { location: 'Room 2' })
    await engine.approve(journal().find((row) => row.state === 'held')!.run, { by: 'anna' })
    expect(crm.all()).toHaveLength(19)
    await pass()
    expect(crm.find('Meeting 0')?.fields['location']).toBe('Room 2')
    expect(outlook.find('Meeting 0')?.fields['location']).toBe('Room 2')
  })

  test('[R37] a declined deletion is put back, and nobody is invited again', async () => {
    const linked = many(12).map((title) => meeting(title, { attendees: invited('carl@fabrikam.example') }))
    const { crm, outlook, pass, engine, journal, mailbox } = await world({ linked })
    for (const title of many(12)) outlook.remove(outlook.id(title))
    await pass()
    await engine.decline(journal().find((row) => row.state === 'held')!.run, { by: 'anna' })
    await pass()
    expect(crm.all()).toHaveLength(12)
    expect(outlook.all()).toHaveLength(12)
    expect(mailbox.mails).toEqual([])
  })

  test('[R37] a declined deletion of the CRM brings the records back', async () => {
    const { crm, outlook, pass, engine, journal } = await world({ linked: many(12) })
    for (const title of many(12)) await crm.remove(title)
    await pass()
    await engine.decline(journal().find((row) => row.state === 'held')!.run, { by: 'anna' })
    await pass()
    expect([crm.all().length, outlook.all().length]).toEqual([12, 12])
  })
})

describe('[pain 3] what leaves the period or the chosen calendars is not deleted', () => {
  test('[R29] [R30] moved far away it is unlinked; moved back it is linked again', async () => {
    const { crm, outlook, pass, links, journal } = await world({ linked: ['Kick-off'] })
    const id = outlook.id('Kick-off')
    outlook.edit(id, { time: at('2031-03-02T09:00:00', '2031-03-02T10:00:00') })
    await pass()
    expect(crm.find('Kick-off')).not.toBeNull()
    expect(links()).toMatchObject([{ state: 'out-of-scope' }])
    expect(journal().filter((row) => row.do === 'delete')).toEqual([])
    outlook.edit(id, { time: at('2026-03-05T09:00:00', '2026-03-05T10:00:00') })
    await pass()
    expect(crm.all()).toHaveLength(1)
    expect(crm.find('Kick-off')?.fields['time']).toEqual(at('2026-03-05T09:00:00', '2026-03-05T10:00:00'))
    expect(links()).toMatchObject([{ state: 'linked' }])
  })

  test('[R34] moved to another chosen calendar, the record follows', async () => {
    const { crm, outlook, pass, mailbox, engine } = await world({ linked: ['Kick-off'] })
    mailbox.addCalendar('Team')
    await engine.discover(MAILBOX, 'calendar')
    await pass()
    outlook.move(outlook.id('Kick-off'), 'Team')
    await pass()
    expect(crm.all()).toHaveLength(1)
    expect(crm.find('Kick-off')?.container).not.toBe('crm')
  })

  test('[R29] moved to a calendar that is not chosen, it is unlinked', async () => {
    const { crm, outlook, pass, links } = await world({ linked: ['Kick-off'] })
    outlook.move(outlook.id('Kick-off'), 'Elsewhere')
    await pass()
    expect(crm.find('Kick-off')).not.toBeNull()
    expect(links()).toMatchObject([{ state: 'out-of-scope' }])
  })

  test('a calendar that cannot be read any more deletes nothing, and the others go on', async () => {
    const { crm, outlook, pass, mailbox, engine, store } = await world({ linked: ['Kick-off'] })
    mailbox.addCalendar('Team')
    await engine.discover(MAILBOX, 'calendar')
    outlook.create(meeting('Team day'), {}, 'Team')
    await pass()
    mailbox.removeCalendar('Team')
    outlook.create(meeting('New'))
    await pass()
    expect(crm.find('Team day')).not.toBeNull()
    expect(crm.find('New')).not.toBeNull()
    expect(store.dump().collections.find((row) => row.name === 'Team')?.trouble).toMatch(/could not be read/i)
  })
})

describe('[pain 4] exceptions of a series', () => {
  const series = () => meeting('Weekly', { recurrence: weekly })
  const moved = occurrenceGroup('2026-03-09', 'time')
  const later = at('2026-03-09T14:00:00', '2026-03-09T15:00:00')

  test('one occurrence changed on each side: both arrive, nothing else moves', async () => {
    const { crm, outlook, pass, mailbox } = await world({ linked: [series()] })
    outlook.edit(outlook.id('Weekly'), { [moved]: later })
    await crm.edit('Weekly', { [occurrenceGroup('2026-03-16', 'location')]: 'Room 2' })
    await pass()
    for (const fields of [crm.find('Weekly')?.fields, outlook.find('Weekly')?.fields])
      expect(fields).toMatchObject({ [moved]: later, [occurrenceGroup('2026-03-16', 'location')]: 'Room 2' })
    expect(mailbox.writes.map((write) => write.do)).toEqual(['update'])
  })

  test('an occurrence taken out stays out, and one that follows the series again does so on both sides', async () => {
    const { crm, outlook, pass } = await world({ linked: [series()] })
    await crm.edit('Weekly', { [occurrenceGroup('2026-03-16', 'cancelled')]: true, [moved]: later })
    await pass()
    expect(outlook.find('Weekly')?.fields).toMatchObject({ [moved]: later })
    await crm.edit('Weekly', { [moved]: undefined })
    await pass()
    expect(outlook.find('Weekly')?.fields).not.toHaveProperty([moved])
    expect(outlook.find('Weekly')?.fields[occurrenceGroup('2026-03-16', 'cancelled')]).toBe(true)
  })

  test('[R26] a new pattern keeps the exceptions that still have an occurrence and reports the others', async () => {
    const { crm, outlook, pass, conflicts, mailbox } = await world({ linked: [series()] })
    await crm.edit('Weekly', { [moved]: later, [occurrenceGroup('2026-03-16', 'location')]: 'Room 2' })
    await pass()
    const fortnightly = { ...weekly, pattern: { ...weekly.pattern, interval: 2 } }
    await crm.edit('Weekly', { recurrence: fortnightly })
    await pass()
    for (const fields of [crm.find('Weekly')?.fields, outlook.find('Weekly')?.fields]) {
      expect(fields).not.toHaveProperty([moved])
      expect(fields).toMatchObject({ [occurrenceGroup('2026-03-16', 'location')]: 'Room 2' })
    }
    expect(conflicts()).toMatchObject([{ rule: 'R26', group: moved, crm: later }])
    expect(mailbox.writes.every((write) => write.do === 'update')).toBe(true)
  })

  test('exceptions outside of what was reported are kept', async () => {
    const { crm, outlook, pass, mailbox } = await world({ linked: [series()] })
    const far = occurrenceGroup('2026-04-27', 'location')
    await crm.edit('Weekly', { [far]: 'Room 9' })
    await pass()
    mailbox.reportOccurrences = { from: '2026-03-01', to: '2026-04-01' }
    outlook.edit(outlook.id('Weekly'), { location: 'Room 2' })
    await pass()
    expect(crm.find('Weekly')?.fields).toMatchObject({ [far]: 'Room 9', location: 'Room 2' })
  })
})

describe('[pain 6] nothing is doubled', () => {
  test('[R12] what both sides have before the first sync is linked, by its UID or by title and time', async () => {
    const { crm, outlook, pass, mailbox } = await world()
    outlook.create(meeting('By title', { location: 'Room 2' }))
    await crm.create(meeting('by  title'))
    await pass()
    expect(crm.all()).toHaveLength(1)
    expect(mailbox.writes.filter((write) => write.do === 'create')).toEqual([])
  })

  test('[R13] several that look alike are left apart for a person', async () => {
    const { crm, outlook, pass, store } = await world()
    outlook.create(meeting('Standup'))
    outlook.create(meeting('Standup'))
    await crm.create(meeting('Standup'))
    await pass()
    expect([crm.all().length, outlook.all().length]).toEqual([1, 2])
    expect(
      store
        .dump()
        .parked.map((row) => row.side)
        .sort(),
    ).toEqual(['crm', 'mailbox', 'mailbox'])
  })

  test('[R33] a create whose answer was lost is found by its mark, never made twice', async () => {
    const { crm, outlook, pass, rawPass, mailbox } = await world({ linked: ['Review'] })
    mailbox.faults.push('lose-answer')
    await crm.create(meeting('Kick-off'))
    expect((await rawPass()).outcome).toBe('waiting')
    outlook.edit(outlook.id('Kick-off'), { location: 'Room 2' })
    await pass()
    expect(outlook.all()).toHaveLength(2)
    expect(crm.all()).toHaveLength(2)
    expect(crm.find('Kick-off')?.fields['location']).toBe('Room 2')
  })

  test('[R33] an edit that came before the lost answer was looked up is not taken for our own', async () => {
    const { crm, outlook, pass, rawPass, mailbox } = await world({ linked: ['Review'] })
    mailbox.faults.push('lose-answer')
    await crm.create(meeting('Kick-off', { location: 'Room 1' }))
    await rawPass()
    outlook.edit(outlook.id('Kick-off'), { location: 'Room 2' })
    await pass()
    expect(crm.find('Kick-off')?.fields['location']).toBe('Room 2')
    expect(outlook.find('Kick-off')?.fields['location']).toBe('Room 2')
  })

  test('[R33] even when nobody can say yet what became of it, the pull recognises it', async () => {
    const { crm, outlook, pass, rawPass, mailbox } = await world({ linked: ['Review'] })
    mailbox.faults.push('lose-answer')
    mailbox.settles = false
    await crm.create(meeting('Kick-off'))
    await rawPass()
    await pass()
    expect([crm.all().length, outlook.all().length]).toEqual([2, 2])
  })

  test('a write that never arrived is sent again', async () => {
    const { crm, outlook, pass, rawPass, mailbox } = await world({ linked: ['Review'] })
    mailbox.faults.push('lose-request')
    await crm.create(meeting('Kick-off'))
    await rawPass()
    await pass()
    expect(outlook.find('Kick-off')).not.toBeNull()
    expect(outlook.all()).toHaveLength(2)
  })
})

describe('[pain 7] no loops', () => {
  test('[R1] an ETag that moves with nothing changed makes no write', async () => {
    const { outlook, pass } = await world({ linked: ['Kick-off'] })
    outlook.bump(outlook.id('Kick-off'))
    expect((await pass()).counts).toMatchObject({ toCrm: 0, toMailbox: 0 })
  })

  test('the server’s own spelling of what we wrote is no change', async () => {
    const { crm, outlook, pass, mailbox } = await world({ linked: ['Kick-off'], differs: ['body'] })
    mailbox.respell = (group, value) =>
      group === 'body' && value ? { type: 'html', content: '<p>x</p>' } : value
    await crm.edit('Kick-off', { body: { type: 'html', content: 'x' } })
    await pass()
    outlook.bump(outlook.id('Kick-off'))
    expect((await pass()).counts).toMatchObject({ toCrm: 0, toMailbox: 0 })
    expect(crm.find('Kick-off')?.fields['body']).toEqual({ type: 'html', content: 'x' })
  })

  test('[R31] a pair that two systems change back and forth is parked with its history, until a person releases it', async () => {
    const { crm, outlook, pass, rawPass, store, engine, mailbox } = await world({ linked: ['Kick-off'] })
    const record = crm.find('Kick-off')!.id
    for (let n = 0; n < 8; n++) {
      outlook.edit(outlook.id('Kick-off'), { showAs: 'free' })
      await rawPass()
      await crm.edit('Kick-off', { showAs: 'busy' })
      await rawPass()
    }
    expect(store.dump().links).toMatchObject([{ state: 'parked' }])
    expect(store.dump().parked).toMatchObject([{ key: record }])
    const writes = mailbox.writes.length
    outlook.edit(outlook.id('Kick-off'), { showAs: 'oof' })
    await rawPass()
    expect(mailbox.writes).toHaveLength(writes)
    await engine.release(MAILBOX, 'calendar', record)
    await pass()
    expect(crm.find('Kick-off')?.fields['showAs']).toBe(outlook.find('Kick-off')?.fields['showAs'])
  })
})

describe('[pain 13] throttling loses nothing', () => {
  test('a 429 leaves the rest planned, says when it goes on, and the next pass sends it once', async () => {
    const { crm, outlook, pass, rawPass, mailbox, store, clock } = await world({ linked: ['Review'] })
    for (const title of many(30)) await crm.create(meeting(title))
    mailbox.faults.push(...Array.from({ length: 5 }, () => 'none' as const), 'throttle')
    const result = await rawPass()
    expect(result).toMatchObject({ outcome: 'waiting' })
    expect(result.message).toMatch(/asked to wait 10 seconds.*Nothing was lost/)
    expect(store.dump().channels[0]?.nextAt).toBeGreaterThanOrEqual(clock.now + 10_000)
    await pass()
    expect(outlook.all()).toHaveLength(31)
  })

  test('a mailbox that cannot be reached fails no item and backs off', async () => {
    const { crm, outlook, pass, rawPass, mailbox, store } = await world({ linked: ['Review'] })
    await crm.create(meeting('Kick-off'))
    mailbox.down = { kind: 'unavailable', message: 'The line is dead.' }
    expect((await rawPass()).outcome).toBe('waiting')
    await rawPass()
    expect(store.dump().channels[0]).toMatchObject({ failures: 2, state: 'waiting' })
    mailbox.down = null
    await pass()
    expect(outlook.find('Kick-off')).not.toBeNull()
    expect(store.dump().channels[0]).toMatchObject({ failures: 0, state: 'idle', message: null })
  })
})

describe('[pain 14] a lost cursor is compared, not loaded again', () => {
  test('edits of both sides in the meantime survive, nothing doubles, nothing is deleted but what is gone', async () => {
    const { crm, outlook, pass, mailbox } = await world({ linked: many(120) })
    mailbox.expireCursors()
    outlook.edit(outlook.id('Meeting 3'), { location: 'Room 3' })
    outlook.remove(outlook.id('Meeting 4'))
    await crm.edit('Meeting 5', { location: 'Room 5' })
    await crm.remove('Meeting 6')
    await crm.create(meeting('New in the CRM'))
    await pass()
    expect([crm.all().length, outlook.all().length]).toEqual([119, 119])
    expect(crm.find('Meeting 3')?.fields['location']).toBe('Room 3')
    expect(outlook.find('Meeting 5')?.fields['location']).toBe('Room 5')
    expect(mailbox.writes.map((write) => write.do).sort()).toEqual(['create', 'delete', 'update'])
  })
})

describe('[pain 17] lossy fields are not written back', () => {
  test('a group that one side cannot hold is neither compared nor cleared', async () => {
    const { crm, outlook, pass } = await world({ cannotHold: ['categories'] })
    await crm.create(meeting('Kick-off', { categories: ['blue'] }))
    await pass()
    await crm.edit('Kick-off', { categories: ['red'] })
    outlook.edit(outlook.id('Kick-off'), { location: 'Room 2' })
    await pass()
    expect(crm.find('Kick-off')?.fields).toMatchObject({ categories: ['red'], location: 'Room 2' })
    expect(outlook.find('Kick-off')?.fields['categories']).toEqual([])
  })
})

describe('[pain 19] private events', () => {
  test('[R23] a busy block is read-only in the CRM: the edit is put back and kept', async () => {
    const { crm, outlook, pass, mailbox, conflicts } = await world()
    outlook.create(meeting('Private', { sensitivity: 'private' }), {
      redacted: ['subject', 'body', 'location'],
    })
    await pass()
    await crm.edit('Private', { location: 'Somewhere' })
    await pass()
    expect(crm.find('Private')?.fields['location']).toBeNull()
    expect(mailbox.writes).toEqual([])
    expect(conflicts()).toMatchObject([{ kind: 'read-only', rule: 'R23', crm: 'Somewhere' }])
  })

  test('with "Skip" a private event never reaches the CRM, and one that becomes private is let go', async () => {
    const { crm, outlook, pass, links } = await world({
      settings: { privateEvents: 'skip' },
      linked: ['Kick-off'],
    })
    outlook.create(meeting('Doctor', { sensitivity: 'private' }))
    outlook.edit(outlook.id('Kick-off'), { sensitivity: 'private', subject: 'Secret' })
    await pass()
    expect(crm.all().map((row) => row.fields['subject'])).toEqual(['Kick-off'])
    expect(links()).toMatchObject([{ state: 'out-of-scope' }])
  })
})

describe('[pain 22] the wrong account', () => {
  test('is refused before anything is read or written, and says what to do', async () => {
    const { crm, rawPass, mailbox, store, clock } = await world({ linked: ['Kick-off'] })
    mailbox.identity = { ...mailbox.identity, objectId: 'ben', address: 'ben@contoso.example' }
    clock.advance(60)
    await crm.edit('Kick-off', { location: 'Room 2' })
    const result = await rawPass()
    expect(result).toMatchObject({ outcome: 'refused' })
    expect(result.message).toMatch(/ben@contoso.example.*anna@contoso.example.*Nothing was read or written/)
    expect(mailbox.calls).toEqual(['identity'])
    expect(store.dump().mailboxes[0]).toMatchObject({ state: 'needs-person' })
  })
})

describe('[pain 23] a meeting of somebody else', () => {
  const attended = () => meeting('Board', { organizer: { email: 'eve@contoso.example', name: 'Eve' } })

  test('[R22] only the answer, the reminder, show-as and the categories are written', async () => {
    const { crm, outlook, pass, mailbox, conflicts } = await world()
    outlook.create(attended(), { isOrganizer: false })
    await pass()
    await crm.edit('Board', {
      answer: 'accepted',
      reminder: 5,
      location: 'My room',
      attendees: invited('x@y.example'),
    })
    await pass()
    expect(mailbox.writes.map((write) => write.fields)).toEqual([{ answer: 'accepted', reminder: 5 }])
    expect(crm.find('Board')?.fields).toMatchObject({ location: null, attendees: [] })
    expect(conflicts().map((row) => [row.group, row.rule])).toEqual([
      ['attendees', 'R22'],
      ['location', 'R22'],
    ])
  })

  test('[R25] removed in Outlook while it was edited in the CRM: it goes, the edit is kept', async () => {
    const { crm, outlook, pass, conflicts } = await world()
    outlook.create(attended(), { isOrganizer: false })
    await pass()
    await crm.edit('Board', { reminder: 5 })
    outlook.remove(outlook.id('Board'))
    await pass()
    expect(crm.find('Board')).toBeNull()
    expect(outlook.all()).toEqual([])
    expect(conflicts()).toMatchObject([{ rule: 'R25', kind: 'delete' }])
  })
})

describe('[R32] poison', () => {
  test('what Microsoft refuses is tried five times, parked with its reason, and tried again when it changes', async () => {
    const { crm, outlook, pass, rawPass, mailbox, store } = await world({ linked: ['Review'] })
    await crm.create(meeting('Bad'))
    await crm.create(meeting('Good'))
    for (let n = 0; n < 7; n++) {
      mailbox.rejectSubject = 'Bad'
      await rawPass()
    }
    expect(outlook.find('Good')).not.toBeNull()
    expect(store.dump().parked).toMatchObject([{ tries: 5, reason: 'ErrorInvalidRequest' }])
    expect(store.dump().operations.filter((row) => row.state === 'rejected')).toHaveLength(5)
    mailbox.rejectSubject = null
    await crm.edit('Bad', { location: 'Room 2' })
    await pass()
    expect(outlook.find('Bad')).not.toBeNull()
    expect(store.dump().parked).toEqual([])
  })
})
