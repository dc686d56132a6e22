import { Button, TextInput } from '@mantine/core'
import { IconStethoscope } from '@tabler/icons-react'
import { useState } from 'react'
import { useAct, useAsk } from '../../api/client.ts'
import { system as t } from '../../text/en/system.ts'
import { Card, Empty, Loaded, Page, Trouble } from '../../ui/page.tsx'
import { Status, type Tone } from '../../ui/status.tsx'
import { RelativeTime } from '../../ui/time.tsx'
import { StepList, type Step } from './step-list.tsx'
import css from './system.module.css'
import { inSystem } from './system.tsx'

const tones: Record<keyof typeof t.reportState, Tone> = {
  'never-run': 'none',
  ok: 'ok',
  warning: 'wait',
  failed: 'fail',
}

export function DoctorPage() {
  const [foreign, setForeign] = useState('')
  const report = useAsk('GET /api/doctor', {})
  const run = useAct('POST /api/doctor', { changes: ['doctor', 'alerts', 'settings'] })
  return (
    <Page
      narrow
      title={t.doctor}
      crumbs={inSystem}
      lead={t.doctorLead}
      actions={
        <Button
          leftSection={<IconStethoscope size={15} aria-hidden />}
          loading={run.isPending}
          onClick={() =>
            run.mutate({ body: foreign.trim() === '' ? {} : { foreignMailbox: foreign.trim() } })
          }
        >
          {t.run}
        </Button>
      }
    >
      {run.error && <Trouble error={run.error} />}
      <div className={css['form']}>
        <TextInput
          size="xs"
          type="email"
          label={t.foreign}
          description={t.foreignHelp}
          value={foreign}
          onChange={(event) => setForeign(event.currentTarget.value)}
        />
        <Loaded of={report}>
          {(data) =>
            data.steps.length === 0 ? (
              <Empty icon={IconStethoscope}>{t.neverRun}</Empty>
            ) : (
              <Card>
                <p className={css['row']}>
                  <Status tone={tones[data.state]}>{t.reportState[data.state]}</Status>
                  <span>
                    {t.lastRun}: <RelativeTime at={data.at} />
                  </span>
                </p>
                <Steps steps={data.steps} />
              </Card>
            )
          }
        </Loaded>
      </div>
    </Page>
  )
}

/** What needs a person first; the rest stays in the order in which it was tested. */
function Steps({ steps }: { readonly steps: readonly Step[] }) {
  const wrong = steps.filter((one) => one.state === 'failed' || one.state === 'warning')
  if (wrong.length === 0 || wrong.length === steps.length) return <StepList steps={steps} />
  const others = steps.filter((one) => !wrong.includes(one))
  return (
    <>
      <h2 className={css['below']}>{t.putRight}</h2>
      <StepList steps={wrong} />
      <details className={css['others']}>
        <summary>{t.working(others.length)}</summary>
        <StepList steps={others} />
      </details>
    </>
  )
}
