import { Button } from '@mantine/core'
import { IconCircleCheck } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useAsk } from '../../api/client.ts'
import { text } from '../../text/en.ts'
import { system as t } from '../../text/en/system.ts'
import { Empty, Help, Loaded, Note, Page } from '../../ui/page.tsx'
import { Plainly } from '../../ui/plainly.tsx'
import { RelativeTime } from '../../ui/time.tsx'
import css from './system.module.css'
import { inSystem } from './system.tsx'

export function AlertsPage() {
  const alerts = useAsk('GET /api/alerts', {})
  return (
    <Page narrow title={t.alerts} crumbs={inSystem} lead={t.alertsHelp}>
      <Loaded of={alerts}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon={IconCircleCheck}>{t.alertsEmpty}</Empty>
          ) : (
            <div className={css['form']}>
              {items.map((alert) => (
                <Note
                  key={alert.id}
                  tone={alert.level === 'failed' ? 'fail' : 'wait'}
                  actions={
                    alert.href !== null && (
                      <Button component={Link} to={alert.href} variant="default">
                        {text.common.open}
                      </Button>
                    )
                  }
                >
                  <strong>
                    <Plainly>{alert.message}</Plainly>
                  </strong>
                  <p>
                    {t.fix}: {alert.fix}
                  </p>
                  <Help>
                    <RelativeTime at={alert.since} />
                  </Help>
                </Note>
              ))}
            </div>
          )
        }
      </Loaded>
    </Page>
  )
}
