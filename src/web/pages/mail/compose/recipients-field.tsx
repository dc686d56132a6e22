import { Pill, TagsInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useState } from 'react'
import { useAsk, type Item } from '../../../api/client.ts'
import { compose as t } from '../../../text/en/mail-compose.ts'
import css from './compose.module.css'
import { readAll, readRecipient, writeRecipient, type Recipient } from './recipients.ts'

const TYPE_WAIT_MS = 120
type Suggestion = Item<'GET /api/mail/recipients'>

interface Props {
  readonly label: string
  readonly value: readonly Recipient[]
  readonly onChange: (people: Recipient[]) => void
  /** Letters to type before people are suggested. */
  readonly minimum: number
  readonly autofocus?: boolean
}

/** People as chips: typed, pasted as a list, or chosen from those whom the CRM and the mailbox know. */
export function RecipientsField({ label, value, onChange, minimum, autofocus }: Props) {
  const [typed, setTyped] = useState('')
  const [wrong, setWrong] = useState<string | null>(null)
  const [q] = useDebouncedValue(typed.trim(), TYPE_WAIT_MS)
  const found = useAsk(
    'GET /api/mail/recipients',
    { query: { q } },
    { enabled: q.length >= Math.max(1, minimum), keep: true },
  )
  const suggestions = new Map<string, Suggestion>(
    (q.length >= Math.max(1, minimum) ? (found.data?.items ?? []) : [])
      .filter((one) => !value.some((taken) => taken.email === one.email))
      .map((one) => [writeRecipient(one), one]),
  )
  const take = (values: readonly string[]): void => {
    const read = readAll(values)
    setWrong(read.wrong[0] ?? null)
    onChange(read.people)
    // What is no address stays in the field, to be put right.
    if (read.wrong.length > 0) window.setTimeout(() => setTyped(read.wrong.join(', ')))
  }
  return (
    <TagsInput
      size="sm"
      variant="unstyled"
      label={label}
      classNames={{
        root: css['field'] ?? '',
        label: css['fieldLabel'] ?? '',
        input: css['fieldInput'] ?? '',
        wrapper: css['fieldWrap'] ?? '',
      }}
      value={value.map(writeRecipient)}
      onChange={take}
      searchValue={typed}
      onSearchChange={(next) => {
        setTyped(next)
        if (wrong !== null && next !== typed) setWrong(null)
      }}
      splitChars={[',', ';', '\n']}
      acceptValueOnBlur
      data={[...suggestions.keys()]}
      filter={({ options }) => options}
      maxDropdownHeight={280}
      {...(autofocus && { autoFocus: true })}
      error={wrong === null ? undefined : t.notAnAddress(wrong)}
      aria-invalid={wrong !== null}
      renderOption={({ option }) => {
        const one = suggestions.get(option.value)
        return (
          <span className={css['suggestion']}>
            <span>
              <strong>{one?.name === '' ? one.email : one?.name}</strong>
              <small>{one?.name === '' ? '' : one?.email}</small>
            </span>
            {one && <small>{t.kinds[one.kind]}</small>}
          </span>
        )
      }}
      renderPill={({ option, onRemove, disabled }) => {
        const one = readRecipient(String(option.value))
        const name = one === null ? String(option.value) : one.name === '' ? one.email : one.name
        return (
          <Pill
            withRemoveButton={disabled !== true}
            {...(onRemove && { onRemove })}
            title={one?.email}
            removeButtonProps={{ 'aria-label': t.removePerson(name), tabIndex: 0 }}
          >
            {name}
          </Pill>
        )
      }}
    />
  )
}
