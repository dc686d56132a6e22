import { Button } from '@mantine/core'
import { IconAlertTriangle, IconInbox, IconInfoCircle, type Icon } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useEffect, type ReactNode } from 'react'
import { ApiProblem } from '../api/client.ts'
import { text } from '../text/en.ts'
import { toneClass, type Tone } from './status.tsx'
import css from './ui.module.css'

interface PageProps {
  readonly title: string
  /** Shown instead of the plain title when it carries more than words. */
  readonly heading?: ReactNode
  readonly lead?: ReactNode
  readonly crumbs?: readonly { readonly label: string; readonly to?: string }[]
  readonly actions?: ReactNode
  readonly narrow?: boolean
  readonly children: ReactNode
}
export function Page({ title, heading, lead, crumbs, actions, narrow, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · ${text.common.name}`
  }, [title])
  return (
    <div className={narrow ? `${css['page']} ${css['form']}` : css['page']}>
      <header className={css['header']}>
        <div>
          {crumbs && (
            <nav aria-label="Breadcrumb">
              <ol className={css['crumbs']}>
                {crumbs.map(({ label, to }) => (
                  <li key={label}>
                    {to === undefined ? label : <Link to={to}>{label}</Link>}
                    <span aria-hidden> /</span>
                  </li>
                ))}
              </ol>
            </nav>
          )}
          <h1>{heading ?? title}</h1>
          {lead !== undefined && <p className={css['lead']}>{lead}</p>}
        </div>
        {actions !== undefined && (
          <div className={css['headerActions']} data-no-print>
            {actions}
          </div>
        )}
      </header>
      {children}
    </div>
  )
}

interface SectionProps {
  readonly title: string
  readonly help?: ReactNode
  readonly aside?: ReactNode
  readonly id?: string
  readonly children: ReactNode
}
export function Section({ title, help, aside, id, children }: SectionProps) {
  return (
    <section className={css['section']} id={id} aria-label={title}>
      <div className={css['sectionHead']}>
        <h2>{title}</h2>
        {help !== undefined && <p className={css['help']}>{help}</p>}
        {aside !== undefined && <div data-no-print>{aside}</div>}
      </div>
      {children}
    </section>
  )
}

export function Card({ children, pad = true }: { readonly children: ReactNode; readonly pad?: boolean }) {
  return <div className={pad ? `${css['card']} ${css['pad']}` : css['card']}>{children}</div>
}

/** One sentence what will be here, one button that makes it so. */
export function Empty({
  children,
  action,
  icon: Shape = IconInbox,
}: {
  readonly children: ReactNode
  readonly action?: ReactNode
  readonly icon?: Icon
}) {
  return (
    <div className={css['empty']}>
      <Shape size={28} stroke={1.5} aria-hidden />
      <p>{children}</p>
      {action}
    </div>
  )
}

interface NoteProps {
  readonly tone: Tone
  readonly children: ReactNode
  readonly actions?: ReactNode
  readonly icon?: Icon
  readonly role?: 'status' | 'alert'
}
export function Note({ tone, children, actions, icon, role }: NoteProps) {
  const Shape = icon ?? (tone === 'fail' || tone === 'wait' ? IconAlertTriangle : IconInfoCircle)
  return (
    <div className={`${css['note']} ${toneClass[tone]}`} role={role}>
      <Shape size={18} stroke={1.8} aria-hidden />
      <div>{children}</div>
      {actions !== undefined && <div className={css['noteActions']}>{actions}</div>}
    </div>
  )
}

/** A failure in the server's own words, with what to quote when asking for help, and a way on. */
export function Trouble({ error, retry }: { readonly error: Error; readonly retry?: () => void }) {
  const problem = error instanceof ApiProblem ? error.problem : null
  return (
    <Note
      tone="fail"
      role="alert"
      actions={
        retry && (
          <Button variant="default" onClick={retry}>
            {text.common.retry}
          </Button>
        )
      }
    >
      <strong>{problem?.title ?? text.problem.title}</strong>
      <p>{error.message}</p>
      {problem?.problems && (
        <ul>
          {problem.problems.map((one) => (
            <li key={one.at}>
              {one.at}: {one.problem}
            </li>
          ))}
        </ul>
      )}
      {problem?.instance !== undefined && (
        <p className={css['help']}>{text.problem.request(problem.instance)}</p>
      )}
    </Note>
  )
}

interface Asked<T> {
  readonly data: T | undefined
  readonly error: Error | null
  readonly refetch: () => unknown
}
/** The three faces of a page that asks: loading, failed, there. */
export function Loaded<T>({
  of,
  rows = 6,
  children,
}: {
  readonly of: Asked<T>
  readonly rows?: number
  readonly children: (data: T) => ReactNode
}) {
  if (of.data !== undefined) return <>{children(of.data)}</>
  if (of.error !== null) return <Trouble error={of.error} retry={() => void of.refetch()} />
  return <Skeleton rows={rows} />
}

export function Skeleton({ rows }: { readonly rows: number }) {
  return (
    <div role="status" aria-label={text.common.loading}>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} style={{ height: 36, display: 'flex', alignItems: 'center' }}>
          <div className={css['skeleton']} style={{ width: `${85 - ((row * 17) % 45)}%` }} />
        </div>
      ))}
    </div>
  )
}

export function Definitions({ rows }: { readonly rows: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className={css['definition']}>
      {rows.map(([name, value]) => (
        <div key={name} style={{ display: 'contents' }}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

export function Progress({
  done,
  total,
  label,
}: {
  readonly done: number
  readonly total: number | null
  readonly label: ReactNode
}) {
  const share = total === null || total === 0 ? null : Math.min(100, (done / total) * 100)
  return (
    <div className={css['bar']}>
      <div
        className={share === null ? `${css['barTrack']} ${css['barUnknown']}` : css['barTrack']}
        role="progressbar"
        aria-label={typeof label === 'string' ? label : text.common.loading}
        {...(share !== null && {
          'aria-valuenow': Math.round(share),
          'aria-valuemin': 0,
          'aria-valuemax': 100,
        })}
      >
        <span style={share === null ? undefined : { width: `${share}%` }} />
      </div>
      <span className="tabular">{label}</span>
    </div>
  )
}

export function UnsavedBar({
  children,
  actions,
}: {
  readonly children: ReactNode
  readonly actions: ReactNode
}) {
  return (
    <div className={css['sticky']} role="region" aria-label="Unsaved changes">
      <span role="status">{children}</span>
      {actions}
    </div>
  )
}
export const Mono = ({ children }: { readonly children: ReactNode }) => (
  <code className={css['mono']}>{children}</code>
)
export const Help = ({ children }: { readonly children: ReactNode }) => (
  <p className={css['help']}>{children}</p>
)
export function Keys({ keys }: { readonly keys: string }) {
  return (
    <span className={css['keys']}>
      {keys.split(' ').map((key, i) => (
        <kbd key={i}>{key}</kbd>
      ))}
    </span>
  )
}
