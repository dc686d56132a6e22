import { Button, Radio, TextInput } from '@mantine/core'
import { IconMailboxOff, IconPlus } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useAct, useAsk, type Item } from '../../api/client.ts'
import { useIsAdministrator } from '../../api/session.ts'
import { text } from '../../text/en.ts'
import { mailroom as t } from '../../text/en/mailroom.ts'
import { Modal } from '../../ui/dialog.tsx'
import { Empty, Note, Page, Trouble } from '../../ui/page.tsx'
import { MailboxStatus } from '../../ui/status.tsx'
import { DataTable, TwoLines, type Column } from '../../ui/table.tsx'
import { useConnect } from '../me/connect.ts'
import css from './system.module.css'
import { inSystem } from './system.tsx'

type SystemMailbox = Item<'GET /api/system-mailboxes'>

const columns: readonly Column<SystemMailbox>[] = [
  { key: 'label', label: t.label, cell: (row) => <TwoLines title={row.label} sub={row.address} /> },
  { key: 'state', label: t.state, cell: (row) => <MailboxStatus state={row.state} /> },
  { key: 'makes', label: t.makes, from: 'tablet', cell: (row) => t.does[row.processing.do] },
  { key: 'rules', label: t.rules, from: 'desk', cell: (row) => t.rulesCount(row.rules) },
  { key: 'review', label: t.review, right: true, cell: (row) => row.review.toLocaleString('en') },
  { key: 'made', label: t.made, right: true, from: 'tablet', cell: (row) => row.made.toLocaleString('en') },
]

export function SystemMailboxesPage() {
  const navigate = useNavigate()
  const admin = useIsAdministrator()
  const [adding, setAdding] = useState(false)
  const list = useAsk('GET /api/system-mailboxes', {}, { everyMs: 15_000 })
  const items = list.data?.items
  return (
    <Page
      title={t.title}
      crumbs={inSystem}
      lead={t.lead}
      actions={
        admin && (
          <Button leftSection={<IconPlus size={15} aria-hidden />} onClick={() => setAdding(true)}>
            {t.new}
          </Button>
        )
      }
    >
      {list.error && <Trouble error={list.error} />}
      <DataTable
        label={t.title}
        columns={columns}
        page={items && { items, page: 1, size: items.length, total: items.length }}
        keyOf={(row) => row.mailbox}
        onOpen={(row) => void navigate({ to: `/system/system-mailboxes/${row.mailbox}` })}
        empty={<Empty icon={IconMailboxOff}>{t.empty}</Empty>}
      />
      {adding && <NewSystemMailbox onClose={() => setAdding(false)} />}
    </Page>
  )
}

function NewSystemMailbox({ onClose }: { readonly onClose: () => void }) {
  const navigate = useNavigate()
  const [label, setLabel] = useState('')
  const [address, setAddress] = useState('')
  const [how, setHow] = useState<'application' | 'signIn'>('application')
  const open = (mailbox: string): void => void navigate({ to: `/system/system-mailboxes/${mailbox}` })
  const add = useAct('POST /api/system-mailboxes', {
    changes: ['system-mailboxes', 'mailboxes', 'status'],
    done: ({ mailbox }) => open(mailbox),
  })
  const connect = useConnect({ route: 'POST /api/system-mailboxes/connect', body: { label, address } })
  const { now } = connect
  useEffect(() => {
    if (now.state === 'done' && now.ok && now.mailbox !== null) open(now.mailbox)
  })
  return (
    <Modal opened onClose={onClose} title={t.new} closeButtonProps={{ 'aria-label': text.common.close }}>
      <form
        className={css['form']}
        onSubmit={(event) => {
          event.preventDefault()
          if (how === 'application') add.mutate({ body: { label, address } })
          else connect.start()
        }}
      >
        {add.error && <Trouble error={add.error} />}
        {now.state === 'done' && !now.ok && (
          <Note tone="fail" role="alert">
            {now.message}
          </Note>
        )}
        {now.state === 'waiting' && (
          <Note tone="work" role="status">
            {t.waitingForMicrosoft}
          </Note>
        )}
        {now.state === 'blocked' && (
          <Note tone="wait" role="status">
            <a href={now.url} target="_blank" rel="noreferrer">
              {t.openWindow}
            </a>
          </Note>
        )}
        <TextInput
          label={t.label}
          description={t.labelHelp}
          required
          maxLength={100}
          data-autofocus
          value={label}
          onChange={(e) => setLabel(e.currentTarget.value)}
        />
        <TextInput
          label={t.address}
          description={t.addressHelp}
          type="email"
          required
          value={address}
          onChange={(e) => setAddress(e.currentTarget.value)}
        />
        <Radio.Group
          label={t.how}
          value={how}
          onChange={(value) => setHow(value === 'signIn' ? 'signIn' : 'application')}
        >
          <div className={css['form']} style={{ paddingTop: 4 }}>
            <Radio size="xs" value="application" label={t.hows.application} />
            <Radio size="xs" value="signIn" label={t.hows.signIn} />
          </div>
        </Radio.Group>
        <Button type="submit" loading={add.isPending}>
          {how === 'application' ? t.setUp : t.signIn}
        </Button>
      </form>
    </Modal>
  )
}
