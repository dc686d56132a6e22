import { Button, Checkbox, Switch, TextInput } from '@mantine/core'
import { IconPlus, IconWebhook } from '@tabler/icons-react'
import { useState } from 'react'
import { useAct, useAsk, type Item } from '../../api/client.ts'
import { text } from '../../text/en.ts'
import { system as t } from '../../text/en/system.ts'
import { Copy } from '../../ui/copy.tsx'
import { Empty, Mono, Note, Page, Trouble } from '../../ui/page.tsx'
import { Status } from '../../ui/status.tsx'
import { DataTable, TwoLines, type Column } from '../../ui/table.tsx'
import { tellDone, tellProblem } from '../../ui/tell.ts'
import { RelativeTime } from '../../ui/time.tsx'
import css from './system.module.css'
import { inSystem } from './system.tsx'
import { Modal } from '../../ui/dialog.tsx'

type Webhook = Item<'GET /api/webhooks'>
type Event = keyof typeof t.webhookEvents
const events = Object.keys(t.webhookEvents) as Event[]

const tones = { off: 'none', new: 'none', fails: 'fail', works: 'ok' } as const
/** On, and what the other side made of the last call. */
const stateOf = ({ active, lastStatus }: Webhook): keyof typeof tones =>
  !active ? 'off' : lastStatus === null ? 'new' : /^2\d\d\b/.test(lastStatus) ? 'works' : 'fails'

export function WebhooksPage() {
  const [editing, setEditing] = useState<Webhook | 'new' | null>(null)
  const [secret, setSecret] = useState<string | null>(null)
  const webhooks = useAsk('GET /api/webhooks', {})
  const items = webhooks.data?.items
  const columns: readonly Column<Webhook>[] = [
    {
      key: 'url',
      label: t.url,
      cell: (row) => (
        <TwoLines
          title={row.url}
          sub={row.events.map((one) => t.webhookEvents[one as Event] ?? one).join(', ')}
        />
      ),
    },
    {
      key: 'active',
      label: t.state,
      cell: (row) => {
        const state = stateOf(row)
        return (
          <Status tone={tones[state]} bare>
            {t.webhookState[state]}
          </Status>
        )
      },
    },
    {
      key: 'last',
      label: t.lastAnswer,
      from: 'tablet',
      cell: (row) => (
        <>
          {row.lastStatus} <RelativeTime at={row.lastAt} />
        </>
      ),
    },
  ]
  return (
    <Page
      title={t.webhooks}
      crumbs={inSystem}
      lead={t.webhooksHelp}
      actions={
        <Button leftSection={<IconPlus size={15} aria-hidden />} onClick={() => setEditing('new')}>
          {t.newWebhook}
        </Button>
      }
    >
      {webhooks.error && <Trouble error={webhooks.error} />}
      {secret !== null && (
        <div style={{ marginBottom: 12 }}>
          <Note tone="ok" role="status">
            {t.signing}
            <div className={css['copyRow']}>
              <Mono>{secret}</Mono>
              <Copy value={secret} what={t.signing} />
            </div>
          </Note>
        </div>
      )}
      <DataTable
        label={t.webhooks}
        columns={columns}
        page={items && { items, page: 1, size: items.length, total: items.length }}
        keyOf={(row) => row.id}
        onOpen={setEditing}
        empty={<Empty icon={IconWebhook}>{t.webhooksEmpty}</Empty>}
      />
      {editing !== null && <WebhookForm of={editing} onClose={() => setEditing(null)} onSecret={setSecret} />}
    </Page>
  )
}

interface FormProps {
  readonly of: Webhook | 'new'
  readonly onClose: () => void
  readonly onSecret: (secret: string) => void
}
function WebhookForm({ of, onClose, onSecret }: FormProps) {
  const [url, setUrl] = useState(of === 'new' ? 'https://' : of.url)
  const [chosen, setChosen] = useState<readonly string[]>(of === 'new' ? ['alert.raised'] : of.events)
  const [active, setActive] = useState(of === 'new' ? true : of.active)
  const changes = ['webhooks']
  const make = useAct('POST /api/webhooks', {
    changes,
    done: (made) => {
      onSecret(made.secret)
      onClose()
    },
  })
  const change = useAct('PATCH /api/webhooks/:webhook', { changes, done: onClose })
  const remove = useAct('DELETE /api/webhooks/:webhook', { changes, done: onClose })
  const test = useAct('POST /api/webhooks/:webhook/test', {
    changes,
    done: ({ message }) => tellDone(message),
  })
  const about = events.filter((one) => chosen.includes(one))
  const error = make.error ?? change.error
  return (
    <Modal
      opened
      onClose={onClose}
      title={of === 'new' ? t.newWebhook : t.webhooks}
      closeButtonProps={{ 'aria-label': text.common.close }}
    >
      <form
        className={css['form']}
        onSubmit={(event) => {
          event.preventDefault()
          if (of === 'new') make.mutate({ body: { url, events: about } })
          else change.mutate({ params: { webhook: of.id }, body: { url, events: about, active } })
        }}
      >
        {error && <Trouble error={error} />}
        <TextInput
          label={t.url}
          type="url"
          required
          data-autofocus
          value={url}
          onChange={(e) => setUrl(e.currentTarget.value)}
        />
        <Checkbox.Group label={t.events} value={[...chosen]} onChange={setChosen}>
          <div className={css['form']} style={{ gap: 6, paddingTop: 4 }}>
            {events.map((one) => (
              <Checkbox key={one} size="xs" value={one} label={t.webhookEvents[one]} />
            ))}
          </div>
        </Checkbox.Group>
        {of !== 'new' && (
          <Switch label={t.state} checked={active} onChange={(e) => setActive(e.currentTarget.checked)} />
        )}
        <div className={css['row']}>
          <Button type="submit" loading={make.isPending || change.isPending}>
            {text.common.save}
          </Button>
          {of !== 'new' && (
            <>
              <Button
                variant="default"
                loading={test.isPending}
                onClick={() => test.mutate({ params: { webhook: of.id } }, { onError: tellProblem })}
              >
                {t.test}
              </Button>
              <Button
                variant="default"
                color="red"
                onClick={() => remove.mutate({ params: { webhook: of.id } }, { onError: tellProblem })}
              >
                {text.common.remove}
              </Button>
            </>
          )}
        </div>
      </form>
    </Modal>
  )
}
