import { Button } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useBlocker } from '@tanstack/react-router'
import { useState } from 'react'
import type { Json } from '../../../core/item.ts'
import type { Scope } from '../../../core/setting-kinds.ts'
import type { SettingsPage } from '../../../core/settings.ts'
import { ask, useAct, useAsk, type Answer, type ApiProblem } from '../../api/client.ts'
import { useMayAct } from '../../api/session.ts'
import { text } from '../../text/en.ts'
import { settings as t } from '../../text/en/settings.ts'
import { Empty, Loaded, Note, Trouble, UnsavedBar } from '../../ui/page.tsx'
import { tellDone } from '../../ui/tell.ts'
import { Checks } from './checks.tsx'
import { FieldRow } from './field.tsx'
import { shownValue, type Draft, type Field, type Form } from './form.ts'
import css from './settings.module.css'
import { Modal } from '../../ui/dialog.tsx'

type Impact = Answer<'POST /api/settings/impact'>

interface Props {
  readonly page: SettingsPage
  readonly scope: Scope
  readonly of: string | undefined
}
export function SettingsForm({ page, scope, of }: Props) {
  const input = { query: { page, scope, ...(of !== undefined && { of }) } }
  const form = useAsk('GET /api/settings', input)
  return (
    <Loaded of={form} rows={12}>
      {(data) => <Fields form={data} input={input} />}
    </Loaded>
  )
}

function Fields({
  form,
  input,
}: {
  readonly form: Form
  readonly input: { readonly query: Omit<Props, 'of'> & { of?: string } }
}) {
  const client = useQueryClient()
  const mayAct = useMayAct()
  const [draft, setDraft] = useState<Draft>({})
  const [impact, setImpact] = useState<Impact | null>(null)
  const count = Object.keys(draft).length
  useBlocker({
    shouldBlockFn: ({ current, next }) =>
      count > 0 &&
      current.pathname + JSON.stringify(current.search) !== next.pathname + JSON.stringify(next.search)
        ? !window.confirm(text.common.leaveQuestion)
        : false,
    enableBeforeUnload: count > 0,
  })
  const { scope, of } = input.query
  const body = {
    scope,
    ...(of !== undefined && { of }),
    set: Object.fromEntries(
      Object.entries(draft).flatMap(([key, change]) => (change === 'inherit' ? [] : [[key, change.value]])),
    ),
    inherit: Object.keys(draft).filter((key) => draft[key] === 'inherit'),
  }
  const save = useAct('PATCH /api/settings', {
    changes: ['settings', 'status', 'mailboxes', 'session'],
    done: ({ form: saved, notes }) => {
      setDraft({})
      setImpact(null)
      client.setQueryData(ask('GET /api/settings', input).queryKey, saved)
      tellDone([t.saved, ...notes].join(' '))
    },
  })
  const weigh = useAct('POST /api/settings/impact', { done: setImpact })
  const submit = (): void => {
    if (scope === 'user') save.mutate({ body })
    else weigh.mutate({ body })
  }
  const change = (key: string, to: { readonly value: Json } | 'inherit' | null): void => {
    save.reset()
    weigh.reset()
    const next = { ...draft }
    if (to === null) delete next[key]
    else next[key] = to
    setDraft(next)
  }
  const fields = new Map(
    form.sections.flatMap((section) => section.fields.map((field) => [field.key, field] as const)),
  )
  const meaningful = ({ onlyWhen }: Field): boolean => {
    const other = onlyWhen === null ? undefined : fields.get(onlyWhen.key)
    return onlyWhen === null || other === undefined || onlyWhen.is.includes(shownValue(other, draft))
  }
  const error = save.error ?? weigh.error
  const problems = problemsByKey(error)
  if (form.sections.length === 0) return <Empty>{t.nothingHere}</Empty>
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      {form.sections.map((section) => (
        <section key={section.name} id={section.name} className={css['section']} aria-label={section.label}>
          <div className={css['sectionHead']}>
            <h2>{section.label}</h2>
            <p>{section.help}</p>
          </div>
          {section.fields.filter(meaningful).map((field) => (
            <FieldRow
              key={field.key}
              form={form}
              field={field}
              draft={draft}
              problem={problems.get(field.key)}
              locked={!mayAct}
              onChange={(to) => change(field.key, to)}
            />
          ))}
          {section.name === 'application' && scope === 'system' && <Checks form={form} unsaved={count > 0} />}
        </section>
      ))}
      {error && problems.size === 0 && (
        <div style={{ marginTop: 16 }}>
          <Trouble error={error} />
        </div>
      )}
      {problems.size > 0 && (
        <div style={{ marginTop: 16 }}>
          <Note tone="fail" role="alert">
            {t.problems}
            <ul>
              {[...problems].map(([key, problem]) => (
                <li key={key}>
                  {fields.get(key)?.label ?? key}: {problem}
                </li>
              ))}
            </ul>
          </Note>
        </div>
      )}
      {count > 0 && (
        <UnsavedBar
          actions={
            <>
              <Button variant="default" onClick={() => setDraft({})}>
                {text.common.discard}
              </Button>
              <Button type="submit" loading={save.isPending || weigh.isPending}>
                {text.common.save}
              </Button>
            </>
          }
        >
          {text.common.unsaved(count)}
        </UnsavedBar>
      )}
      {impact && (
        <Modal
          opened
          onClose={() => setImpact(null)}
          title={t.saveQuestion}
          closeButtonProps={{ 'aria-label': text.common.close }}
        >
          <ImpactWords impact={impact} />
          <div style={{ display: 'flex', justifyContent: 'flex-end', gap: 8 }}>
            <Button variant="default" onClick={() => setImpact(null)}>
              {text.common.cancel}
            </Button>
            <Button
              data-autofocus
              loading={save.isPending}
              onClick={() => save.mutate({ body }, { onError: () => setImpact(null) })}
            >
              {t.save(count)}
            </Button>
          </div>
        </Modal>
      )}
    </form>
  )
}

/** Who gets other values, before they are saved at a wide scope. */
function ImpactWords({ impact }: { readonly impact: Impact }) {
  return (
    <>
      <p>
        <strong>{t.applies(impact.users, impact.overriding)}</strong>
      </p>
      {impact.mailboxes > 0 && <p>{t.appliesMailboxes(impact.mailboxes)}</p>}
      <ul className={css['changes']}>
        {impact.changes.map((one) => (
          <li key={one.key}>
            {one.label}
            <span>{t.change(one.from, one.to)}</span>
            <small>{t.applies(one.users, one.overriding)}</small>
          </li>
        ))}
      </ul>
      {impact.notes.map((note) => (
        <p key={note}>{note}</p>
      ))}
    </>
  )
}

function problemsByKey(error: ApiProblem | null): ReadonlyMap<string, string> {
  return new Map(
    error?.problem.problems?.map(({ at, problem }) => [at.replace(/^body\.(set\.)?/, ''), problem]) ?? [],
  )
}
