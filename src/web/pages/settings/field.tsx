import {
  Button,
  Checkbox,
  NativeSelect,
  NumberInput,
  PasswordInput,
  Switch,
  Textarea,
  TextInput,
} from '@mantine/core'
import { useId } from 'react'
import type { Json } from '../../../core/item.ts'
import { SECRET_KEPT } from '../../../core/setting-kinds.ts'
import { useAct } from '../../api/client.ts'
import { settings as t } from '../../text/en/settings.ts'
import { Copy } from '../../ui/copy.tsx'
import { tellDone, tellProblem } from '../../ui/tell.ts'
import { AnswersField } from './answers-field.tsx'
import { CollectionsField } from './collections-field.tsx'
import { shownValue, type Draft, type Field, type Form } from './form.ts'
import css from './settings.module.css'

interface Props {
  readonly form: Form
  readonly field: Field
  readonly draft: Draft
  readonly problem: string | undefined
  readonly locked: boolean
  /** Null takes the unsaved change away. */
  readonly onChange: (to: { readonly value: Json } | 'inherit' | null) => void
}

export function FieldRow({ form, field, draft, problem, locked, onChange }: Props) {
  const id = useId()
  const change = draft[field.key]
  const inherits = change === 'inherit' || (change === undefined && !field.overridden)
  const value = shownValue(field, draft)
  const computed = field.control.control === 'computed'
  const fixed = field.fixed || computed || locked || field.disabled !== null
  const tick = (ticked: boolean): void => {
    if (ticked) onChange(field.overridden ? 'inherit' : null)
    else onChange(field.overridden ? null : { value: field.inherited.value })
  }
  return (
    <div className={css['field']} data-changed={change === undefined ? undefined : ''}>
      <div>
        <label className={css['label']} htmlFor={id}>
          {field.label}
        </label>
        <p className={css['help']} id={`${id}-help`}>
          {field.help}
        </p>
      </div>
      <div className={css['value']}>
        <ControlFor
          id={id}
          form={form}
          field={field}
          value={value}
          disabled={fixed || inherits}
          problem={problem}
          onChange={(next) => onChange({ value: next })}
        />
        {field.disabled !== null && <p className={css['disabled']}>{field.disabled}</p>}
        {!computed && !field.secret && change === undefined && (
          <p className={css['inForce']}>{t.inForce(field.inForce.text, t.from[field.inForce.from])}</p>
        )}
        {field.action && <ActionButton action={field.action} />}
      </div>
      {!computed && !field.fixed && (
        <div className={css['inherit']}>
          <Checkbox
            size="xs"
            label={form.inheritLabel}
            aria-label={`${form.inheritLabel}: ${field.label}`}
            checked={inherits}
            disabled={locked || field.disabled !== null}
            onChange={(event) => tick(event.currentTarget.checked)}
          />
          {!inherits && !field.secret && <small>{t.wouldInherit(field.inherited.text)}</small>}
        </div>
      )}
    </div>
  )
}

interface ControlProps {
  readonly id: string
  readonly form: Form
  readonly field: Field
  readonly value: Json
  readonly disabled: boolean
  readonly problem: string | undefined
  readonly onChange: (value: Json) => void
}
function ControlFor({ id, form, field, value, disabled, problem, onChange }: ControlProps) {
  const shared = {
    id,
    disabled,
    'aria-describedby': `${id}-help`,
    ...(problem !== undefined && { error: problem }),
  }
  const { control } = field
  switch (control.control) {
    case 'flag':
      return (
        <Switch
          {...shared}
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      )
    case 'number':
      return (
        <NumberInput
          {...shared}
          w={180}
          min={control.min}
          max={control.max}
          allowDecimal={false}
          suffix={` ${control.unit}`}
          value={typeof value === 'number' ? value : ''}
          onChange={(next) => typeof next === 'number' && onChange(next)}
        />
      )
    case 'text': {
      const words = typeof value === 'string' ? value : ''
      return control.lines === 'one' ? (
        <TextInput
          {...shared}
          maxLength={control.maxLength}
          value={words}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      ) : (
        <Textarea
          {...shared}
          maxLength={control.maxLength}
          minRows={3}
          maxRows={12}
          value={words}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      )
    }
    case 'secret': {
      const kept = value === SECRET_KEPT
      const words = kept || typeof value !== 'string' ? '' : value
      const hint = {
        placeholder: kept ? '••••••••••••' : t.secretNew,
        description: kept ? t.secretSet : undefined,
      }
      return control.lines === 'one' ? (
        <PasswordInput
          {...shared}
          {...hint}
          autoComplete="off"
          inputWrapperOrder={['input', 'description', 'error']}
          value={words}
          onChange={(event) =>
            onChange(event.currentTarget.value === '' && kept ? SECRET_KEPT : event.currentTarget.value)
          }
        />
      ) : (
        <Textarea
          {...shared}
          {...hint}
          autoComplete="off"
          inputWrapperOrder={['input', 'description', 'error']}
          value={words}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      )
    }
    case 'date':
      return (
        <TextInput
          {...shared}
          type="date"
          w={180}
          value={typeof value === 'string' ? value : ''}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      )
    case 'choice':
      return (
        <NativeSelect
          {...shared}
          value={typeof value === 'string' ? value : ''}
          data={control.options.map((option) => ({ value: String(option.value), label: option.label }))}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      )
    case 'list':
      return (
        <Textarea
          {...shared}
          minRows={2}
          maxRows={10}
          placeholder={control.placeholder}
          description={t.onePerLine}
          inputWrapperOrder={['input', 'description', 'error']}
          value={Array.isArray(value) ? value.join('\n') : typeof value === 'string' ? value : ''}
          onChange={(event) => onChange(event.currentTarget.value.split('\n'))}
        />
      )
    case 'collections':
      return (
        <CollectionsField
          of={control.of}
          owner={form.owner?.id}
          value={value}
          disabled={disabled}
          problem={problem}
          onChange={onChange}
        />
      )
    case 'answers':
      return (
        <AnswersField
          id={id}
          of={control.of}
          productName={form.productName}
          value={value}
          disabled={disabled}
          onChange={onChange}
        />
      )
    case 'computed':
      return (
        <div className={css['computed']}>
          <code id={id}>{String(value)}</code>
          {control.copy && <Copy value={String(value)} what={field.label} />}
        </div>
      )
  }
}

function ActionButton({ action }: { readonly action: NonNullable<Field['action']> }) {
  const act = useAct('POST /api/settings/actions/:action', { done: ({ message }) => tellDone(message) })
  return (
    <div>
      <Button
        variant="default"
        loading={act.isPending}
        onClick={() =>
          act.mutate(
            { params: { action: action.id as 'remove-large-attachments' } },
            { onError: tellProblem },
          )
        }
      >
        {action.label}
      </Button>
    </div>
  )
}
