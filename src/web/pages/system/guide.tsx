import { Button, Checkbox, NativeSelect } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useAsk } from '../../api/client.ts'
import { text } from '../../text/en.ts'
import { system as t } from '../../text/en/system.ts'
import { Copy } from '../../ui/copy.tsx'
import { Card, Help, Loaded, Page, Section } from '../../ui/page.tsx'
import { Status, type Tone } from '../../ui/status.tsx'
import { useUrl } from '../../ui/url-state.ts'
import css from './system.module.css'
import { inSystem } from './system.tsx'

const channels = ['calendar', 'tasks', 'email'] as const
const tones: Record<keyof typeof t.stepState, Tone> = { done: 'ok', open: 'held', unknown: 'none' }

export function GuidePage() {
  const [url, setUrl] = useUrl()
  const asked = url['access']
  const guide = useAsk(
    'GET /api/setup-guide',
    {
      query: {
        ...(url['channels'] !== undefined && { channels: url['channels'] }),
        ...((asked === 'application' || asked === 'delegated') && { access: asked }),
      },
    },
    { keep: true },
  )
  // Until something else is asked for: what is enabled, with the access that is set.
  const wanted: readonly string[] = url['channels']?.split(',').filter(Boolean) ?? guide.data?.channels ?? []
  const access = asked ?? guide.data?.access ?? 'delegated'
  return (
    <Page
      narrow
      title={t.guide}
      crumbs={inSystem}
      lead={t.guideLead}
      actions={
        <Button component={Link} to="/system/doctor">
          {t.thenDoctor}
        </Button>
      }
    >
      <Card>
        <div className={css['row']}>
          <Checkbox.Group
            label={t.wanted}
            size="xs"
            value={[...wanted]}
            onChange={(next) =>
              setUrl({ channels: channels.filter((one) => next.includes(one)).join(',') || 'calendar' })
            }
          >
            <div className={css['row']}>
              {channels.map((one) => (
                <Checkbox key={one} size="xs" value={one} label={text.common.channel[one]} />
              ))}
            </div>
          </Checkbox.Group>
          <NativeSelect
            size="xs"
            label={t.accessKind}
            value={access}
            data={(['delegated', 'application'] as const).map((value) => ({ value, label: t.access[value] }))}
            onChange={(event) => setUrl({ access: event.currentTarget.value })}
          />
        </div>
      </Card>
      <Loaded of={guide}>
        {(data) => (
          <>
            <Section title={t.permissions}>
              <Card>
                <ul className={css['permissions']}>
                  {data.permissions.map((one) => (
                    <li key={one.name}>
                      <code>{one.name}</code>
                      {one.why}
                    </li>
                  ))}
                </ul>
              </Card>
            </Section>
            <Section title={t.redirects}>
              {data.redirectUris.map((one) => (
                <div key={one.uri}>
                  <Value label={t.redirects} value={one.uri} />
                  <Help>{one.why}</Help>
                </div>
              ))}
            </Section>
            <Section
              title={t.steps}
              aside={
                data.adminConsentUrl !== null && (
                  <Button
                    component="a"
                    href={data.adminConsentUrl}
                    target="_blank"
                    rel="noreferrer"
                    variant="default"
                  >
                    {t.consent}
                  </Button>
                )
              }
            >
              <Card>
                <ol className={css['steps']}>
                  {data.steps.map((step) => (
                    <li key={step.id}>
                      <Status tone={tones[step.state]}>{t.stepState[step.state]}</Status>
                      <div>
                        <h3>{step.title}</h3>
                        {step.text.map((line) => (
                          <p key={line}>{line}</p>
                        ))}
                        {step.copy.map((one) => (
                          <Value key={one.label} label={one.label} value={one.value} />
                        ))}
                      </div>
                    </li>
                  ))}
                </ol>
              </Card>
            </Section>
          </>
        )}
      </Loaded>
    </Page>
  )
}

const Value = ({ label, value }: { readonly label: string; readonly value: string }) => (
  <div className={css['copyRow']}>
    <code>{value}</code>
    <Copy value={value} what={label} />
  </div>
)
