import type { Answer } from '../../api/client.ts'
import { Copy } from '../../ui/copy.tsx'
import { Mono } from '../../ui/page.tsx'
import { Plainly } from '../../ui/plainly.tsx'
import { Status, type Tone } from '../../ui/status.tsx'
import { system as t } from '../../text/en/system.ts'
import css from './system.module.css'

export type Step = Answer<'GET /api/doctor'>['steps'][number]
const tones: Record<Step['state'], Tone> = { ok: 'ok', failed: 'fail', warning: 'wait', skipped: 'none' }

/** Each step with what was seen, and the fix where one is needed; the code stands behind, to copy. */
export function StepList({ steps }: { readonly steps: readonly Step[] }) {
  return (
    <ol className={css['steps']}>
      {steps.map((step) => (
        <li key={step.id}>
          <Status tone={tones[step.state]}>{t.step[step.state]}</Status>
          <div>
            <strong>{step.title}</strong>
            <div>
              <Plainly>{step.detail}</Plainly>
            </div>
            {step.fix !== null && <p className={css['fix']}>{step.fix}</p>}
            {step.code !== null && (
              <p className={css['code']}>
                <Mono>{step.code}</Mono> <Copy value={step.code} what={step.title} />
              </p>
            )}
          </div>
        </li>
      ))}
    </ol>
  )
}
