import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDashed,
  IconClock,
  IconHandStop,
  IconLoader2,
  IconPlayerPause,
  type Icon,
} from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { text } from '../text/en.ts'
import css from './ui.module.css'

/** What a colour means, everywhere: never alone, always with an icon and a word. */
export type Tone = 'ok' | 'work' | 'wait' | 'fail' | 'held' | 'none'

export const toneClass: Record<Tone | 'crm' | 'ms', string | undefined> = {
  ok: css['toneOk'],
  work: css['toneWork'],
  wait: css['toneWait'],
  fail: css['toneFail'],
  held: css['toneHeld'],
  none: css['toneNone'],
  crm: css['toneCrm'],
  ms: css['toneMs'],
}
const icons: Record<Tone, Icon> = {
  ok: IconCircleCheck,
  work: IconLoader2,
  wait: IconClock,
  fail: IconAlertTriangle,
  held: IconHandStop,
  none: IconCircleDashed,
}

interface StatusProps {
  readonly tone: Tone
  readonly children: ReactNode
  /** Without the tint, for tables. */
  readonly bare?: boolean
  readonly icon?: Icon
}
export function Status({ tone, children, bare, icon }: StatusProps) {
  const Shape = icon ?? icons[tone]
  const classes = [css['status'], toneClass[tone], bare && css['bare'], tone === 'work' && css['spin']]
  return (
    <span className={classes.filter(Boolean).join(' ')}>
      <Shape size={14} stroke={2} aria-hidden />
      {children}
    </span>
  )
}

type Health = keyof typeof text.states.health
const healthTone: Record<Health, Tone> = {
  proven: 'ok',
  working: 'work',
  late: 'wait',
  'needs-person': 'fail',
  held: 'held',
  paused: 'none',
  off: 'none',
}
export function HealthStatus({ health, bare }: { readonly health: Health; readonly bare?: boolean }) {
  return (
    <Status
      tone={healthTone[health]}
      {...(bare && { bare })}
      {...(health === 'paused' && { icon: IconPlayerPause })}
    >
      {text.states.health[health]}
    </Status>
  )
}

const runTone: Record<keyof typeof text.states.run, Tone> = {
  planning: 'work',
  planned: 'held',
  applying: 'work',
  held: 'held',
  done: 'ok',
  failed: 'fail',
  discarded: 'none',
}
export const RunStatus = ({ state }: { readonly state: keyof typeof text.states.run }) => (
  <Status tone={runTone[state]}>{text.states.run[state]}</Status>
)

const operationTone: Record<keyof typeof text.states.operation, Tone> = {
  planned: 'work',
  held: 'held',
  sent: 'work',
  unknown: 'wait',
  written: 'ok',
  stale: 'wait',
  gone: 'wait',
  rejected: 'fail',
  declined: 'none',
  superseded: 'none',
}
export const OperationStatus = ({ state }: { readonly state: keyof typeof text.states.operation }) => (
  <Status tone={operationTone[state]} bare {...(state === 'planned' && { icon: IconCircleDashed })}>
    {text.states.operation[state]}
  </Status>
)

const mailboxTone: Record<keyof typeof text.states.mailbox, Tone> = {
  connected: 'ok',
  'needs-person': 'fail',
  disconnected: 'none',
}
export const MailboxStatus = ({ state }: { readonly state: keyof typeof text.states.mailbox }) => (
  <Status tone={mailboxTone[state]}>{text.states.mailbox[state]}</Status>
)

const conflictTone: Record<keyof typeof text.states.conflict, Tone> = {
  open: 'held',
  decided: 'none',
  answered: 'ok',
  restored: 'ok',
}
export const ConflictStatus = ({ state }: { readonly state: keyof typeof text.states.conflict }) => (
  <Status tone={conflictTone[state]}>{text.states.conflict[state]}</Status>
)

const syncTone: Record<keyof typeof text.states.sync, Tone> = {
  fine: 'ok',
  waiting: 'wait',
  held: 'held',
  conflict: 'held',
  parked: 'fail',
  local: 'none',
}
export const toneOfSync = (state: keyof typeof text.states.sync): Tone => syncTone[state]
export const SyncStatus = ({ state }: { readonly state: keyof typeof text.states.sync }) => (
  <Status tone={syncTone[state]}>{text.states.sync[state]}</Status>
)
