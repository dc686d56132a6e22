import { ActionIcon, Menu } from '@mantine/core'
import { IconCloudCheck, IconDots } from '@tabler/icons-react'
import { lazy, Suspense, useMemo, useState } from 'react'
import { addressOf, useAct } from '../../api/client.ts'
import { text } from '../../text/en.ts'
import { calendar as t } from '../../text/en/calendar.ts'
import { toneClass } from '../../ui/status.tsx'
import { tellProblem } from '../../ui/tell.ts'
import css from './calendar.module.css'
import type { Calendar } from './layout.ts'

const ImportCalendar = lazy(() =>
  import('./import-calendar.tsx').then((m) => ({ default: m.ImportCalendar })),
)
const KEPT = 'syncline-calendars'
const COLORS = ['#1f6feb', '#8250df', '#1a7f37', '#bf5b04', '#c0316e', '#0a7d8c', '#8a6d00', '#57606a']

type Choice = { readonly [calendar: string]: boolean }

/**
 * Which calendars are drawn: my own unless I took them off, colleagues' only when I ask for them (all, for who has none
 * of their own). A taste of this browser, not of the installation.
 */
export function useShownCalendars(
  calendars: readonly Calendar[],
): readonly [ReadonlySet<string>, (calendar: string, shown: boolean) => void] {
  const [choice, setChoice] = useState<Choice>(() => JSON.parse(localStorage.getItem(KEPT) ?? '{}') as Choice)
  const shown = useMemo(() => {
    const none = !calendars.some((one) => one.mine)
    return new Set(calendars.filter((one) => choice[one.id] ?? (one.mine || none)).map((one) => one.id))
  }, [calendars, choice])
  const choose = (calendar: string, on: boolean): void => {
    const next = { ...choice, [calendar]: on }
    localStorage.setItem(KEPT, JSON.stringify(next))
    setChoice(next)
  }
  return [shown, choose]
}

interface Props {
  readonly calendars: readonly Calendar[]
  readonly shown: ReadonlySet<string>
  readonly onShow: (calendar: string, shown: boolean) => void
}
export function CalendarList({ calendars, shown, onShow }: Props) {
  const [importing, setImporting] = useState<Calendar | null>(null)
  const groups = [
    { label: t.mine, rows: calendars.filter((one) => one.mine) },
    { label: t.others, rows: calendars.filter((one) => !one.mine) },
  ].filter(({ rows }) => rows.length > 0)
  return (
    <aside className={css['calendars']} aria-label={t.calendars} data-no-print>
      {groups.map(({ label, rows }) => (
        <section key={label}>
          <h2>{label}</h2>
          <ul>
            {rows.map((one) => (
              <li key={one.id}>
                <label
                  title={one.syncedWith ? t.synced(one.syncedWith.name, one.syncedWith.address) : t.notSynced}
                >
                  <input
                    type="checkbox"
                    className={css['swatch']}
                    style={{ '--c': one.color }}
                    checked={shown.has(one.id)}
                    onChange={(event) => onShow(one.id, event.currentTarget.checked)}
                  />
                  <span>
                    {one.mine || one.owner === null ? one.name : t.ofOwner(one.owner.name, one.name)}
                  </span>
                </label>
                {one.syncedWith && (
                  <span className={toneClass.ms} style={{ color: 'var(--tone)', display: 'inline-flex' }}>
                    <IconCloudCheck
                      size={15}
                      role="img"
                      aria-label={t.synced(one.syncedWith.name, one.syncedWith.address)}
                    />
                  </span>
                )}
                <CalendarMenu calendar={one} onImport={() => setImporting(one)} />
              </li>
            ))}
          </ul>
        </section>
      ))}
      <Suspense>
        {importing && <ImportCalendar calendar={importing} onClose={() => setImporting(null)} />}
      </Suspense>
    </aside>
  )
}

function CalendarMenu({
  calendar,
  onImport,
}: {
  readonly calendar: Calendar
  readonly onImport: () => void
}) {
  const change = useAct('PATCH /api/calendar/calendars/:calendar', { changes: ['calendar'] })
  const params = { calendar: calendar.id }
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <ActionIcon size={24} aria-label={`${text.common.actions}: ${calendar.name}`}>
          <IconDots size={15} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          component="a"
          href={addressOf('GET /api/calendar/calendars/:calendar/export', { params })}
          download
        >
          {t.exportIcs}
        </Menu.Item>
        {calendar.canWrite && <Menu.Item onClick={onImport}>{t.importIcs}</Menu.Item>}
        {calendar.mine && (
          <>
            <Menu.Label>{t.color}</Menu.Label>
            <div style={{ display: 'flex', gap: 6, padding: '2px 10px 8px' }}>
              {COLORS.map((color) => (
                <button
                  key={color}
                  type="button"
                  aria-label={`${t.color} ${color}`}
                  onClick={() => change.mutate({ params, body: { color } }, { onError: tellProblem })}
                  style={{
                    width: 24,
                    height: 24,
                    borderRadius: 12,
                    border: color === calendar.color ? '2px solid var(--text)' : '2px solid transparent',
                    background: color,
                    cursor: 'pointer',
                  }}
                />
              ))}
            </div>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  )
}
