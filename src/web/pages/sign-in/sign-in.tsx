import { Button, PasswordInput, TextInput } from '@mantine/core'
import { IconBrandWindows } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useEffect, useState, type FormEvent } from 'react'
import { useAct } from '../../api/client.ts'
import { keepSession, useSession, type Session } from '../../api/session.ts'
import { text } from '../../text/en.ts'
import { Note, Trouble } from '../../ui/page.tsx'
import { useUrl } from '../../ui/url-state.ts'
import css from './door.module.css'

const t = text.signIn

export function SignIn() {
  const client = useQueryClient()
  const router = useRouter()
  const session = useSession()
  const [{ back, problem }] = useUrl()
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  useEffect(() => {
    document.title = `${t.title} · ${text.common.name}`
  }, [])
  const enter = (next: Session): void => {
    keepSession(client, next)
    // Only a place of our own: an address from elsewhere would make this page a trap.
    router.history.push(back !== undefined && /^\/(?![/\\])/.test(back) ? back : '/')
  }
  const signIn = useAct('POST /api/session', { done: enter })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    signIn.mutate({ body: { email, password } })
  }
  return (
    <main className={css['door']} id="main">
      <div className={css['box']}>
        <div className={css['brand']}>
          <img src="/icon.svg" width={32} height={32} alt="" />
          <h1>{text.common.name}</h1>
        </div>
        {problem !== undefined && (
          <Note tone="fail" role="alert">
            {problem}
          </Note>
        )}
        {signIn.error && <Trouble error={signIn.error} />}
        <form className={css['card']} onSubmit={submit}>
          <h2>{t.title}</h2>
          <TextInput
            label={t.email}
            type="email"
            autoComplete="username"
            required
            autoFocus
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <PasswordInput
            label={t.password}
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <Button type="submit" size="sm" loading={signIn.isPending}>
            {t.submit}
          </Button>
          {session.singleSignOn.enabled && (
            <>
              <div className={css['or']}>{t.or}</div>
              <Button
                component="a"
                href={session.singleSignOn.startUrl}
                variant="default"
                size="sm"
                leftSection={<IconBrandWindows size={16} aria-hidden />}
              >
                {t.withMicrosoft}
              </Button>
            </>
          )}
        </form>
        {session.demoAccounts.length > 0 && (
          <section className={css['accounts']} aria-label={t.demoTitle}>
            <p className={css['help']}>{t.demoTitle}</p>
            {session.demoAccounts.map((account) => (
              <button
                key={account.email}
                type="button"
                className={css['account']}
                onClick={() => signIn.mutate({ body: { email: account.email, password: account.password } })}
              >
                <span>
                  {account.name}
                  <small>{account.email}</small>
                </span>
                <small>{t.role[account.role]}</small>
              </button>
            ))}
          </section>
        )}
      </div>
    </main>
  )
}
