import { expect, test } from 'vitest'
import { testEngines } from '../../tests/support/databases.ts'
import { contains, findPage, inOrder } from './listing.ts'

const TITLES = ['Straße', 'ÄRGER', 'Ärger', '100 %', '100', 'a_b', 'aXb', 'back\\slash', 'Ω', 'ω', '']
const TYPED = ['', 'STRASSE', 'straße', 'är', 'ÄR', '%', '_', '\\', 'Ω', '10', 'a_b']
const likeOf = (typed: string): string => `%${typed.replace(/[\\%_]/g, '\\$&')}%`

test.for(await testEngines())('on the $engine engine pages and totals of a list', async ({ open }) => {
  const database = await open()
  try {
    await database.script(
      `create table things (id text collate "C" primary key, title text not null);
       insert into things select 'i' || lpad(i::text, 3, '0'), case when i % 2 = 0 then 'Even ' else 'Odd ' end || i
         from generate_series(1, 100) i`,
    )
    const page = (like: string | null, offset: number, pageFrom?: string) =>
      findPage(database, {
        id: 't.id',
        from: `from things t where ($1::text is null or ${contains('t.title', '$1')})`,
        order: `order by t.id desc limit 10 offset ${offset}`,
        values: [like],
        isSearch: like !== null,
        ...(pageFrom !== undefined && { pageFrom }),
      })
    const all = Array.from({ length: 100 }, (_, i) => `i${String(100 - i).padStart(3, '0')}`)
    const even = all.filter((id) => Number(id.slice(1)) % 2 === 0)
    expect(await page(null, 20)).toEqual({ ids: all.slice(20, 30), total: 100 })
    expect(await page('%EVEN%', 20)).toEqual({ ids: even.slice(20, 30), total: 50 })
    // Behind the last page and where nothing fits the total is still told.
    expect(await page(null, 200)).toEqual({ ids: [], total: 100 })
    expect(await page('%even%', 50)).toEqual({ ids: [], total: 50 })
    expect(await page('%nothing%', 0)).toEqual({ ids: [], total: 0 })
    const narrow = `from (select * from things where $1::text is null order by id desc limit 30) t`
    expect(await page(null, 20, narrow)).toEqual({ ids: all.slice(20, 30), total: 100 })

    const found = await database.query<{ id: string }>('select id from things')
    expect(inOrder(['i007', 'gone', 'i003'], found).map(({ id }) => id)).toEqual(['i007', 'i003'])
  } finally {
    await database.close()
  }
})

test.for(await testEngines())('on the $engine engine a search finds what ilike finds', async ({ open }) => {
  const database = await open()
  try {
    for (const typed of TYPED) {
      const [row] = await database.query<{ found: string[]; wanted: string[] }>(
        `select array_agg(title) filter (where ${contains('title', '$2')}) as found,
            array_agg(title) filter (where title ilike $2) as wanted
          from unnest($1::text[]) as t (title)`,
        [TITLES, likeOf(typed)],
      )
      expect(row?.found, typed).toEqual(row?.wanted)
    }
  } finally {
    await database.close()
  }
})
