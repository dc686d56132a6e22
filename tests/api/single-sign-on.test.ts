import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startProduct, type Browser, type RunningProduct } from '../support/running-product.ts'

/** Signing in with Microsoft 365, against the emulated sign-in: allowed domains, and what comes of a refusal. */
const ANNA = 'anna.lindqvist@contoso.example'

describe('single sign-on', () => {
  let product: RunningProduct
  let admin: Browser
  const set = (values: Record<string, string | boolean | string[]>) =>
    admin.call('PATCH /api/settings', { body: { scope: 'system', set: values } })

  beforeAll(async () => {
    product = await startProduct()
    admin = await product.signIn(product.ready.admin.email)
    const { control, clientId } = product.ready.microsoft as unknown as { control: string; clientId: string }
    const registered = await fetch(`${control}/apps`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ clientId, redirectUris: [`${product.ready.backOffice}/auth/sso/callback`] }),
    })
    expect(registered.status, await registered.clone().text()).toBe(200)
  }, 120_000)
  afterAll(() => product.stop())

  /** A browser's way to Microsoft and back. @returns what the back-office answers at the end */
  async function signInAtMicrosoft(as: string, returnTo = '/tasks'): Promise<Response> {
    const start = await fetch(
      `${product.ready.backOffice}/auth/sso/start?returnTo=${encodeURIComponent(returnTo)}`,
      { redirect: 'manual' },
    )
    expect(start.status).toBe(302)
    const person = product.ready.microsoft.users.find((one) => one.userPrincipalName.toLowerCase() === as)
    const page = await fetch(start.headers.get('location') ?? '', {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ account: person?.id ?? '', consent: '1' }).toString(),
    })
    expect(page.status, await page.clone().text()).toBe(302)
    return fetch(page.headers.get('location') ?? '', { redirect: 'manual' })
  }
  const cookieOf = (answer: Response): string =>
    answer.headers
      .getSetCookie()
      .map((one) => one.split(';')[0] ?? '')
      .join('; ')

  test('is off until it is switched on', async () => {
    const start = await fetch(`${product.ready.backOffice}/auth/sso/start`, { redirect: 'manual' })
    expect(start.headers.get('location')).toBe('/sign-in?problem=sso-off')
  })

  test('an account of an allowed domain signs in as its user, and comes back to where it wanted to go', async () => {
    await set({ 'singleSignOn.enabled': true, 'singleSignOn.domains': ['contoso.example'] })
    const done = await signInAtMicrosoft(ANNA)
    expect(done.status, await done.clone().text()).toBe(302)
    expect(done.headers.get('location')).toBe('/tasks')
    const cookie = done.headers.getSetCookie().join('; ')
    expect(cookie).toMatch(/HttpOnly/i)
    expect(cookie).toMatch(/SameSite=Lax/i)
    const me = await fetch(`${product.ready.backOffice}/api/me`, { headers: { cookie: cookieOf(done) } })
    expect(await me.json()).toMatchObject({ email: ANNA, role: 'user' })
  })

  test('the way back is a path of our own, never another site', async () => {
    for (const returnTo of ['https://evil.example/', '//evil.example', '/\\evil.example']) {
      const done = await signInAtMicrosoft(ANNA, returnTo)
      expect(done.headers.get('location'), returnTo).toBe('/')
    }
  })

  test('an account of another domain is refused in words, and no session begins', async () => {
    await set({ 'singleSignOn.domains': ['fabrikam.example'] })
    const done = await signInAtMicrosoft(ANNA)
    expect(done.status).toBe(400)
    expect(await done.text()).toContain('Addresses of contoso.example may not sign in here')
    expect(cookieOf(done)).not.toContain('syncline_session')
    await set({ 'singleSignOn.domains': ['contoso.example'] })
  })

  test('an answer that nobody asked for signs nobody in', async () => {
    const forged = await fetch(`${product.ready.backOffice}/auth/sso/callback?code=stolen&state=made-up`, {
      redirect: 'manual',
    })
    expect(forged.status).toBe(400)
    expect(cookieOf(forged)).not.toContain('syncline_session')
  })

  test('signing out everywhere ends every session of the person, and nobody else’s', async () => {
    const first = await signInAtMicrosoft(ANNA)
    const session = await product.signIn(ANNA)
    expect((await session.raw('DELETE', '/api/me/sessions')).status).toBe(204)
    for (const cookie of [cookieOf(first)]) {
      const me = await fetch(`${product.ready.backOffice}/api/me`, { headers: { cookie } })
      expect(me.status).toBe(401)
    }
    expect((await session.raw('GET', '/api/me')).status).toBe(401)
    expect((await admin.raw('GET', '/api/me')).status).toBe(200)
  })

  test('a password must be long and no guess', async () => {
    for (const password of ['short', 'aaaaaaaaaaaaaaaa', 'password12345', 'planted.person@contoso.example']) {
      const made = await admin.raw('POST', '/api/users', {
        ...{ email: 'planted.person@contoso.example', name: 'Planted Person', role: 'user' },
        password,
      })
      expect([400, 422], password).toContain(made.status)
    }
  })
})
