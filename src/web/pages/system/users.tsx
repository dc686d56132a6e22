import { Button, NativeSelect, PasswordInput, Switch, TextInput } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useState } from 'react'
import { useAct, useAsk, useAsked, type Item } from '../../api/client.ts'
import { useIsAdministrator, useMe } from '../../api/session.ts'
import { askUsers } from '../../asks.ts'
import { text } from '../../text/en.ts'
import { system as t } from '../../text/en/system.ts'
import { Page, Trouble } from '../../ui/page.tsx'
import { Status } from '../../ui/status.tsx'
import { List } from '../../ui/list.tsx'
import { FilterSelect, optionsOf, TwoLines, type Column } from '../../ui/table.tsx'
import { tellDone, tellProblem } from '../../ui/tell.ts'
import { RelativeTime } from '../../ui/time.tsx'
import { useUrl } from '../../ui/url-state.ts'
import { ZoneField } from '../../ui/zone-field.tsx'
import css from './system.module.css'
import { inSystem } from './system.tsx'
import { Modal } from '../../ui/dialog.tsx'

export type User = Item<'GET /api/users'>

const columns: readonly Column<User>[] = [
  {
    key: 'name',
    label: t.name,
    sort: 'name',
    cell: (user) => <TwoLines title={user.name} sub={user.email} />,
  },
  { key: 'role', label: t.role, cell: (user) => text.signIn.role[user.role] },
  { key: 'organization', label: t.organization, from: 'desk', cell: (user) => user.organization.name },
  {
    key: 'state',
    label: t.state,
    from: 'tablet',
    cell: (user) =>
      user.lockedUntil !== null ? (
        <Status tone="fail">{t.locked}</Status>
      ) : (
        <Status tone={user.active ? 'ok' : 'none'} bare>
          {user.active ? t.active : t.inactive}
        </Status>
      ),
  },
  {
    key: 'lastSignInAt',
    label: t.lastSignIn,
    sort: 'lastSignInAt',
    right: true,
    from: 'tablet',
    cell: (user) => <RelativeTime at={user.lastSignInAt} otherwise={t.never} />,
  },
]

export function UsersPage() {
  const [url, setUrl] = useUrl()
  const admin = useIsAdministrator()
  const users = useAsked(askUsers(url), { keep: true })
  const opened = url['user']
  const user = users.data?.items.find((one) => one.id === opened)
  return (
    <Page
      title={t.users}
      crumbs={inSystem}
      actions={
        admin && (
          <Button
            leftSection={<IconPlus size={15} aria-hidden />}
            onClick={() => setUrl({ user: 'new' }, { push: true })}
          >
            {t.newUser}
          </Button>
        )
      }
    >
      <List
        label={t.users}
        columns={columns}
        of={users}
        filters={<FilterSelect name="role" label={t.role} options={optionsOf(text.signIn.role)} />}
        keyOf={(one) => one.id}
        onOpen={(one) => setUrl({ user: one.id }, { push: true })}
        opened={opened}
        defaultSort="name"
        empty={t.usersEmpty}
      />
      {admin && (opened === 'new' || user) && (
        <UserForm key={opened} user={user} onClose={() => setUrl({ user: null })} />
      )}
    </Page>
  )
}

function UserForm({ user, onClose }: { readonly user: User | undefined; readonly onClose: () => void }) {
  const me = useMe()
  const organizations = useAsk('GET /api/organizations', {})
  const [form, setForm] = useState({
    name: user?.name ?? '',
    email: user?.email ?? '',
    role: user?.role ?? ('user' as const),
    organization: user?.organization.id ?? me.organization.id,
    zone: user?.zone ?? me.zone,
    active: user?.active ?? true,
    password: '',
  })
  const put = (patch: Partial<typeof form>): void => setForm((before) => ({ ...before, ...patch }))
  const changes = ['users', 'people']
  const make = useAct('POST /api/users', { changes, done: onClose })
  const change = useAct('PATCH /api/users/:user', { changes, done: onClose })
  const signOut = useAct('POST /api/users/:user/sign-out', { changes, done: () => tellDone(t.signedOut) })
  const { name, email, role, organization, zone, active, password } = form
  const secret = password === '' ? {} : { password }
  const submit = (): void => {
    if (user === undefined) make.mutate({ body: { name, email, role, organization, zone, ...secret } })
    else
      change.mutate({
        params: { user: user.id },
        body: { name, role, organization, zone, active, ...secret },
      })
  }
  const error = make.error ?? change.error
  return (
    <Modal
      opened
      onClose={onClose}
      title={user === undefined ? t.newUser : t.editUser}
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
        <TextInput
          label={t.name}
          required
          data-autofocus
          value={name}
          onChange={(e) => put({ name: e.currentTarget.value })}
        />
        <TextInput
          label={t.address}
          type="email"
          required
          disabled={user !== undefined}
          value={email}
          onChange={(e) => put({ email: e.currentTarget.value })}
        />
        <NativeSelect
          label={t.role}
          value={role}
          data={optionsOf(text.signIn.role)}
          onChange={(e) => put({ role: e.currentTarget.value as User['role'] })}
        />
        <NativeSelect
          label={t.organization}
          value={organization}
          data={(organizations.data?.items ?? []).map((one) => ({ value: one.id, label: one.name }))}
          onChange={(e) => put({ organization: e.currentTarget.value })}
        />
        <ZoneField label={t.zone} value={zone} onChange={(next) => put({ zone: next })} />
        <PasswordInput
          label={t.password}
          description={user === undefined ? t.passwordHelp : t.newPasswordHelp}
          autoComplete="new-password"
          value={password}
          onChange={(e) => put({ password: e.currentTarget.value })}
        />
        {user !== undefined && (
          <Switch
            label={t.active}
            checked={active}
            onChange={(e) => put({ active: e.currentTarget.checked })}
          />
        )}
        <div className={css['row']}>
          <Button type="submit" loading={make.isPending || change.isPending}>
            {text.common.save}
          </Button>
          {user !== undefined && (
            <Button
              variant="default"
              loading={signOut.isPending}
              onClick={() => signOut.mutate({ params: { user: user.id } }, { onError: tellProblem })}
            >
              {t.signOutUser}
            </Button>
          )}
          {user !== undefined && user.lockedUntil !== null && (
            <Button
              variant="default"
              onClick={() => change.mutate({ params: { user: user.id }, body: { unlock: true } })}
            >
              {t.unlock}
            </Button>
          )}
        </div>
      </form>
    </Modal>
  )
}
