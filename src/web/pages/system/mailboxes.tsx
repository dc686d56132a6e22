import { Button, NativeSelect, TextInput } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useAct, useAsked, type Item } from '../../api/client.ts'
import { useIsAdministrator } from '../../api/session.ts'
import { askMailboxes } from '../../asks.ts'
import { text } from '../../text/en.ts'
import { system as t } from '../../text/en/system.ts'
import { Page, Trouble } from '../../ui/page.tsx'
import { HealthStatus, MailboxStatus } from '../../ui/status.tsx'
import { List } from '../../ui/list.tsx'
import { FilterSelect, optionsOf, TwoLines, type Column } from '../../ui/table.tsx'
import { useUrl } from '../../ui/url-state.ts'
import css from './system.module.css'
import { inSystem } from './system.tsx'
import { Modal } from '../../ui/dialog.tsx'

type Mailbox = Item<'GET /api/mailboxes'>
const channelCell = (channel: Mailbox['channels'][number]['channel']): Column<Mailbox> => ({
  key: channel,
  label: text.common.channel[channel],
  from: channel === 'email' ? 'desk' : 'tablet',
  cell: (row) => {
    const one = row.channels.find((candidate) => candidate.channel === channel)
    return one && row.state !== 'disconnected' && <HealthStatus health={one.health} bare />
  },
})
/** Where there is no room for each channel: what is worst of them, if anything is. */
const WORST = ['needs-person', 'held', 'late', 'paused'] as const
const columns: readonly Column<Mailbox>[] = [
  {
    key: 'address',
    label: t.address,
    sort: 'address',
    cell: (row) => <TwoLines title={row.displayName} sub={row.address} />,
  },
  {
    key: 'state',
    label: t.state,
    cell: (row) => {
      const worst =
        row.state === 'connected' && WORST.find((one) => row.channels.some((c) => c.health === one))
      return (
        <>
          <MailboxStatus state={row.state} />
          {worst && (
            <div className={css['phone']}>
              <HealthStatus health={worst} bare />
            </div>
          )}
        </>
      )
    },
  },
  channelCell('calendar'),
  channelCell('tasks'),
  channelCell('email'),
  { key: 'owner', label: t.owner, from: 'desk', cell: (row) => row.user?.name ?? t.kinds[row.kind] },
]

export function MailboxesPage() {
  const navigate = useNavigate()
  const admin = useIsAdministrator()
  const [url] = useUrl()
  const [adding, setAdding] = useState(false)
  const mailboxes = useAsked(askMailboxes(url), { keep: true })
  return (
    <Page
      title={t.mailboxes}
      crumbs={inSystem}
      lead={t.mailboxesHelp}
      actions={
        admin && (
          <Button leftSection={<IconPlus size={15} aria-hidden />} onClick={() => setAdding(true)}>
            {t.addMailbox}
          </Button>
        )
      }
    >
      <List
        label={t.mailboxes}
        columns={columns}
        of={mailboxes}
        filters={<FilterSelect name="state" label={t.state} options={optionsOf(text.states.mailbox)} />}
        keyOf={(row) => row.id}
        onOpen={(row) => void navigate({ to: `/system/mailboxes/${row.id}` })}
        defaultSort="address"
        empty={t.mailboxesEmpty}
      />
      {adding && <AddMailbox onClose={() => setAdding(false)} />}
    </Page>
  )
}

function AddMailbox({ onClose }: { readonly onClose: () => void }) {
  const navigate = useNavigate()
  const [address, setAddress] = useState('')
  const [kind, setKind] = useState<'user' | 'shared'>('user')
  const add = useAct('POST /api/mailboxes', {
    changes: ['mailboxes', 'status'],
    done: (mailbox) => void navigate({ to: `/system/mailboxes/${mailbox.id}` }),
  })
  return (
    <Modal
      opened
      onClose={onClose}
      title={t.addMailbox}
      closeButtonProps={{ 'aria-label': text.common.close }}
    >
      <form
        className={css['form']}
        onSubmit={(event) => {
          event.preventDefault()
          add.mutate({ body: { address, kind } })
        }}
      >
        <p>{t.addMailboxHelp}</p>
        {add.error && <Trouble error={add.error} />}
        <TextInput
          label={t.address}
          type="email"
          required
          data-autofocus
          value={address}
          onChange={(e) => setAddress(e.currentTarget.value)}
        />
        <NativeSelect
          label={t.kind}
          value={kind}
          data={optionsOf(t.kinds)}
          onChange={(e) => setKind(e.currentTarget.value === 'shared' ? 'shared' : 'user')}
        />
        <Button type="submit" loading={add.isPending}>
          {t.addMailbox}
        </Button>
      </form>
    </Modal>
  )
}
