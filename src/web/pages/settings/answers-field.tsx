import { ActionIcon, NativeSelect } from '@mantine/core'
import { IconX } from '@tabler/icons-react'
import { describeGroup } from '../../../core/describe.ts'
import type { Json, Side } from '../../../core/item.ts'
import { DECIDABLE } from '../../../core/policy.ts'
import { settings as t } from '../../text/en/settings.ts'
import { Help } from '../../ui/page.tsx'
import css from './settings.module.css'

interface Props {
  readonly id: string
  readonly of: 'event' | 'task'
  readonly productName: string
  readonly value: Json
  readonly disabled: boolean
  readonly onChange: (value: Json) => void
}

/** Fields that one side always wins: each with its side, to change or to forget; and one to add. */
export function AnswersField({ id, of, productName, value, disabled, onChange }: Props) {
  const answers = read(value)
  const kept = Object.keys(answers)
  const others = DECIDABLE[of].filter((group) => !kept.includes(group))
  const sides = [
    { value: 'crm', label: t.wins(productName) },
    { value: 'mailbox', label: t.wins('Microsoft') },
  ]
  const put = (group: string, side: Side | null): void => {
    const { [group]: _, ...rest } = answers
    onChange(side === null ? rest : { ...rest, [group]: side })
  }
  return (
    <div className={css['answers']}>
      {kept.length === 0 && <Help>{t.noAnswers}</Help>}
      {kept.map((group) => (
        <div key={group}>
          <span>{describeGroup(group)}</span>
          <NativeSelect
            size="xs"
            aria-label={t.whoWins(describeGroup(group))}
            disabled={disabled}
            data={sides}
            value={answers[group] ?? 'crm'}
            onChange={(event) => put(group, event.currentTarget.value as Side)}
          />
          <ActionIcon
            aria-label={t.forget(describeGroup(group))}
            disabled={disabled}
            onClick={() => put(group, null)}
          >
            <IconX size={16} />
          </ActionIcon>
        </div>
      ))}
      {!disabled && others.length > 0 && (
        <NativeSelect
          id={id}
          size="xs"
          value=""
          data={[
            { value: '', label: t.addAnswer },
            ...others.map((group) => ({ value: group, label: describeGroup(group) })),
          ]}
          onChange={(event) => {
            if (event.currentTarget.value !== '') put(event.currentTarget.value, 'crm')
          }}
        />
      )}
    </div>
  )
}

function read(value: Json): { readonly [group: string]: Side } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {}
  return Object.fromEntries(
    Object.entries(value).flatMap(([group, side]) =>
      side === 'crm' || side === 'mailbox' ? [[group, side] as const] : [],
    ),
  )
}
