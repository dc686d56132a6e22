import { expect, test } from 'vitest'
import { testEngines } from '../../tests/support/databases.ts'
import { migrate, migrations } from './migrate.ts'

test.for(await testEngines())(
  'on the $engine engine migrations run once, in order, and refuse what they cannot know',
  async ({ open }) => {
    const database = await open()
    try {
      const files = migrations()
      const numbers = files.map((file) => Number(file.name.slice(0, 4)))
      expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
      expect(await migrate(database)).toEqual([])
      const next = { name: '9998-next.sql', text: 'create table next (n integer)', hash: 'h' }
      const broken = { name: '9999-broken.sql', text: 'create table half (n integer); select 1/0', hash: 'b' }
      expect(
        await Promise.all([migrate(database, [...files, next]), migrate(database, [...files, next])]),
      ).toEqual(expect.arrayContaining([['9998-next.sql'], []]))
      await expect(migrate(database, [...files, next, broken])).rejects.toThrow(/zero/)
      expect(await database.query(`select to_regclass('half') as half`)).toEqual([{ half: null }])
      await expect(migrate(database, files)).rejects.toThrow(/newer version.*9998/s)
      await expect(migrate(database, [...files, { ...next, hash: 'other' }])).rejects.toThrow(
        /is not the one/,
      )
    } finally {
      await database.close()
    }
  },
)
