import { Button, Radio } from '@mantine/core'
import { IconPlugConnected, IconPlugConnectedX, IconRefresh } from '@tabler/icons-react'
import { useState } from 'react'
import { useAct, useAsk, type Answer, type Item } from '../../api/client.ts'
import { useMayAct } from '../../api/session.ts'
import { formatNumber, formatPlainDate } from '../../format.ts'
import { text } from '../../text/en.ts'
import { me as t } from '../../text/en/me.ts'
import { Note, Section } from '../../ui/page.tsx'
import { MailboxStatus, Status } from '../../ui/status.tsx'
import { DataTable, TwoLines, type Column } from '../../ui/table.tsx'
import { tellDone, tellProblem } from '../../ui/tell.ts'
import { ChannelRow } from '../overview/channel-row.tsx'
import css from './me.module.css'
import { Modal } from '../../ui/dialog.tsx'

export type Mailbox = Answer<'GET /api/mailboxes/:mailbox'>
type Collection = Item<'GET /api/mailboxes/:mailbox/collections'>

interface Props {
  readonly mailbox: Mailbox
  readonly onReconnect: () => void
  readonly connecting: boolean
}
/** One account: which it is, where new items go, its channels, and what can be done with the connection. */
export function MailboxCard({ mailbox, onReconnect, connecting }: Props) {
  const mayAct = useMayAct()
  const [leaving, setLeaving] = useState(false)
  const params = { mailbox: mailbox.id }
  const check = useAct('POST /api/mailboxes/:mailbox/check', { changes: ['mailboxes', 'status'] })
  const gone = mailbox.state === 'disconnected'
  return (
    <>
      <section className={css['mailbox']} aria-label={mailbox.address}>
        <div className={css['head']}>
          <div>
            <h2>
              {mailbox.displayName} <MailboxStatus state={mailbox.state} />
            </h2>
            <p className={css['dim']}>
              {mailbox.address}. {t.access[mailbox.access]}, {mailbox.zone}.
            </p>
            {mailbox.targets.map((target) => (
              <p key={target.channel} className={css['dim']}>
                {t.target(text.common.channel[target.channel], target.name)}
              </p>
            ))}
          </div>
          {mayAct && (
            <div className={css['actions']}>
              {!gone && (
                <Button
                  variant="default"
                  leftSection={<IconPlugConnected size={15} aria-hidden />}
                  loading={check.isPending}
                  onClick={() => check.mutate({ params }, { onError: tellProblem })}
                >
                  {t.check}
                </Button>
              )}
              <Button
                variant={mailbox.state === 'connected' ? 'default' : 'filled'}
                title={t.reconnectHelp}
                leftSection={<IconRefresh size={15} aria-hidden />}
                loading={connecting}
                onClick={onReconnect}
              >
                {t.reconnect}
              </Button>
              {!gone && (
                <Button
                  variant="default"
                  leftSection={<IconPlugConnectedX size={15} aria-hidden />}
                  onClick={() => setLeaving(true)}
                >
                  {t.disconnect}
                </Button>
              )}
            </div>
          )}
        </div>
        <div className={css['notes']}>
          {mailbox.trouble !== null && (
            <Note tone="fail" role="alert">
              {mailbox.trouble}
            </Note>
          )}
          {check.data && (
            <Note tone={check.data.ok ? 'ok' : 'fail'} role="status">
              <p>{check.data.message}</p>
              <ul>
                {check.data.checks.map((one) => (
                  <li key={one.name}>
                    <Status tone={one.ok ? 'ok' : 'fail'} bare>
                      {one.name}
                    </Status>
                    : {one.detail}
                  </li>
                ))}
              </ul>
            </Note>
          )}
        </div>
        {!gone && mailbox.channels.map((channel) => <ChannelRow key={channel.channel} row={channel} />)}
      </section>
      {!gone && <Collections mailbox={mailbox.id} />}
      {leaving && <Disconnect mailbox={mailbox} onClose={() => setLeaving(false)} />}
    </>
  )
}

function Disconnect({ mailbox, onClose }: { readonly mailbox: Mailbox; readonly onClose: () => void }) {
  const [data, setData] = useState<'keep' | 'remove'>('keep')
  const disconnect = useAct('POST /api/mailboxes/:mailbox/disconnect', {
    changes: ['mailboxes', 'status', 'calendar', 'tasks', 'task-lists'],
    done: () => {
      tellDone(t.disconnected)
      onClose()
    },
  })
  return (
    <Modal
      opened
      onClose={onClose}
      title={t.disconnectTitle(mailbox.address)}
      closeButtonProps={{ 'aria-label': text.common.close }}
    >
      <div className={css['stack']}>
        <Radio
          label={t.disconnectKeep}
          description={t.disconnectKeepHelp}
          checked={data === 'keep'}
          onChange={() => setData('keep')}
        />
        <Radio
          label={t.disconnectRemove}
          description={t.disconnectRemoveHelp}
          checked={data === 'remove'}
          onChange={() => setData('remove')}
        />
        <Button
          {...(data === 'remove' && { color: 'red' })}
          loading={disconnect.isPending}
          onClick={() =>
            disconnect.mutate({ params: { mailbox: mailbox.id }, body: { data } }, { onError: tellProblem })
          }
        >
          {t.disconnect}: {(data === 'keep' ? t.disconnectKeep : t.disconnectRemove).toLowerCase()}
        </Button>
      </div>
    </Modal>
  )
}

function Collections({ mailbox }: { readonly mailbox: string }) {
  const mayAct = useMayAct()
  const params = { mailbox }
  const collections = useAsk('GET /api/mailboxes/:mailbox/collections', { params, query: {} })
  const again = useAct('POST /api/mailboxes/:mailbox/collections/refresh', { changes: ['mailboxes'] })
  const columns: readonly Column<Collection>[] = [
    {
      key: 'name',
      label: t.columns.name,
      cell: (row) => (
        <TwoLines
          title={row.isDefault ? `${row.name} (${t.defaultMark})` : row.name}
          sub={row.trouble ?? text.common.channel[row.channel]}
        />
      ),
    },
    {
      key: 'part',
      label: t.columns.part,
      cell: (row) => (
        <Status tone={row.selected ? 'ok' : 'none'} bare>
          {row.selected ? t.takesPart : t.leftOut}
        </Status>
      ),
    },
    {
      key: 'items',
      label: t.columns.items,
      right: true,
      from: 'tablet',
      cell: (row) =>
        row.total === null
          ? formatNumber(row.linked)
          : `${formatNumber(row.linked)} / ${formatNumber(row.total)}`,
    },
    {
      key: 'period',
      label: t.columns.period,
      from: 'tablet',
      cell: (row) => row.window && t.period(formatPlainDate(row.window.from), formatPlainDate(row.window.to)),
    },
  ]
  const items = collections.data?.items
  return (
    <Section
      title={t.collections}
      help={t.collectionsHelp}
      aside={
        mayAct && (
          <Button
            variant="default"
            loading={again.isPending}
            onClick={() => again.mutate({ params }, { onError: tellProblem })}
          >
            {t.refresh}
          </Button>
        )
      }
    >
      <DataTable
        label={t.collections}
        columns={columns}
        page={items && { items, page: 1, size: items.length, total: items.length }}
        keyOf={(row) => row.id}
        empty={null}
      />
    </Section>
  )
}
