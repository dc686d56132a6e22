import { ActionIcon, Button, NativeSelect, TextInput } from '@mantine/core'
import { IconFolderPlus, IconPlus, IconX } from '@tabler/icons-react'
import { mailroom as t } from '../../text/en/mailroom.ts'
import { optionsOf } from '../../ui/table.tsx'
import css from './mailroom.module.css'

export type Field = keyof typeof t.fields
export type Operator = keyof typeof t.operators
export interface Condition {
  readonly field: Field
  readonly operator: Operator
  readonly value: string
}
export interface Group {
  readonly match: 'all' | 'any'
  readonly items: readonly (Condition | Group)[]
}
export const isGroup = (one: Condition | Group): one is Group => 'items' in one
const fresh: Condition = { field: 'subject', operator: 'contains', value: '' }
const DEPTH_MAX = 3

/** A rule's conditions in one line of words. */
export function conditionText(group: Group): string {
  if (group.items.length === 0) return t.always
  return group.items
    .map((one) =>
      isGroup(one)
        ? `(${conditionText(one)})`
        : `${t.fields[one.field]} ${t.operators[one.operator]}${hasValue(one.operator) ? ` “${one.value}”` : ''}`,
    )
    .join(` ${group.match === 'all' ? t.and : t.or} `)
}
const hasValue = (operator: Operator): boolean => operator !== 'empty' && operator !== 'not-empty'
const isList = (operator: Operator): boolean => operator === 'in' || operator === 'not-in'

interface Props {
  readonly group: Group
  readonly onChange: (group: Group) => void
  readonly onRemove?: () => void
  readonly depth?: number
}

/** AND and OR groups of conditions, within each other. */
export function ConditionGroup({ group, onChange, onRemove, depth = 1 }: Props) {
  const put = (at: number, item: Condition | Group | null): void =>
    onChange({
      ...group,
      items:
        item === null
          ? group.items.filter((_, i) => i !== at)
          : group.items.map((one, i) => (i === at ? item : one)),
    })
  return (
    <fieldset className={css['group']} aria-label={t.group}>
      <div className={css['groupHead']}>
        <NativeSelect
          size="xs"
          aria-label={t.match}
          data={optionsOf(t.matches)}
          value={group.match}
          onChange={(e) => onChange({ ...group, match: e.currentTarget.value === 'any' ? 'any' : 'all' })}
        />
        {onRemove && (
          <ActionIcon variant="subtle" color="gray" aria-label={t.removeGroup} onClick={onRemove}>
            <IconX size={15} aria-hidden />
          </ActionIcon>
        )}
      </div>
      {group.items.length === 0 && <span className={css['joint']}>{t.noConditions}</span>}
      {group.items.map((one, at) =>
        isGroup(one) ? (
          <ConditionGroup
            key={at}
            group={one}
            depth={depth + 1}
            onChange={(next) => put(at, next)}
            onRemove={() => put(at, null)}
          />
        ) : (
          <OneCondition
            key={at}
            condition={one}
            onChange={(next) => put(at, next)}
            onRemove={() => put(at, null)}
          />
        ),
      )}
      <div className={css['inline']}>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => onChange({ ...group, items: [...group.items, fresh] })}
        >
          {t.addCondition}
        </Button>
        {depth < DEPTH_MAX && (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconFolderPlus size={14} aria-hidden />}
            onClick={() =>
              onChange({
                ...group,
                items: [...group.items, { match: group.match === 'all' ? 'any' : 'all', items: [fresh] }],
              })
            }
          >
            {t.addGroup}
          </Button>
        )}
      </div>
    </fieldset>
  )
}

function OneCondition({
  condition,
  onChange,
  onRemove,
}: {
  readonly condition: Condition
  readonly onChange: (condition: Condition) => void
  readonly onRemove: () => void
}) {
  return (
    <div className={css['condition']}>
      <NativeSelect
        size="xs"
        aria-label={t.field}
        data={optionsOf(t.fields)}
        value={condition.field}
        onChange={(e) => onChange({ ...condition, field: e.currentTarget.value as Field })}
      />
      <NativeSelect
        size="xs"
        aria-label={t.operator}
        data={optionsOf(t.operators)}
        value={condition.operator}
        onChange={(e) => onChange({ ...condition, operator: e.currentTarget.value as Operator })}
      />
      {hasValue(condition.operator) && (
        <TextInput
          size="xs"
          data-wide
          aria-label={t.value}
          placeholder={isList(condition.operator) ? t.listHelp : t.value}
          maxLength={2_000}
          value={condition.value}
          onChange={(e) => onChange({ ...condition, value: e.currentTarget.value })}
        />
      )}
      <ActionIcon variant="subtle" color="gray" aria-label={t.removeCondition} onClick={onRemove}>
        <IconX size={15} aria-hidden />
      </ActionIcon>
    </div>
  )
}
