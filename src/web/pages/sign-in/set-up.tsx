import { Button, PasswordInput, TextInput } from '@mantine/core'
import { IconPlayerPlay } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useEffect, useState, type FormEvent } from 'react'
import { useAct } from '../../api/client.ts'
import { keepSession } from '../../api/session.ts'
import { text } from '../../text/en.ts'
import { Trouble } from '../../ui/page.tsx'
import { ZoneField } from '../../ui/zone-field.tsx'
import css from './door.module.css'

const t = text.signIn
const PASSWORD_LENGTH_MIN = 12

/** First run: the first administrator, or the demo company. */
export function SetUp() {
  const client = useQueryClient()
  const router = useRouter()
  const [form, setForm] = useState({
    organization: '',
    name: '',
    email: '',
    password: '',
    again: '',
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  })
  const [asked, setAsked] = useState(false)
  useEffect(() => {
    document.title = `${t.setupTitle} · ${text.common.name}`
  }, [])
  const setUp = useAct('POST /api/setup', {
    done: (session) => {
      keepSession(client, session)
      router.history.push(session.demo ? '/' : '/system/guide')
    },
  })
  const put = (name: keyof typeof form) => (event: FormEvent<HTMLInputElement>) => {
    const { value } = event.currentTarget
    setForm((before) => ({ ...before, [name]: value }))
  }
  const tooShort = form.password.length < PASSWORD_LENGTH_MIN
  const differs = form.password !== form.again
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    setAsked(true)
    if (tooShort || differs) return
    const { organization, name, email, password, zone } = form
    setUp.mutate({ body: { mode: 'administrator', organization, name, email, password, zone } })
  }
  return (
    <main className={css['door']} id="main">
      <div className={`${css['box']} ${css['wide']}`}>
        <div className={css['brand']}>
          <img src="/icon.svg" width={32} height={32} alt="" />
          <h1>{t.setupTitle}</h1>
        </div>
        <p className={css['help']}>{t.setupHelp}</p>
        {setUp.error && <Trouble error={setUp.error} />}
        <div className={css['columns']}>
          <form className={css['card']} onSubmit={submit}>
            <h2>{t.adminOption}</h2>
            <TextInput
              label={t.organization}
              required
              value={form.organization}
              onChange={put('organization')}
              autoFocus
            />
            <TextInput label={t.name} required autoComplete="name" value={form.name} onChange={put('name')} />
            <TextInput
              label={t.email}
              type="email"
              required
              autoComplete="username"
              value={form.email}
              onChange={put('email')}
            />
            <PasswordInput
              label={t.password}
              description={t.passwordHelp(PASSWORD_LENGTH_MIN)}
              required
              autoComplete="new-password"
              value={form.password}
              onChange={put('password')}
              error={asked && tooShort ? t.passwordHelp(PASSWORD_LENGTH_MIN) : undefined}
            />
            <PasswordInput
              label={t.passwordRepeat}
              required
              autoComplete="new-password"
              value={form.again}
              onChange={put('again')}
              error={asked && differs ? t.passwordDiffers : undefined}
            />
            <ZoneField
              label={t.zone}
              value={form.zone}
              onChange={(zone) => setForm((before) => ({ ...before, zone }))}
            />
            <Button type="submit" size="sm" loading={setUp.isPending}>
              {t.create}
            </Button>
          </form>
          <section className={css['card']}>
            <h2>{t.demoOption}</h2>
            <p className={css['help']}>{t.demoHelp}</p>
            <Button
              variant="default"
              size="sm"
              leftSection={<IconPlayerPlay size={16} aria-hidden />}
              loading={setUp.isPending}
              onClick={() => setUp.mutate({ body: { mode: 'demo' } })}
            >
              {t.demoOption}
            </Button>
          </section>
        </div>
      </div>
    </main>
  )
}
