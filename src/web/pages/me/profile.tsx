import { Button, NativeSelect, PasswordInput, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import { refresh, useAct, useAsk } from '../../api/client.ts'
import { useMe } from '../../api/session.ts'
import { formatExact, setReader } from '../../format.ts'
import { text } from '../../text/en.ts'
import { me as t } from '../../text/en/me.ts'
import { Card, Help, Loaded, Page, Section, Trouble } from '../../ui/page.tsx'
import { tellDone, tellProblem } from '../../ui/tell.ts'
import { RelativeTime } from '../../ui/time.tsx'
import { ZoneField } from '../../ui/zone-field.tsx'
import settingsCss from '../settings/settings.module.css'
import { browserText } from './browser-text.ts'
import css from './me.module.css'
import { MyNav } from './my-nav.tsx'

const locales = [
  'en-GB',
  'en-US',
  'de-DE',
  'fr-FR',
  'es-ES',
  'it-IT',
  'nl-NL',
  'pl-PL',
  'pt-BR',
  'sv-SE',
  'ja-JP',
]

export function ProfilePage() {
  return (
    <Page title={t.profile} crumbs={[{ label: t.title, to: '/me' }]}>
      <div className={settingsCss['layout']}>
        <MyNav />
        <div>
          <Profile />
          <Password />
          <Sessions />
        </div>
      </div>
    </Page>
  )
}

function Profile() {
  const me = useMe()
  const client = useQueryClient()
  const [form, setForm] = useState({
    name: me.name,
    zone: me.zone,
    locale: me.locale,
    weekStart: me.weekStart,
  })
  const put = (patch: Partial<typeof form>): void => setForm((before) => ({ ...before, ...patch }))
  const save = useAct('PATCH /api/me', {
    done: (next) => {
      setReader(next)
      void refresh(client, 'session', 'me')
      tellDone(t.saved)
    },
  })
  const names = new Intl.DisplayNames([me.locale], { type: 'language' })
  return (
    <Card>
      <form
        className={css['stack']}
        onSubmit={(event) => {
          event.preventDefault()
          save.mutate({ body: form })
        }}
      >
        {save.error && <Trouble error={save.error} />}
        <div className={css['grid']}>
          <TextInput
            label={t.name}
            required
            value={form.name}
            onChange={(e) => put({ name: e.currentTarget.value })}
          />
          <ZoneField label={t.zone} value={form.zone} onChange={(zone) => put({ zone })} />
          <NativeSelect
            label={t.locale}
            value={form.locale}
            onChange={(e) => put({ locale: e.currentTarget.value })}
          >
            {[...new Set([form.locale, ...locales])].map((locale) => (
              <option key={locale} value={locale}>
                {names.of(locale) ?? locale}
              </option>
            ))}
          </NativeSelect>
          <NativeSelect
            label={t.weekStart}
            value={form.weekStart}
            data={(['monday', 'sunday', 'saturday'] as const).map((value) => ({
              value,
              label: text.common.days[value],
            }))}
            onChange={(e) => put({ weekStart: e.currentTarget.value as typeof form.weekStart })}
          />
        </div>
        <Help>
          {t.example}: {formatExact(Date.now())}
        </Help>
        <div>
          <Button type="submit" loading={save.isPending}>
            {t.save}
          </Button>
        </div>
      </form>
    </Card>
  )
}

function Password() {
  const me = useMe()
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const change = useAct('PUT /api/me/password', {
    changes: ['me/sessions'],
    done: () => {
      setCurrent('')
      setNext('')
      tellDone(t.passwordChanged)
    },
  })
  return (
    <Section title={t.password}>
      <Card>
        {!me.hasPassword ? (
          t.noPassword
        ) : (
          <form
            className={css['stack']}
            onSubmit={(event) => {
              event.preventDefault()
              change.mutate({ body: { current, next } })
            }}
          >
            {change.error && <Trouble error={change.error} />}
            <div className={css['grid']}>
              <PasswordInput
                label={t.current}
                required
                autoComplete="current-password"
                value={current}
                onChange={(e) => setCurrent(e.currentTarget.value)}
              />
              <PasswordInput
                label={t.next}
                description={text.signIn.passwordHelp(12)}
                required
                minLength={12}
                autoComplete="new-password"
                value={next}
                onChange={(e) => setNext(e.currentTarget.value)}
              />
            </div>
            <div>
              <Button type="submit" variant="default" loading={change.isPending}>
                {t.changePassword}
              </Button>
            </div>
          </form>
        )}
      </Card>
    </Section>
  )
}

function Sessions() {
  const client = useQueryClient()
  const router = useRouter()
  const sessions = useAsk('GET /api/me/sessions', {})
  const end = useAct('DELETE /api/me/sessions/:session', { changes: ['me/sessions'] })
  const endAll = useAct('DELETE /api/me/sessions', {
    done: () => {
      client.clear()
      void router.navigate({ to: '/sign-in' })
    },
  })
  return (
    <Section
      title={t.sessions}
      aside={
        <Button
          variant="default"
          loading={endAll.isPending}
          onClick={() => endAll.mutate({}, { onError: tellProblem })}
        >
          {t.signOutEverywhere}
        </Button>
      }
    >
      <Loaded of={sessions} rows={2}>
        {({ items }) => (
          <Card pad={false}>
            <ul className={css['list']}>
              {items.map((session) => (
                <li key={session.id}>
                  <div>
                    <span title={session.browser}>{browserText(session.browser)}</span>
                    <Help>
                      {session.address}, {t.lastUsed} <RelativeTime at={session.lastUsedAt} />
                    </Help>
                  </div>
                  {session.here ? (
                    <span className={css['dim']}>{t.here}</span>
                  ) : (
                    <Button
                      variant="default"
                      onClick={() =>
                        end.mutate({ params: { session: session.id } }, { onError: tellProblem })
                      }
                    >
                      {t.end}
                    </Button>
                  )}
                </li>
              ))}
            </ul>
          </Card>
        )}
      </Loaded>
    </Section>
  )
}
