import { Button } from '@mantine/core'
import { useAsk } from '../../api/client.ts'
import { formatBytes, formatNumber } from '../../format.ts'
import { system as t } from '../../text/en/system.ts'
import { Card, Definitions, Loaded, Mono, Page, Section } from '../../ui/page.tsx'
import { Status } from '../../ui/status.tsx'
import { RelativeTime } from '../../ui/time.tsx'
import css from './system.module.css'
import { inSystem } from './system.tsx'

const SECRET_WARN_DAYS = 60

export function InformationPage() {
  const system = useAsk('GET /api/system', {}, { everyMs: 15_000 })
  return (
    <Page title={t.information} crumbs={inSystem}>
      <Loaded of={system}>
        {(data) => (
          <div className={css['grid']}>
            <Section title={t.product}>
              <Card>
                <Definitions
                  rows={[
                    [t.version, data.version],
                    [t.node, data.node],
                    [t.started, <RelativeTime key="s" at={data.startedAt} />],
                    [t.memory, formatBytes(data.memoryBytes)],
                    [t.dataFolder, <Mono key="d">{data.dataFolder}</Mono>],
                    [t.queue, t.queueText(data.queue.running, data.queue.waiting, data.queue.failed)],
                  ]}
                />
              </Card>
            </Section>
            <Section title={t.database}>
              <Card>
                <Definitions
                  rows={[
                    [t.kind, t.databaseKind[data.database.kind]],
                    [t.version, data.database.version],
                    [t.schema, data.database.schema],
                    [t.size, data.database.bytes === null ? '' : formatBytes(data.database.bytes)],
                    [t.answersIn, `${formatNumber(Math.round(data.database.milliseconds * 10) / 10)} ms`],
                  ]}
                />
              </Card>
            </Section>
            <Section title="Microsoft">
              <Card>
                <Definitions
                  rows={[
                    [t.graph, <Mono key="g">{data.microsoft.graph}</Mono>],
                    [t.login, <Mono key="l">{data.microsoft.login}</Mono>],
                    [
                      t.clock,
                      data.microsoft.clockOffsetMs === null
                        ? t.unknown
                        : t.clockText(data.microsoft.clockOffsetMs),
                    ],
                    [t.secret, <Secret key="x" days={data.secretDaysLeft} />],
                    ...(data.microsoft.emulator === null
                      ? []
                      : ([
                          [
                            t.emulator,
                            <Button
                              key="e"
                              component="a"
                              href={data.microsoft.emulator}
                              target="_blank"
                              rel="noreferrer"
                              variant="default"
                            >
                              {t.openEmulator}
                            </Button>,
                          ],
                        ] as const)),
                  ]}
                />
              </Card>
            </Section>
            <Section title={t.counts}>
              <Card>
                <Definitions
                  rows={(Object.keys(t.countNames) as (keyof typeof t.countNames)[]).map(
                    (name) => [t.countNames[name], formatNumber(data.counts[name])] as const,
                  )}
                />
              </Card>
            </Section>
          </div>
        )}
      </Loaded>
    </Page>
  )
}

function Secret({ days }: { readonly days: number | null }) {
  if (days === null) return <>{t.noSecretDate}</>
  return (
    <Status tone={days < 8 ? 'fail' : days < SECRET_WARN_DAYS ? 'wait' : 'ok'} bare>
      {t.secretDays(days)}
    </Status>
  )
}
