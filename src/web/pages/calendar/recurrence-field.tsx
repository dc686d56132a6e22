import { Chip, NativeSelect, NumberInput, TextInput } from '@mantine/core'
import type { Recurrence, RecurrencePattern, Weekday, WeekIndex } from '../../../core/item.ts'
import { formatPlainDate, theReader } from '../../format.ts'
import { text } from '../../text/en.ts'
import { calendar as t } from '../../text/en/calendar.ts'
import css from './calendar.module.css'
import { addDays, startOfWeek, weekdayOf } from './dates.ts'

const WEEKDAYS: readonly Weekday[] = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
]
const KINDS = [
  'daily',
  'weekly',
  'absoluteMonthly',
  'relativeMonthly',
  'absoluteYearly',
  'relativeYearly',
] as const satisfies readonly RecurrencePattern['type'][]
const INDEXES: readonly WeekIndex[] = ['first', 'second', 'third', 'fourth', 'last']
const weekday = (date: string): Weekday => WEEKDAYS[weekdayOf(date)] ?? 'monday'
const indexOf = (date: string): WeekIndex =>
  INDEXES[Math.min(4, Math.ceil(Number(date.slice(8)) / 7) - 1)] ?? 'first'

/** A first pattern of a kind that fits the start date. */
function patternOf(type: RecurrencePattern['type'], start: string, interval: number): RecurrencePattern {
  const day = Number(start.slice(8))
  const month = Number(start.slice(5, 7))
  const days = [weekday(start)]
  switch (type) {
    case 'daily':
      return { type, interval }
    case 'weekly':
      return { type, interval, days, weekStart: theReader().weekStart }
    case 'absoluteMonthly':
      return { type, interval, day }
    case 'relativeMonthly':
      return { type, interval, days, index: indexOf(start) }
    case 'absoluteYearly':
      return { type, interval, day, month }
    case 'relativeYearly':
      return { type, interval, days, index: indexOf(start), month }
  }
}

interface Props {
  readonly value: Recurrence | null
  /** The date of the first occurrence. */
  readonly start: string
  readonly disabled: boolean
  readonly onChange: (value: Recurrence | null) => void
}
export function RecurrenceField({ value, start, disabled, onChange }: Props) {
  const pattern = value?.pattern
  const put = (next: RecurrencePattern): void => {
    if (value) onChange({ ...value, pattern: next })
  }
  return (
    <div className={css['form']}>
      <NativeSelect
        label={t.repeat.label}
        disabled={disabled}
        value={pattern?.type ?? ''}
        onChange={(event) => {
          const type = KINDS.find((one) => one === event.currentTarget.value)
          if (type === undefined) onChange(null)
          else
            onChange({
              pattern: patternOf(type, start, pattern?.interval ?? 1),
              range: value?.range ?? { type: 'noEnd', start },
            })
        }}
      >
        <option value="">{t.repeat.none}</option>
        {KINDS.map((kind) => (
          <option key={kind} value={kind}>
            {t.repeat[kind]}
          </option>
        ))}
      </NativeSelect>
      {value && pattern && (
        <fieldset className={css['repeat']} disabled={disabled}>
          <NumberInput
            label={t.repeat.every}
            size="xs"
            w={140}
            min={1}
            max={999}
            suffix={` ${t.repeat.units[pattern.type]}`}
            value={pattern.interval}
            onChange={(next) => typeof next === 'number' && next >= 1 && put({ ...pattern, interval: next })}
          />
          <PatternDetails pattern={pattern} onChange={put} />
          <RangeField value={value} start={start} onChange={onChange} />
        </fieldset>
      )}
    </div>
  )
}

function PatternDetails({
  pattern,
  onChange,
}: {
  readonly pattern: RecurrencePattern
  readonly onChange: (pattern: RecurrencePattern) => void
}) {
  const first = startOfWeek('2026-01-07')
  const week = Array.from({ length: 7 }, (_, i) => addDays(first, i))
  return (
    <>
      {pattern.type === 'weekly' && (
        <Chip.Group
          multiple
          value={[...pattern.days]}
          onChange={(next) => {
            const days = WEEKDAYS.filter((day) => next.includes(day))
            if (days.length > 0) onChange({ ...pattern, days })
          }}
        >
          <div className={css['dayButtons']} role="group" aria-label={t.repeat.onDays}>
            {week.map((date) => (
              <Chip key={date} size="xs" value={weekday(date)}>
                {formatPlainDate(date, { weekday: 'short' })}
              </Chip>
            ))}
          </div>
        </Chip.Group>
      )}
      {'day' in pattern && (
        <NumberInput
          label={t.repeat.day}
          size="xs"
          w={140}
          min={1}
          max={31}
          value={pattern.day}
          onChange={(day) => typeof day === 'number' && day >= 1 && onChange({ ...pattern, day })}
        />
      )}
      {'index' in pattern && (
        <div className={css['two']}>
          <NativeSelect
            label={t.repeat.which}
            size="xs"
            value={pattern.index}
            data={INDEXES.map((value) => ({ value, label: t.repeat.index[value] }))}
            onChange={(event) => onChange({ ...pattern, index: event.currentTarget.value as WeekIndex })}
          />
          <NativeSelect
            label={t.repeat.weekday}
            size="xs"
            value={pattern.days[0] ?? 'monday'}
            data={WEEKDAYS.map((value) => ({ value, label: text.common.days[value] }))}
            onChange={(event) => onChange({ ...pattern, days: [event.currentTarget.value as Weekday] })}
          />
        </div>
      )}
      {'month' in pattern && (
        <NativeSelect
          label={t.repeat.month}
          size="xs"
          value={String(pattern.month)}
          data={Array.from({ length: 12 }, (_, i) => ({
            value: String(i + 1),
            label: formatPlainDate(`2026-${String(i + 1).padStart(2, '0')}-01`, { month: 'long' }),
          }))}
          onChange={(event) => onChange({ ...pattern, month: Number(event.currentTarget.value) })}
        />
      )}
    </>
  )
}

const DEFAULT_COUNT = 10

function RangeField({
  value,
  start,
  onChange,
}: {
  readonly value: Recurrence
  readonly start: string
  readonly onChange: (value: Recurrence) => void
}) {
  const { range } = value
  return (
    <div className={css['two']}>
      <NativeSelect
        label={t.repeat.end}
        size="xs"
        value={range.type}
        data={(['noEnd', 'endDate', 'numbered'] as const).map((one) => ({
          value: one,
          label: t.repeat.ends[one],
        }))}
        onChange={(event) => {
          const type = event.currentTarget.value
          if (type === 'endDate')
            onChange({ ...value, range: { type, start: range.start, until: addDays(start, 90) } })
          else if (type === 'numbered')
            onChange({ ...value, range: { type, start: range.start, count: DEFAULT_COUNT } })
          else onChange({ ...value, range: { type: 'noEnd', start: range.start } })
        }}
      />
      {range.type === 'endDate' && (
        <TextInput
          type="date"
          label={t.repeat.until}
          size="xs"
          min={start}
          value={range.until}
          onChange={(event) => {
            const until = event.currentTarget.value
            if (until !== '') onChange({ ...value, range: { ...range, until } })
          }}
        />
      )}
      {range.type === 'numbered' && (
        <NumberInput
          label={t.repeat.count}
          size="xs"
          min={1}
          max={999}
          value={range.count}
          onChange={(count) =>
            typeof count === 'number' && count >= 1 && onChange({ ...value, range: { ...range, count } })
          }
        />
      )}
    </div>
  )
}
