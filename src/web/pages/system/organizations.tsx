import { Button, TextInput } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useState } from 'react'
import { useAct, useAsk, type Item } from '../../api/client.ts'
import { useIsAdministrator } from '../../api/session.ts'
import { formatNumber } from '../../format.ts'
import { text } from '../../text/en.ts'
import { system as t } from '../../text/en/system.ts'
import { Page, Trouble } from '../../ui/page.tsx'
import { DataTable, TwoLines, type Column } from '../../ui/table.tsx'
import css from './system.module.css'
import { inSystem } from './system.tsx'
import { Modal } from '../../ui/dialog.tsx'

type Organization = Item<'GET /api/organizations'>
const columns: readonly Column<Organization>[] = [
  { key: 'name', label: t.name, cell: (row) => <TwoLines title={row.name} /> },
  { key: 'users', label: t.users, right: true, cell: (row) => formatNumber(row.users) },
  { key: 'mailboxes', label: t.mailboxes, right: true, cell: (row) => formatNumber(row.mailboxes) },
]

export function OrganizationsPage() {
  const admin = useIsAdministrator()
  const [editing, setEditing] = useState<Organization | 'new' | null>(null)
  const organizations = useAsk('GET /api/organizations', {})
  const items = organizations.data?.items
  return (
    <Page
      title={t.organizations}
      crumbs={inSystem}
      lead={t.organizationsHelp}
      actions={
        admin && (
          <Button leftSection={<IconPlus size={15} aria-hidden />} onClick={() => setEditing('new')}>
            {t.newOrganization}
          </Button>
        )
      }
    >
      {organizations.error && <Trouble error={organizations.error} />}
      <DataTable
        label={t.organizations}
        columns={columns}
        page={items && { items, page: 1, size: items.length, total: items.length }}
        keyOf={(row) => row.id}
        {...(admin && { onOpen: setEditing })}
        empty={null}
      />
      {editing !== null && <NameForm of={editing} onClose={() => setEditing(null)} />}
    </Page>
  )
}

function NameForm({ of, onClose }: { readonly of: Organization | 'new'; readonly onClose: () => void }) {
  const [name, setName] = useState(of === 'new' ? '' : of.name)
  const changes = ['organizations', 'session']
  const make = useAct('POST /api/organizations', { changes, done: onClose })
  const rename = useAct('PATCH /api/organizations/:organization', { changes, done: onClose })
  const error = make.error ?? rename.error
  return (
    <Modal
      opened
      onClose={onClose}
      title={of === 'new' ? t.newOrganization : t.rename}
      closeButtonProps={{ 'aria-label': text.common.close }}
    >
      <form
        className={css['form']}
        onSubmit={(event) => {
          event.preventDefault()
          if (of === 'new') make.mutate({ body: { name } })
          else rename.mutate({ params: { organization: of.id }, body: { name } })
        }}
      >
        {error && <Trouble error={error} />}
        <TextInput
          label={t.name}
          required
          data-autofocus
          value={name}
          onChange={(e) => setName(e.currentTarget.value)}
        />
        <Button type="submit" loading={make.isPending || rename.isPending}>
          {text.common.save}
        </Button>
      </form>
    </Modal>
  )
}
