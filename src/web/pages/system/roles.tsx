import { useAsk } from '../../api/client.ts'
import { system as t } from '../../text/en/system.ts'
import { Card, Loaded, Page, Section } from '../../ui/page.tsx'
import css from './system.module.css'
import { inSystem } from './system.tsx'

/** Made from the description that the server checks, so that it cannot say something else. */
export function RolesPage() {
  const roles = useAsk('GET /api/roles', {})
  return (
    <Page title={t.roles} crumbs={inSystem} lead={t.rolesHelp}>
      <Loaded of={roles}>
        {({ items }) =>
          items.map((role) => (
            <Section key={role.role} title={role.label} help={role.summary}>
              <Card>
                <ul className={css['may']}>
                  {role.may.map((one) => (
                    <li key={one.route} title={one.route}>
                      {one.summary}
                    </li>
                  ))}
                </ul>
              </Card>
            </Section>
          ))
        }
      </Loaded>
    </Page>
  )
}
