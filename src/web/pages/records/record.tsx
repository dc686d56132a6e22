import { Button } from '@mantine/core'
import { IconPencil, IconTrash } from '@tabler/icons-react'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useAct, useAsk } from '../../api/client.ts'
import { useMayAct } from '../../api/session.ts'
import { NotFound } from '../../shell/broken.tsx'
import { text } from '../../text/en.ts'
import { records as t } from '../../text/en/records.ts'
import { useKeys } from '../../ui/keys.ts'
import { Card, Definitions, Loaded, Page } from '../../ui/page.tsx'
import { tellDone, tellProblem } from '../../ui/tell.ts'
import { RelativeTime } from '../../ui/time.tsx'
import { useUrl } from '../../ui/url-state.ts'
import { fieldText } from './field-text.ts'
import { isKindName, useKinds, type Kind, type RecordField } from './kinds.ts'
import { RecordForm, type RecordView } from './record-form.tsx'
import css from './records.module.css'
import { RecordTimeline } from './record-timeline.tsx'

export function RecordPage() {
  const { kind, id = '' } = useParams({ strict: false })
  const known = useKinds().find((one) => one.kind === kind)
  if (!isKindName(kind)) return <NotFound />
  return known === undefined ? null : <OneRecord kind={known} id={id} />
}

function OneRecord({ kind, id }: { readonly kind: Kind; readonly id: string }) {
  const navigate = useNavigate()
  const mayAct = useMayAct()
  const [url, setUrl] = useUrl()
  const params = { kind: kind.kind, id }
  const record = useAsk('GET /api/records/:kind/:id', { params })
  const remove = useAct('DELETE /api/records/:kind/:id', {
    changes: ['records'],
    done: () => {
      tellDone(t.deleted)
      void navigate({ to: `/records/${kind.kind}` })
    },
  })
  useKeys({ ...(mayAct && { e: () => setUrl({ edit: 'yes' }) }) })
  return (
    <Loaded of={record}>
      {(data) => (
        <Page
          title={data.title}
          {...(data.subtitle !== null && { lead: data.subtitle })}
          crumbs={[{ label: kind.plural, to: `/records/${kind.kind}` }]}
          actions={
            mayAct && (
              <>
                <Button
                  variant="default"
                  leftSection={<IconTrash size={15} aria-hidden />}
                  loading={remove.isPending}
                  onClick={() => remove.mutate({ params }, { onError: tellProblem })}
                >
                  {text.common.delete}
                </Button>
                <Button
                  leftSection={<IconPencil size={15} aria-hidden />}
                  onClick={() => setUrl({ edit: 'yes' })}
                >
                  {text.common.edit}
                </Button>
              </>
            )
          }
        >
          <div className={css['split']}>
            <Card>
              <Definitions
                rows={[
                  ...kind.fields
                    .filter((field) => fieldText(field, data) !== '')
                    .map(
                      (field) =>
                        [field.label, <Value key={field.name} field={field} record={data} />] as const,
                    ),
                  [t.owner, data.owner?.name ?? t.nobody],
                  [t.modified, <RelativeTime key="m" at={data.modifiedAt} />],
                ]}
              />
            </Card>
            <RecordTimeline kind={kind.kind} id={id} />
          </div>
          {url['edit'] === 'yes' && (
            <RecordForm
              kind={kind}
              record={data}
              onClose={() => setUrl({ edit: null })}
              onDone={() => setUrl({ edit: null })}
            />
          )}
        </Page>
      )}
    </Loaded>
  )
}

function Value({ field, record }: { readonly field: RecordField; readonly record: RecordView }) {
  const words = fieldText(field, record)
  const raw = String(record.fields[field.name] ?? '')
  if (field.type === 'email') return <a href={`mailto:${raw}`}>{words}</a>
  if (field.type === 'phone') return <a href={`tel:${raw.replaceAll(' ', '')}`}>{words}</a>
  if (field.type === 'url' && /^https?:\/\//.test(raw))
    return (
      <a href={raw} target="_blank" rel="noreferrer">
        {words}
      </a>
    )
  if (field.type === 'link' && field.to !== null)
    return <Link to={`/records/${field.to}/${raw}`}>{words}</Link>
  return <span style={{ whiteSpace: 'pre-wrap' }}>{words}</span>
}
