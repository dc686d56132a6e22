import type { Json } from '../../../core/item.ts'
import { formatNumber, formatPlainDate } from '../../format.ts'
import type { RecordField } from './kinds.ts'

interface Holder {
  readonly fields: { readonly [name: string]: Json }
  readonly linked: { readonly [id: string]: string }
}

/** A field as a person reads it. */
export function fieldText(field: RecordField, { fields, linked }: Holder): string {
  const value = fields[field.name]
  if (value === undefined || value === null || value === '') return ''
  if (Array.isArray(value)) return value.map(String).join(', ')
  switch (field.type) {
    case 'choice':
      return field.options.find((option) => option.value === value)?.label ?? String(value)
    case 'link':
      return linked[String(value)] ?? ''
    case 'date':
      return typeof value === 'string' ? formatPlainDate(value) : ''
    case 'number':
      return typeof value === 'number' ? formatNumber(value) : String(value)
    default:
      return String(value)
  }
}
