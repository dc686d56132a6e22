import type { Fields, Json } from '../../src/core/item.ts'

/** What one side holds of the pair: its groups, or that it is gone, or that it never was. */
export type Bag = Fields | 'deleted' | 'none'
export const isGone = (bag: Bag): bag is 'deleted' | 'none' => typeof bag === 'string'

/** Writes groups as a plain system would; a group that says "absent" is taken away. */
export function applyTo(bag: Bag, fields: Fields): Fields {
  const result: { [group: string]: Json } = isGone(bag) ? {} : { ...bag }
  for (const [group, value] of Object.entries(fields)) {
    if (
      typeof value === 'object' &&
      value !== null &&
      !Array.isArray(value) &&
      (value as Fields)['absent'] === true
    )
      delete result[group]
    else result[group] = value
  }
  return result
}
