import { Button, NativeSelect, NumberInput, Select, TagsInput, Textarea, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useState } from 'react'
import type { Json } from '../../../core/item.ts'
import { useAct, useAsk, type Answer } from '../../api/client.ts'
import { useMe } from '../../api/session.ts'
import { text } from '../../text/en.ts'
import { records as t } from '../../text/en/records.ts'
import { Trouble } from '../../ui/page.tsx'
import type { Kind, KindName, RecordField } from './kinds.ts'
import css from './records.module.css'
import { Modal } from '../../ui/dialog.tsx'

export type RecordView = Answer<'GET /api/records/:kind/:id'>
type Values = { readonly [name: string]: Json }

interface Props {
  readonly kind: Kind
  readonly record?: RecordView
  readonly onClose: () => void
  readonly onDone: (record: RecordView) => void
}
/** Made from the kind's table of fields: what the server checks is what the form asks. */
export function RecordForm({ kind, record, onClose, onDone }: Props) {
  const me = useMe()
  const people = useAsk('GET /api/people', { query: {} })
  const [values, setValues] = useState<Values>(record?.fields ?? {})
  const [owner, setOwner] = useState(record === undefined ? me.id : (record.owner?.id ?? ''))
  const changes = ['records', 'search']
  const make = useAct('POST /api/records/:kind', { changes, done: onDone })
  const change = useAct('PATCH /api/records/:kind/:id', { changes, done: onDone })
  const error = make.error ?? change.error
  const problemOf = (name: string): string | undefined =>
    error?.problem.problems?.find((one) => one.at.split('.').at(-1) === name)?.problem
  const submit = (): void => {
    if (record === undefined)
      make.mutate({ params: { kind: kind.kind }, body: { fields: values, owner: owner || null } })
    else {
      const fields = Object.fromEntries(
        Object.entries(values).filter(
          ([name, value]) => JSON.stringify(value) !== JSON.stringify(record.fields[name]),
        ),
      )
      change.mutate({
        params: { kind: kind.kind, id: record.id },
        body: { version: record.version, fields, owner: owner || null },
      })
    }
  }
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={record === undefined ? t.new(kind.label) : t.edit(kind.label)}
      closeButtonProps={{ 'aria-label': text.common.close }}
    >
      <form
        className={css['form']}
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
      >
        {error && <Trouble error={error} />}
        {kind.fields.map((field, index) => (
          <FieldInput
            key={field.name}
            field={field}
            first={index === 0}
            value={values[field.name] ?? null}
            linked={record?.linked ?? {}}
            problem={problemOf(field.name)}
            onChange={(value) => setValues((before) => ({ ...before, [field.name]: value }))}
          />
        ))}
        <NativeSelect label={t.owner} value={owner} onChange={(event) => setOwner(event.currentTarget.value)}>
          <option value="">{t.nobody}</option>
          {people.data?.items.map((one) => (
            <option key={one.id} value={one.id}>
              {one.name}
            </option>
          ))}
        </NativeSelect>
        <div className={css['actions']}>
          <Button type="submit" loading={make.isPending || change.isPending}>
            {text.common.save}
          </Button>
        </div>
      </form>
    </Modal>
  )
}

const inputTypes = { email: 'email', phone: 'tel', url: 'url', date: 'date', text: 'text' } as const

interface FieldProps {
  readonly field: RecordField
  readonly value: Json
  readonly first: boolean
  readonly linked: { readonly [id: string]: string }
  readonly problem: string | undefined
  readonly onChange: (value: Json) => void
}
function FieldInput({ field, value, first, linked, problem, onChange }: FieldProps) {
  const shared = {
    label: field.label,
    required: field.required,
    ...(problem !== undefined && { error: problem }),
    ...(field.maxLength !== null && { maxLength: field.maxLength }),
    ...(first && { 'data-autofocus': true }),
  }
  const words = typeof value === 'string' ? value : ''
  if (field.list || field.type === 'tags')
    return <TagsInput {...shared} value={Array.isArray(value) ? value.map(String) : []} onChange={onChange} />
  switch (field.type) {
    case 'long-text':
      return (
        <Textarea
          {...shared}
          value={words}
          onChange={(event) => onChange(event.currentTarget.value || null)}
        />
      )
    case 'number':
      return (
        <NumberInput
          {...shared}
          value={typeof value === 'number' ? value : ''}
          onChange={(next) => onChange(typeof next === 'number' ? next : null)}
        />
      )
    case 'choice':
      return (
        <NativeSelect
          {...shared}
          value={words}
          onChange={(event) => onChange(event.currentTarget.value || null)}
        >
          <option value="">{t.none}</option>
          {field.options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </NativeSelect>
      )
    case 'link':
      return (
        <LinkInput
          label={field.label}
          required={field.required}
          to={field.to ?? 'account'}
          value={words}
          title={linked[words]}
          onChange={onChange}
        />
      )
    default:
      return (
        <TextInput
          {...shared}
          type={inputTypes[field.type]}
          value={words}
          onChange={(event) => onChange(event.currentTarget.value || null)}
        />
      )
  }
}

interface LinkProps {
  readonly label: string
  readonly required: boolean
  readonly to: KindName
  readonly value: string
  readonly title: string | undefined
  readonly onChange: (value: Json) => void
}
/** Another record, found by a few letters. */
function LinkInput({ label, required, to, value, title, onChange }: LinkProps) {
  const [typed, setTyped] = useState('')
  const [q] = useDebouncedValue(typed, 150)
  const found = useAsk(
    'GET /api/records/:kind',
    { params: { kind: to }, query: { size: 20, ...(q !== '' && { q }) } },
    { keep: true },
  )
  const options = (found.data?.items ?? []).map((one) => ({ value: one.id, label: one.title }))
  const known =
    value === '' || options.some((one) => one.value === value)
      ? options
      : [{ value, label: title ?? value }, ...options]
  return (
    <Select
      label={label}
      required={required}
      searchable
      clearable
      allowDeselect
      data={known}
      value={value || null}
      filter={({ options: all }) => all}
      onSearchChange={setTyped}
      onChange={(next) => onChange(next)}
    />
  )
}
