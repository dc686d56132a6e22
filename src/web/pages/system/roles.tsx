import { IconEye, IconMinus, IconPencil } from '@tabler/icons-react'
import { useAsk, type Item } from '../../api/client.ts'
import { system as t } from '../../text/en/system.ts'
import { Card, Help, Loaded, Page, Section } from '../../ui/page.tsx'
import { inSystem } from './system.tsx'
import css from './system.module.css'

type Role = Item<'GET /api/roles'>

/** The parts of the API that make up one thing that a person does. */
const areas: Record<keyof typeof t.areas, readonly string[]> = {
  calendar: ['calendar'],
  tasks: ['tasks', 'task-lists'],
  records: ['records'],
  mail: ['mail'],
  systemMailboxes: ['system-mailboxes', 'mail-templates'],
  reviewQueue: ['review-queue', 'mailroom'],
  sync: ['mailboxes', 'connect', 'sync'],
  plans: ['plans', 'runs', 'operations'],
  conflicts: ['conflicts'],
  history: ['history', 'why'],
  verify: ['history/verify'],
  settings: ['settings'],
  guide: ['setup-guide', 'doctor'],
  users: ['users'],
  organizations: ['organizations'],
  alerts: ['alerts'],
  system: ['system'],
  tokens: ['tokens'],
  webhooks: ['webhooks'],
}
const icons = { none: IconMinus, sees: IconEye, changes: IconPencil }

function reachOf(role: Role, area: readonly string[]): keyof typeof icons {
  const mine = role.may
    .map(({ route }) => route.split(' /api/'))
    .filter(([, path = '']) => area.some((one) => path === one || path.startsWith(`${one}/`)))
  if (mine.length === 0) return 'none'
  return mine.some(([method]) => method !== 'GET') ? 'changes' : 'sees'
}

/** Made from the description that the server checks, so that it cannot say something else. */
export function RolesPage() {
  const roles = useAsk('GET /api/roles', {})
  return (
    <Page title={t.roles} crumbs={inSystem} lead={t.rolesHelp}>
      <Loaded of={roles}>
        {({ items }) => (
          <>
            <Card pad={false}>
              <table className={css['matrix']}>
                <caption className="visually-hidden">{t.rolesHelp}</caption>
                <thead>
                  <tr>
                    <th scope="col">{t.area}</th>
                    {items.map((role) => (
                      <th key={role.role} scope="col">
                        {role.label}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {Object.entries(areas).map(([area, paths]) => (
                    <tr key={area}>
                      <th scope="row">{t.areas[area as keyof typeof areas]}</th>
                      {items.map((role) => (
                        <Cell key={role.role} reach={reachOf(role, paths)} />
                      ))}
                    </tr>
                  ))}
                </tbody>
              </table>
            </Card>
            <div className={css['below']}>
              <Help>{t.whose}</Help>
            </div>
            {items.map((role) => (
              <Section key={role.role} title={role.label} help={role.summary}>
                <details>
                  <summary>{t.every}</summary>
                  <ul className={css['may']}>
                    {role.may.map((one) => (
                      <li key={one.route} title={one.route}>
                        {one.summary}
                      </li>
                    ))}
                  </ul>
                </details>
              </Section>
            ))}
          </>
        )}
      </Loaded>
    </Page>
  )
}

function Cell({ reach }: { readonly reach: keyof typeof icons }) {
  const Shape = icons[reach]
  return (
    <td data-reach={reach}>
      <Shape size={15} stroke={1.7} aria-hidden /> {t.reach[reach]}
    </td>
  )
}
