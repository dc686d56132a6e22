import { describe, expect, test } from 'vitest'
import {
  chooseLocale,
  fill,
  fits,
  OPERATORS,
  unknownVariables,
  type Condition,
  type Group,
  type Operator,
} from './response-rules.ts'

const message = {
  fields: {
    subject: 'Invoice  4711 is WRONG',
    from: { email: 'Petra.Haas@adatum.example', name: 'Petra Haas' },
    to: [],
    cc: [{ email: 'boss@adatum.example', name: '' }],
    bcc: [],
    body: { type: 'html', content: '<p>Please <b>cancel</b> it &amp; write</p>' },
  },
}
const holds = (field: Condition['field'], operator: Operator, value = ''): boolean =>
  fits({ match: 'all', items: [{ field, operator, value }] }, message)

describe('conditions', () => {
  test('there are ten operators, and each says yes and no', () => {
    const cases: Record<Operator, [Condition['field'], string, string]> = {
      contains: ['subject', 'invoice 4711', 'offer'],
      'does-not-contain': ['subject', 'offer', 'invoice'],
      equals: ['from', 'petra.haas@adatum.example', 'petra'],
      'does-not-equal': ['from', 'petra', 'PETRA.HAAS@adatum.example'],
      'starts-with': ['subject', 'invoice', '4711'],
      'ends-with': ['subject', 'wrong', 'invoice'],
      in: ['cc', 'x@y.example, boss@adatum.example', 'x@y.example'],
      'not-in': ['cc', 'x@y.example', 'boss@adatum.example'],
      empty: ['bcc', '', 'subject'],
      'not-empty': ['cc', '', 'bcc'],
    }
    expect(Object.keys(cases)).toEqual([...OPERATORS])
    for (const operator of OPERATORS) {
      const [field, yes, no] = cases[operator]
      expect(holds(field, operator, yes), operator).toBe(true)
      const bare = operator === 'empty' || operator === 'not-empty'
      expect(holds(bare ? (no as Condition['field']) : field, operator, no), operator).toBe(false)
    }
  })

  test('the text of HTML is looked into, not its tags; a name counts as well as its address', () => {
    expect(holds('body', 'contains', 'please cancel it & write')).toBe(true)
    expect(holds('body', 'contains', '<b>')).toBe(false)
    expect(holds('from', 'equals', 'petra haas')).toBe(true)
  })

  test('groups within groups', () => {
    const is = (value: string): Condition => ({ field: 'subject', operator: 'contains', value })
    const tree = (match: Group['match'], ...items: Group['items']): Group => ({ match, items })
    expect(fits(tree('all', is('invoice'), tree('any', is('offer'), is('wrong'))), message)).toBe(true)
    expect(fits(tree('any', is('offer'), tree('all', is('invoice'), is('right'))), message)).toBe(false)
    expect(fits(tree('all'), message)).toBe(true)
  })
})

describe('templates', () => {
  const variables = {
    'sender.name': '<b>Petra</b>',
    'sender.email': 'p@x.example',
    subject: 'Hi',
    'mailbox.label': 'Support',
    'mailbox.address': 'support@contoso.example',
    record: 'Case',
    date: '2026-11-28',
  }

  test('[M9] what comes from the message is never read as HTML', () => {
    const html = fill(
      { type: 'html', subject: 'RE: {{subject}}', body: '<p>Dear {{ sender.name }}</p>' },
      variables,
    )
    expect(html).toEqual({ type: 'html', subject: 'RE: Hi', body: '<p>Dear &lt;b&gt;Petra&lt;/b&gt;</p>' })
    expect(fill({ type: 'text', subject: 's', body: 'Dear {{sender.name}}' }, variables).body).toBe(
      'Dear <b>Petra</b>',
    )
  })

  test('a variable that does not exist is told', () => {
    expect(unknownVariables('{{sender.name}} {{sendr}}')).toEqual(['sendr'])
  })

  test('the locale that the sender reads', () => {
    const text = { subject: '', body: '', type: 'text' } as const
    const texts = { fr: text, de: text, en: text }
    expect(chooseLocale(texts, 'de-AT, en;q=0.8')).toBe('de')
    expect(chooseLocale(texts, 'it, fr;q=0.7, en;q=0.9')).toBe('en')
    expect(chooseLocale(texts, undefined)).toBe('en')
    expect(chooseLocale({ fr: text }, 'it')).toBe('fr')
    expect(chooseLocale({}, 'it')).toBeNull()
  })
})
