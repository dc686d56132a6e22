import { NativeSelect, SegmentedControl } from '@mantine/core'
import { Link, useParams } from '@tanstack/react-router'
import type { Scope } from '../../../core/setting-kinds.ts'
import type { SettingsPage } from '../../../core/settings.ts'
import { useAsk } from '../../api/client.ts'
import { useMe } from '../../api/session.ts'
import { settings as t } from '../../text/en/settings.ts'
import { NotFound } from '../../shell/broken.tsx'
import { Page } from '../../ui/page.tsx'
import { useUrl } from '../../ui/url-state.ts'
import { MyNav } from '../me/my-nav.tsx'
import { SettingsForm } from './settings-form.tsx'
import css from './settings.module.css'

const pages: readonly SettingsPage[] = ['microsoft', 'email', 'application']
const isPage = (text: string | undefined): text is SettingsPage => pages.some((page) => page === text)

/** System > Configuration: the three scopes of one page. */
export function ConfigurationPage() {
  const { page } = useParams({ strict: false })
  const [url, setUrl] = useUrl()
  if (!isPage(page)) return <NotFound />
  const scope: Scope = url['scope'] === 'organization' || url['scope'] === 'user' ? url['scope'] : 'system'
  const group = page === 'microsoft' ? t.group.integrations : t.group.general
  return (
    <Page
      title={t.page[page]}
      crumbs={[{ label: t.system, to: '/system' }, { label: t.configuration }, { label: group }]}
    >
      <div className={css['layout']}>
        <nav className={css['nav']} aria-label={t.configuration}>
          <strong>{t.group.integrations}</strong>
          <Link to="/system/configuration/microsoft">{t.page.microsoft}</Link>
          <strong>{t.group.general}</strong>
          <Link to="/system/configuration/email">{t.page.email}</Link>
          <Link to="/system/configuration/application">{t.page.application}</Link>
        </nav>
        <div>
          {page !== 'application' && (
            <div className={css['scope']}>
              <SegmentedControl
                size="xs"
                aria-label={t.scope}
                value={scope}
                onChange={(next) => setUrl({ scope: next === 'system' ? null : next, of: null })}
                data={(['system', 'organization', 'user'] as const).map((value) => ({
                  value,
                  label: t.scopes[value],
                }))}
              />
              {scope === 'organization' && <WhichOrganization />}
              {scope === 'user' && <WhichUser />}
            </div>
          )}
          <SettingsForm
            key={`${page} ${scope} ${url['of'] ?? ''}`}
            page={page}
            scope={scope}
            of={url['of']}
          />
        </div>
      </div>
    </Page>
  )
}

function WhichOrganization() {
  const [url, setUrl] = useUrl()
  const me = useMe()
  const organizations = useAsk('GET /api/organizations', {})
  return (
    <NativeSelect
      size="xs"
      aria-label={t.whichOrganization}
      value={url['of'] ?? me.organization.id}
      data={(organizations.data?.items ?? [me.organization]).map(({ id, name }) => ({
        value: id,
        label: name,
      }))}
      onChange={(event) => setUrl({ of: event.currentTarget.value })}
    />
  )
}

function WhichUser() {
  const [url, setUrl] = useUrl()
  const me = useMe()
  const users = useAsk('GET /api/users', { query: { size: 500 } })
  return (
    <NativeSelect
      size="xs"
      aria-label={t.whichUser}
      value={url['of'] ?? me.id}
      data={(users.data?.items ?? [me]).map(({ id, name, email }) => ({
        value: id,
        label: `${name}, ${email}`,
      }))}
      onChange={(event) => setUrl({ of: event.currentTarget.value })}
    />
  )
}

/** My Configuration: the same pages at my own scope. */
export function MySettingsPage() {
  const { page } = useParams({ strict: false })
  if (!isPage(page) || page === 'application') return <NotFound />
  return (
    <Page title={t.page[page]} crumbs={[{ label: t.my, to: '/me' }]}>
      <div className={css['layout']}>
        <MyNav />
        <SettingsForm key={page} page={page} scope="user" of={undefined} />
      </div>
    </Page>
  )
}
