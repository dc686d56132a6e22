import { Button, NativeSelect, TextInput } from '@mantine/core'
import { IconKey } from '@tabler/icons-react'
import { useState } from 'react'
import { useAct, useAsk, type Item } from '../../api/client.ts'
import { useMe } from '../../api/session.ts'
import { formatDate } from '../../format.ts'
import { text } from '../../text/en.ts'
import { me as t } from '../../text/en/me.ts'
import { Copy } from '../../ui/copy.tsx'
import { Card, Empty, Mono, Note, Page, Trouble } from '../../ui/page.tsx'
import { DataTable, TwoLines, type Column } from '../../ui/table.tsx'
import { tellDone, tellProblem } from '../../ui/tell.ts'
import { RelativeTime } from '../../ui/time.tsx'
import settingsCss from '../settings/settings.module.css'
import css from './me.module.css'
import { MyNav } from './my-nav.tsx'

type Token = Item<'GET /api/tokens'>
const roles = ['administrator', 'user', 'auditor'] as const

export function TokensPage() {
  const tokens = useAsk('GET /api/tokens', {})
  const revoke = useAct('DELETE /api/tokens/:token', { changes: ['tokens'], done: () => tellDone(t.revoked) })
  const items = tokens.data?.items
  const columns: readonly Column<Token>[] = [
    {
      key: 'name',
      label: t.tokenName,
      cell: (row) => (
        <TwoLines
          title={row.name}
          sub={`${t.madeOn(formatDate(row.createdAt))}, ${text.signIn.role[row.role].toLowerCase()}`}
        />
      ),
    },
    {
      key: 'used',
      label: t.used,
      from: 'tablet',
      cell: (row) => <RelativeTime at={row.lastUsedAt} otherwise={t.neverUsed} />,
    },
    {
      key: 'expires',
      label: t.expires,
      from: 'tablet',
      cell: (row) => <RelativeTime at={row.expiresAt} otherwise={t.expiresIn.never} />,
    },
    {
      key: 'act',
      label: text.common.actions,
      right: true,
      cell: (row) => (
        <Button
          size="compact-xs"
          variant="default"
          onClick={() => revoke.mutate({ params: { token: row.id } }, { onError: tellProblem })}
        >
          {t.revoke}
        </Button>
      ),
    },
  ]
  return (
    <Page title={t.tokens} crumbs={[{ label: t.title, to: '/me' }]} lead={t.tokensLead}>
      <div className={settingsCss['layout']}>
        <MyNav />
        <div className={css['stack']}>
          <NewToken />
          {tokens.error && <Trouble error={tokens.error} />}
          <DataTable
            label={t.tokens}
            columns={columns}
            page={items && { items, page: 1, size: items.length, total: items.length }}
            keyOf={(row) => row.id}
            empty={<Empty icon={IconKey}>{t.tokensEmpty}</Empty>}
          />
        </div>
      </div>
    </Page>
  )
}

function NewToken() {
  const me = useMe()
  const [name, setName] = useState('')
  const [role, setRole] = useState<Token['role']>(me.role === 'administrator' ? 'auditor' : me.role)
  const [days, setDays] = useState('90')
  const make = useAct('POST /api/tokens', { changes: ['tokens'], done: () => setName('') })
  return (
    <Card>
      <form
        className={css['stack']}
        onSubmit={(event) => {
          event.preventDefault()
          make.mutate({ body: { name, role, expiresInDays: days === 'never' ? null : Number(days) } })
        }}
      >
        <h2>{t.newToken}</h2>
        {make.error && <Trouble error={make.error} />}
        <div className={css['grid']}>
          <TextInput
            label={t.tokenName}
            required
            value={name}
            onChange={(e) => setName(e.currentTarget.value)}
          />
          <NativeSelect
            label={t.role}
            value={role}
            data={roles
              .filter((one) => me.role === 'administrator' || one === me.role)
              .map((value) => ({ value, label: text.signIn.role[value] }))}
            onChange={(e) => setRole(e.currentTarget.value as Token['role'])}
          />
          <NativeSelect
            label={t.expires}
            value={days}
            data={Object.entries(t.expiresIn).map(([value, label]) => ({ value, label }))}
            onChange={(e) => setDays(e.currentTarget.value)}
          />
        </div>
        <div>
          <Button type="submit" loading={make.isPending}>
            {t.make}
          </Button>
        </div>
        {make.data && (
          <Note tone="ok" role="status">
            {t.made}
            <div className={css['secret']}>
              <Mono>{make.data.token}</Mono>
              <Copy value={make.data.token} what={t.tokens} />
            </div>
          </Note>
        )}
      </form>
    </Card>
  )
}
