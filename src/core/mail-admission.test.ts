import { describe, expect, test } from 'vitest'
import { canonicalMessage } from './canonical.ts'
import { asId, type CollectionId } from './ids.ts'
import type { Item } from './item.ts'
import { makeAdmission } from './mail-admission.ts'

const person = (email: string) => ({ email, name: '' })
function mail(from: string, to: readonly string[], isDraft = false): Item {
  const read = canonicalMessage({
    from: person(from),
    to: to.map(person),
    isDraft,
    folder: asId<CollectionId>('inbox'),
  })
  if (!read.ok) throw new Error(read.reason)
  return read.item
}

describe('what mail may be stored', () => {
  const admits = makeAdmission({
    blocklist: ['spam@example.com', 'Blocked.example'],
    internal: false,
    ownDomains: ['contoso.example'],
  })
  test('blocked senders and recipients, by address and by domain with what is below it', () => {
    expect(admits(mail('spam@example.com', ['anna@contoso.example']))).toBe(false)
    expect(admits(mail('ham@example.com', ['anna@contoso.example']))).toBe(true)
    expect(admits(mail('x@news.blocked.example', ['anna@contoso.example']))).toBe(false)
    expect(admits(mail('x@notblocked.example', ['anna@contoso.example']))).toBe(true)
    expect(admits(mail('anna@contoso.example', ['y@blocked.example']))).toBe(false)
  })
  test('[P19] mail between people of one organization is not stored unless that is chosen', () => {
    const internal = mail('ben@contoso.example', ['anna@contoso.example', 'eva@eu.contoso.example'])
    expect(admits(internal)).toBe(false)
    expect(admits(mail('ben@contoso.example', ['anna@contoso.example', 'kim@customer.example']))).toBe(true)
    expect(admits(mail('ben@contoso.example', ['anna@contoso.example'], true))).toBe(true)
    expect(makeAdmission({ blocklist: [], internal: true, ownDomains: ['contoso.example'] })(internal)).toBe(
      true,
    )
  })
})
