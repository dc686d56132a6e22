import { describe, expect, test } from 'vitest'
import { judge, personName, whyAutomatic, whyNoResponse, type Surroundings } from './mailroom.ts'

const message = (more: { fields?: object; headers?: { [name: string]: string }; facts?: object } = {}) => ({
  fields: {
    subject: 'Question about your offer',
    from: { email: 'petra@adatum.example', name: 'Petra Haas' },
    to: [{ email: 'support@contoso.example', name: '' }],
    cc: [],
    bcc: [],
    body: null,
    ...more.fields,
  },
  facts: { ...(more.headers && { headers: more.headers }), ...more.facts },
})
const around = (more: Partial<Surroundings> = {}): Surroundings => ({
  address: 'support@contoso.example',
  ownAddresses: new Set(['support@contoso.example', 'anna@contoso.example']),
  ownDomains: new Set(['contoso.example']),
  isBlocked: false,
  threadDecided: false,
  threadBegan: 'no',
  senderKnown: false,
  openLead: null,
  ...more,
})

describe('[pain 21] what may become a lead or case', () => {
  test('the first message of a thread that a person wrote', () => {
    expect(judge(message(), around())).toMatchObject({ do: 'convert', code: 'first-of-thread' })
  })

  test.each([
    [{ 'auto-submitted': 'auto-replied' }, 'auto-submitted'],
    [{ 'auto-submitted': 'auto-generated; type=x' }, 'auto-submitted'],
    [{ 'list-id': 'Weekly <weekly.example>' }, 'list-id'],
    [{ 'list-unsubscribe': '<https://x.example/u>' }, 'list-unsubscribe'],
    [{ precedence: 'bulk' }, 'precedence'],
    [{ precedence: 'auto_reply' }, 'precedence'],
    [{ 'x-auto-response-suppress': 'All' }, 'x-auto-response-suppress'],
    [{ 'x-auto-response-suppress': 'DR, OOF' }, 'x-auto-response-suppress'],
    [{ 'x-autoreply': 'yes' }, 'x-autoreply'],
    [{ 'return-path': '<>' }, 'null-sender'],
  ])('[M5] never from automatic mail: %o', (headers, code) => {
    const verdict = judge(message({ headers }), around())
    expect(verdict).toMatchObject({ do: 'nothing', code })
    expect(verdict.reason).toMatch(/^[A-Z].*\.$/)
    expect(whyNoResponse(message({ headers }), around())).toBe(verdict.reason)
  })

  test.each([
    [{ 'auto-submitted': 'no' }],
    [{ precedence: 'first-class' }],
    // Outlook writes this for people who want no receipts.
    [{ 'x-auto-response-suppress': 'DR, RN, NRN' }],
    [{ 'return-path': '<petra@adatum.example>' }],
  ])('these are written by people: %o', (headers) => {
    expect(whyAutomatic(message({ headers }))).toBeNull()
    expect(judge(message({ headers }), around()).do).toBe('convert')
  })

  test.each([
    'no-reply@x.example',
    'noreply+abc@x.example',
    'MAILER-DAEMON@x.example',
    'do_not_reply@x.example',
    'bounce-77@x.example',
  ])('never from an address where nobody reads: %s', (email) => {
    expect(judge(message({ fields: { from: { email, name: '' } } }), around())).toMatchObject({
      do: 'nothing',
      code: 'no-reply',
    })
  })

  test.each<[string, Partial<Surroundings>, object]>([
    ['own-address', {}, { from: { email: 'anna@contoso.example', name: '' } }],
    ['blocked', { isBlocked: true }, {}],
    ['thread-known', { threadDecided: true }, {}],
    ['answers-us', { threadBegan: 'by-us' }, {}],
    ['not-first', { threadBegan: 'here' }, {}],
    ['no-sender', {}, { from: null }],
  ])('nothing: %s', (code, more, fields) => {
    expect(judge(message({ fields }), around(more))).toMatchObject({ do: 'nothing', code })
  })

  test.each<[string, Partial<Surroundings>, object, object]>([
    ['sounds-automatic', {}, { subject: 'Automatic reply: Your offer' }, {}],
    ['sounds-automatic', {}, { subject: 'Out of Office: back on Monday' }, {}],
    ['own-domain', {}, { from: { email: 'new.colleague@contoso.example', name: '' } }, {}],
    ['answers-unknown', {}, {}, { references: ['<elsewhere@x>'] }],
    ['not-addressed', {}, { to: [{ email: 'list@adatum.example', name: '' }] }, {}],
    [
      'many-recipients',
      {},
      { cc: Array.from({ length: 20 }, (_, n) => ({ email: `p${n}@x.example`, name: '' })) },
      {},
    ],
    ['open-lead', { openLead: 'Petra asks' }, {}, {}],
  ])('[M6] a person is asked: %s', (code, more, fields, facts) => {
    const verdict = judge(message({ fields, facts }), around(more))
    expect(verdict).toMatchObject({ do: 'review', code })
    expect(verdict.reason).toMatch(/^\S.*\.$/)
  })

  test('names of senders', () => {
    const named = (name: string, email = 'petra.haas@adatum.example') => personName({ name, email })
    expect(named('Petra Haas')).toEqual({ name: 'Petra Haas', firstName: 'Petra', lastName: 'Haas' })
    expect(named('Haas, Petra')).toEqual({ name: 'Petra Haas', firstName: 'Petra', lastName: 'Haas' })
    expect(named('')).toEqual({ name: 'petra haas', firstName: 'petra', lastName: 'haas' })
    expect(named('petra.haas@adatum.example').lastName).toBe('haas')
    expect(named('Adatum')).toEqual({ name: 'Adatum', firstName: null, lastName: 'Adatum' })
  })
})

describe('who is answered by itself', () => {
  test('only who wrote to this very mailbox, and none of us', () => {
    expect(whyNoResponse(message(), around())).toBeNull()
    expect(whyNoResponse(message({ fields: { to: [] } }), around())).toMatch(/not among its recipients/)
    expect(
      whyNoResponse(message({ fields: { from: { email: 'anna@contoso.example', name: '' } } }), around()),
    ).toMatch(/of ours/)
  })
})
