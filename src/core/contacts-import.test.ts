import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readCsv, writeCsv } from './csv.ts'
import { readVcards } from './vcard.ts'

const card = (...lines: string[]): string => ['BEGIN:VCARD', ...lines, 'END:VCARD', ''].join('\r\n')

describe('[C12] vCards', () => {
  test('version 3.0, as Outlook and phones write it', () => {
    const text = card(
      'VERSION:3.0',
      'N:Vance;Adele;M.;Dr.;',
      'FN:Dr. Adele Vance',
      'ORG:Contoso\\, Ltd.;Sales',
      'TITLE:Manager',
      'item1.EMAIL;TYPE=INTERNET,HOME:adele@home.example',
      'EMAIL;TYPE=INTERNET;TYPE=WORK;TYPE=PREF:AdeleV@Contoso.Example',
      'EMAIL:adelev@contoso.example',
      'TEL;TYPE=CELL:+49 30 123',
      'ADR;TYPE=WORK:;;Main St. 1;Berlin;;10115;Germany',
      'BDAY:1980-04-12',
      'NOTE:one\\ntwo',
      'CATEGORIES:VIP,Sales',
      'PHOTO;ENCODING=b:AAAA',
      ' BBBB',
    )
    expect(readVcards(text)).toEqual({
      problems: [],
      contacts: [
        {
          uid: '',
          name: 'Dr. Adele Vance',
          prefix: 'Dr.',
          firstName: 'Adele',
          middleName: 'M.',
          lastName: 'Vance',
          suffix: '',
          organization: 'Contoso, Ltd.',
          department: 'Sales',
          jobTitle: 'Manager',
          emails: [
            { value: 'adelev@contoso.example', label: 'work' },
            { value: 'adele@home.example', label: 'home' },
          ],
          phones: [{ value: '+49 30 123', label: 'mobile' }],
          urls: [],
          addresses: [
            {
              label: 'work',
              street: 'Main St. 1',
              city: 'Berlin',
              region: '',
              postalCode: '10115',
              country: 'Germany',
            },
          ],
          birthday: '1980-04-12',
          note: 'one\ntwo',
          categories: ['Sales', 'VIP'],
        },
      ],
    })
  })
  test('version 2.1 with quoted-printable over several lines', () => {
    const text = card(
      'VERSION:2.1',
      'N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6rg',
      'TEL;WORK;FAX:1',
      'NOTE;QUOTED-PRINTABLE:a=0D=0A=',
      'b 100%',
    )
    expect(readVcards(text).contacts).toMatchObject([
      { name: 'Jörg Müller', lastName: 'Müller', phones: [{ value: '1', label: 'fax' }], note: 'a\nb 100%' },
    ])
  })
  test('version 4.0 with preferences, and Latin-1 that claims nothing', () => {
    expect(
      readVcards(
        card(
          'VERSION:4.0',
          'FN:A',
          'EMAIL;PREF=2:b@example.com',
          'EMAIL;PREF=1:a@example.com',
          'BDAY:--0412',
        ),
      ).contacts,
    ).toMatchObject([{ emails: [{ value: 'a@example.com' }, { value: 'b@example.com' }], birthday: null }])
    expect(readVcards(card('FN;ENCODING=QUOTED-PRINTABLE:J=F6rg')).contacts).toMatchObject([{ name: 'Jörg' }])
  })
  test('what is broken is said, and the good ones are kept', () => {
    const text = `${card('NOTE:nobody')}${card('FN:Good')}END:VCARD\r\nBEGIN:VCARD\r\nFN:Cut`
    const { contacts, problems } = readVcards(text)
    expect(contacts.map((one) => one.name)).toEqual(['Good'])
    expect(problems.map((one) => one.reason).join(' ')).toMatch(/neither a name.*never began.*cut off/)
    expect(readVcards('hello there').problems).toHaveLength(1)
  })
  test('whatever it is, it is answered', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.constantFrom(
              'BEGIN:VCARD',
              'END:VCARD',
              'FN:x',
              'N:;;;;',
              'EMAIL;=;:',
              'TEL;X="',
              ' y',
              'NOTE;QUOTED-PRINTABLE:=',
              'ADR:;',
            ),
            fc.string(),
          ),
        ),
        (lines) => {
          const { contacts, problems } = readVcards(lines.join('\n'))
          expect(contacts.length + problems.length).toBeGreaterThan(0)
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('[C13] CSV', () => {
  test.each([
    ['commas', '\uFEFFName,Email\r\n"Vance, Adele",a@example.com\r\n', [['Vance, Adele', 'a@example.com']]],
    [
      'semicolons, as Excel writes them in Europe',
      'Name;Email\nVance, Adele;a@example.com',
      [['Vance, Adele', 'a@example.com']],
    ],
    ['tabs', 'Name\tEmail\rA\tb', [['A', 'b']]],
    ['quotes and line ends within a cell', 'Name,Email\n"say ""hi""\nthere",b\n', [['say "hi"\nthere', 'b']]],
    [
      'short rows and blank lines',
      'Name,Email\n\nA\n,\n',
      [
        ['A', ''],
        ['', ''],
      ],
    ],
  ])('with %s', (_, text, rows) => {
    expect(readCsv(text)).toEqual({ columns: ['Name', 'Email'], rows, problems: [] })
  })
  test('columns without a name, or with the same one, can be told apart', () => {
    expect(readCsv('a,,A,a').columns).toEqual(['a', 'Column 2', 'A (2)', 'a (3)'])
  })
  test('rows that do not fit are said with their line', () => {
    const { rows, problems } = readCsv('a,b\n"x\ny",1\n1,2,3\n4,5,\n"open')
    expect(rows).toEqual([
      ['x\ny', '1'],
      ['4', '5'],
      ['open', ''],
    ])
    expect(problems.map((one) => one.line)).toEqual([4, 6])
    expect(readCsv('').problems).toHaveLength(1)
  })
  test('what is written is read back the same, but for what a spreadsheet would run', () => {
    const cell = fc.string({ unit: 'grapheme' }).filter((text) => !/^[=+\-@\t\r]/.test(text))
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell), { minLength: 1 }), (rows) => {
        const columns = ['first', 'second', 'third']
        expect(readCsv(writeCsv(columns, rows)).rows).toEqual(rows)
      }),
      { numRuns: 300 },
    )
    expect(writeCsv(['a'], [['=HYPERLINK("x")'], ['+49 30 123'], ['-5'], [7], [null]])).toBe(
      'a\r\n"\'=HYPERLINK(""x"")"\r\n+49 30 123\r\n-5\r\n7\r\n\r\n',
    )
  })
})
