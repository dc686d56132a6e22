import { Button } from '@mantine/core'
import { IconPlugConnected } from '@tabler/icons-react'
import { useAct } from '../../api/client.ts'
import { useIsAdministrator } from '../../api/session.ts'
import { settings as t } from '../../text/en/settings.ts'
import { Note, Trouble } from '../../ui/page.tsx'
import { Status } from '../../ui/status.tsx'
import { StepList } from '../system/step-list.tsx'
import type { Form } from './form.ts'
import css from './settings.module.css'

/** Calls Microsoft with the saved application settings; only then can the integrations be switched on. */
export function Checks({ form, unsaved }: { readonly form: Form; readonly unsaved: boolean }) {
  const admin = useIsAdministrator()
  const check = useAct('POST /api/settings/actions/:action', { changes: ['settings', 'doctor', 'alerts'] })
  return (
    <div className={css['checks']}>
      <div className={css['scope']}>
        {admin && (
          <Button
            variant="default"
            disabled={unsaved}
            leftSection={<IconPlugConnected size={15} aria-hidden />}
            loading={check.isPending}
            onClick={() => check.mutate({ params: { action: 'check-application' } })}
          >
            {t.check}
          </Button>
        )}
        <Status tone={form.applicationChecked ? 'ok' : 'wait'} bare>
          {form.applicationChecked ? t.checked : t.notChecked}
        </Status>
      </div>
      {check.error && <Trouble error={check.error} />}
      {check.data && (
        <Note tone={check.data.ok ? 'ok' : 'fail'} role="status">
          <p>{check.data.message}</p>
          <StepList steps={check.data.steps} />
        </Note>
      )}
    </div>
  )
}
