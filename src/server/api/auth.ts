import { z } from 'zod'
import { EVERYONE, id, instant, nothing, ROLES, route } from './contract.ts'
import { emailAddress, knownZone, zone } from './item-schemas.ts'

/** Signing in, first-run set-up, one's own profile and sessions, API tokens. */
export const PASSWORD_LENGTH_MIN = 12
export const PASSWORD_LENGTH_MAX = 200

/** Strength is length: no rules about characters; passwords that are an address, a name or a run of one letter are refused by the server. */
export const newPassword = z
  .string()
  .min(PASSWORD_LENGTH_MIN, `At least ${PASSWORD_LENGTH_MIN} characters`)
  .max(PASSWORD_LENGTH_MAX)

export const role = z.enum(ROLES)

export const me = z.object({
  id,
  email: z.string(),
  name: z.string(),
  role,
  organization: z.object({ id, name: z.string() }),
  zone,
  locale: z.string(),
  weekStart: z.enum(['sunday', 'monday', 'saturday']),
  theme: z.enum(['light', 'dark', 'system']),
  /** False for people who only sign in through Microsoft. */
  hasPassword: z.boolean(),
})

export const session = z.object({
  /** Null: nobody is signed in. */
  user: me.nullable(),
  /** To be named in `x-csrf` by every call that is not a GET. */
  csrf: z.string(),
  /** True before the first administrator exists: show the first-run page. */
  setupNeeded: z.boolean(),
  /** The demo company with the emulator is running. */
  demo: z.boolean(),
  /** With the demo: whom one may sign in as, so that the sign-in page can offer it with one click. */
  demoAccounts: z.array(z.object({ email: z.string(), name: z.string(), role, password: z.string() })),
  productName: z.string(),
  version: z.string(),
  singleSignOn: z.object({ enabled: z.boolean(), startUrl: z.string() }),
})

const profile = z.strictObject({
  name: z.string().trim().min(1).max(200).exactOptional(),
  zone: knownZone.exactOptional(),
  locale: z
    .string()
    .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'Give a language tag such as en-GB')
    .exactOptional(),
  weekStart: z.enum(['sunday', 'monday', 'saturday']).exactOptional(),
  theme: z.enum(['light', 'dark', 'system']).exactOptional(),
})

export const token = z.object({
  id,
  name: z.string(),
  role,
  /** The first characters, to recognise it by. */
  hint: z.string(),
  createdAt: instant,
  expiresAt: instant.nullable(),
  lastUsedAt: instant.nullable(),
})

export const authApi = {
  'GET /api/session': route({
    summary: 'Who is signed in here, and what the sign-in page needs to know.',
    access: 'public',
    answer: session,
  }),
  'POST /api/session': route({
    summary: 'Sign in with address and password. Limited to a few tries; then the account rests for a while.',
    access: 'public',
    body: z.strictObject({ email: emailAddress, password: z.string().min(1).max(PASSWORD_LENGTH_MAX) }),
    answer: session,
  }),
  'DELETE /api/session': route({
    summary: 'Sign out here.',
    access: EVERYONE,
    answer: nothing,
    status: 204,
  }),
  'POST /api/setup': route({
    summary: 'First run: make the first organization with its administrator, or start the demo company.',
    access: 'setup',
    body: z.discriminatedUnion('mode', [
      z.strictObject({
        mode: z.literal('administrator'),
        organization: z.string().trim().min(1).max(200),
        name: z.string().trim().min(1).max(200),
        email: emailAddress,
        password: newPassword,
        zone: knownZone.default('UTC'),
      }),
      z.strictObject({ mode: z.literal('demo') }),
    ]),
    answer: session,
    status: 201,
  }),
  'GET /api/me': route({ summary: 'My profile.', access: EVERYONE, answer: me }),
  'PATCH /api/me': route({ summary: 'Change my profile.', access: EVERYONE, body: profile, answer: me }),
  'PUT /api/me/password': route({
    summary: 'Change my password; all my other sessions end.',
    access: EVERYONE,
    body: z.strictObject({ current: z.string().max(PASSWORD_LENGTH_MAX), next: newPassword }),
    answer: nothing,
    status: 204,
  }),
  'GET /api/me/sessions': route({
    summary: 'Where I am signed in.',
    access: EVERYONE,
    answer: z.object({
      items: z.array(
        z.object({
          id,
          here: z.boolean(),
          browser: z.string(),
          address: z.string(),
          createdAt: instant,
          lastUsedAt: instant,
        }),
      ),
    }),
  }),
  'DELETE /api/me/sessions': route({
    summary: 'Sign out everywhere, here too.',
    access: EVERYONE,
    answer: nothing,
    status: 204,
  }),
  'DELETE /api/me/sessions/:session': route({
    summary: 'End one of my sessions.',
    access: EVERYONE,
    params: z.object({ session: id }),
    answer: nothing,
    status: 204,
  }),
  'GET /api/tokens': route({
    summary: 'My API tokens, without the tokens themselves.',
    access: EVERYONE,
    answer: z.object({ items: z.array(token) }),
  }),
  'POST /api/tokens': route({
    summary: 'Make an API token with at most my own rights. It is shown in this answer and never again.',
    access: EVERYONE,
    body: z.strictObject({
      name: z.string().trim().min(1).max(100),
      role,
      expiresInDays: z.number().int().min(1).max(3650).nullable(),
    }),
    answer: token.extend({ token: z.string() }),
    status: 201,
  }),
  'DELETE /api/tokens/:token': route({
    summary: 'Revoke one of my API tokens.',
    access: EVERYONE,
    params: z.object({ token: id }),
    answer: nothing,
    status: 204,
  }),
} as const
