import { describe, expect, test } from 'vitest'
import { addressesOf, belongsTo, domainsOf, threadKeys, type Directory, type Person } from './linking.ts'

const petra: Person = { kind: 'contact', id: 'petra' }
const adatum: Person = { kind: 'account', id: 'adatum' }
const theCase: Person = { kind: 'case', id: 'case-1' }

const directory = (more: Partial<Directory> = {}): Directory => ({
  byAddress: new Map([['petra@adatum.example', [petra]]]),
  byDomain: new Map([['adatum.example', [adatum]]]),
  byThread: new Map(),
  ownAddresses: new Set(['anna@contoso.example']),
  ownDomains: new Set(['contoso.example']),
  ...more,
})
const message = (people: object, facts = {}) => ({
  id: 'r1',
  kind: 'message' as const,
  fields: { subject: 'Hello', ...people } as never,
  facts: { conversationId: 'conv', internetMessageId: '<1@x>', ...facts },
})
const one = (email: string) => ({ email, name: '' })

describe('to whom a message belongs', () => {
  test('[M1] the people of its addresses, and the account of their domain', () => {
    expect(
      belongsTo(
        message({ from: one('petra@adatum.example'), to: [one('anna@contoso.example')] }),
        directory(),
      ),
    ).toEqual([
      { ...petra, how: 'address', outside: true },
      { ...adatum, how: 'domain', outside: true },
    ])
  })

  test('a domain counts for those below it; one of a public provider never', () => {
    expect(domainsOf('a@eu.mail.adatum.example')).toEqual([
      'eu.mail.adatum.example',
      'mail.adatum.example',
      'adatum.example',
    ])
    for (const address of ['x@gmail.com', 'x@web.de', 'x@yahoo.co.uk', 'x@hotmail.fr', 'x@outlook.com'])
      expect(domainsOf(address), address).toEqual([])
  })

  test('our own domain links no account and makes nothing public', () => {
    const known = directory({
      byDomain: new Map([['contoso.example', [{ kind: 'account', id: 'us' }]]]),
      byAddress: new Map([['ben@contoso.example', [{ kind: 'contact', id: 'ben' }]]]),
    })
    expect(
      belongsTo(message({ from: one('ben@contoso.example'), to: [one('anna@contoso.example')] }), known),
    ).toEqual([{ kind: 'contact', id: 'ben', how: 'address', outside: false }])
  })

  test('[M2] what was said about its thread; what was taken out of it does not come back', () => {
    const said = (state: 'linked' | 'removed', person: Person) => ({ ...person, state })
    const byThread = new Map([
      ['c:conv', [said('linked', theCase)]],
      ['m:<0@x>', [said('removed', petra)]],
    ])
    const reply = message(
      { from: one('petra@adatum.example'), to: [] },
      { headers: { 'in-reply-to': '<0@x>' } },
    )
    expect(belongsTo(reply, directory({ byThread })).map(({ id }) => id)).toEqual(['adatum', 'case-1'])
  })

  test('a draft went to nobody yet; ten thousand recipients cost no more than the first of them', () => {
    expect(addressesOf(message({ isDraft: true, to: [one('petra@adatum.example')] }))).toEqual([])
    const many = Array.from({ length: 10_000 }, (_, n) => one(`p${n}@adatum.example`))
    expect(addressesOf(message({ to: many })).length).toBe(200)
  })

  test('threads are known across mailboxes: by message ids beside the conversation', () => {
    expect(threadKeys(message({}, { references: ['<a@x>', '<b@x>'] }))).toEqual([
      'c:conv',
      'm:<1@x>',
      'm:<a@x>',
      'm:<b@x>',
    ])
    expect(threadKeys({ id: 'e', kind: 'event', facts: { iCalUId: 'uid' } })).toEqual(['e:uid'])
    expect(threadKeys({ id: 't', kind: 'task', facts: {} })).toEqual(['r:t'])
  })
})
