import { ActionIcon, Menu, UnstyledButton } from '@mantine/core'
import {
  IconBellRinging,
  IconDots,
  IconLayoutSidebarLeftCollapse,
  IconLayoutSidebarLeftExpand,
  IconSearch,
  IconUserCog,
} from '@tabler/icons-react'
import { Link, Outlet, useNavigate, useRouter } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState } from 'react'
import { useAsk } from '../api/client.ts'
import { useLive } from '../api/live.ts'
import { useMe, useSession } from '../api/session.ts'
import { text } from '../text/en.ts'
import { useKeys } from '../ui/keys.ts'
import { Keys } from '../ui/page.tsx'
import css from './frame.module.css'
import { MailMenu } from './mail-menu.tsx'
import { MySync } from './my-sync.tsx'
import { places } from './places.ts'
import { UserMenu } from './user-menu.tsx'

const Palette = lazy(() => import('./palette.tsx').then((m) => ({ default: m.Palette })))
const Shortcuts = lazy(() => import('./shortcuts.tsx').then((m) => ({ default: m.Shortcuts })))
const FETCH_AHEAD_AFTER_MS = 300
const MOST_SHOWN = 999
const SMALL_KEY = 'syncline-rail-small'
const modKey = navigator.platform.startsWith('Mac') ? '⌘' : 'Ctrl'

/** A person who pays for each byte, as far as the browser tells. */
const wantsLittle = (): boolean =>
  (navigator as { connection?: { saveData?: boolean } }).connection?.saveData === true

/** The pages behind the main places are fetched when nothing else is to do: a click then waits for no script. */
function useFetchAhead(): void {
  const router = useRouter()
  useEffect(() => {
    if (wantsLittle()) return
    const fetchAll = (): void => {
      // The scripts only: what the pages show is asked when somebody points at one.
      for (const place of places)
        for (const route of router.getMatchedRoutes(place.to)[0]) void router.loadRouteChunk(route)
    }
    const timer = window.setTimeout(fetchAll, FETCH_AHEAD_AFTER_MS)
    return () => window.clearTimeout(timer)
  }, [router])
}

export function Frame() {
  useLive()
  useFetchAhead()
  const navigate = useNavigate()
  const [small, setSmall] = useState(() => localStorage.getItem(SMALL_KEY) === 'yes')
  const [open, setOpen] = useState<'palette' | 'shortcuts' | null>(null)
  const session = useSession()
  const me = useMe()
  const conflicts = useAsk('GET /api/conflicts', { query: { state: 'open', size: 1 } })
  const alerts = useAsk('GET /api/alerts', {})
  const mail = useAsk('GET /api/mail/unread', {})
  const unread = mail.data?.unread ?? 0
  const openConflicts = conflicts.data?.open ?? 0
  useKeys({
    'mod+k': () => setOpen((now) => (now === 'palette' ? null : 'palette')),
    '?': () => setOpen('shortcuts'),
    'g y': () => void navigate({ to: '/me' }),
    ...Object.fromEntries(places.map((place) => [`g ${place.key}`, () => void navigate({ to: place.to })])),
  })
  const badge = (to: string) => {
    const [count, label] =
      to === '/conflicts'
        ? [openConflicts, text.frame.openConflicts(openConflicts)]
        : to === '/mail'
          ? [unread, text.frame.unreadMail(unread)]
          : [0, '']
    return (
      count > 0 && (
        <span className={css['count']} data-quiet={to === '/mail' ? '' : undefined} aria-label={label}>
          {count > MOST_SHOWN ? `${MOST_SHOWN}+` : count}
        </span>
      )
    )
  }
  const fold = (): void => {
    localStorage.setItem(SMALL_KEY, small ? 'no' : 'yes')
    setSmall(!small)
  }
  const needing = alerts.data?.items.length ?? 0
  return (
    <div className={css['frame']} data-small={small ? '' : undefined}>
      <a href="#main" className={css['skip']}>
        {text.frame.skip}
      </a>
      <nav className={css['rail']} aria-label={text.frame.navigation}>
        <Link to="/" className={css['brand']}>
          <img src="/icon.svg" width={22} height={22} alt="" />
          <span>{text.common.name}</span>
        </Link>
        {places.map((place) => (
          <Link
            key={place.to}
            to={place.to}
            className={css['link']}
            title={small ? place.label : undefined}
            activeOptions={{ exact: place.to === '/', includeSearch: false }}
          >
            <place.icon size={18} stroke={1.6} aria-hidden />
            <span>{place.label}</span>
            {badge(place.to)}
          </Link>
        ))}
        <Link to="/me" className={`${css['link']} ${css['push']}`} title={small ? text.frame.my : undefined}>
          <IconUserCog size={18} stroke={1.6} aria-hidden />
          <span>{text.frame.my}</span>
        </Link>
        <UnstyledButton
          className={css['link']}
          onClick={fold}
          aria-label={small ? text.frame.expand : text.frame.collapse}
          title={small ? text.frame.expand : text.frame.collapse}
        >
          {small ? (
            <IconLayoutSidebarLeftExpand size={18} stroke={1.6} />
          ) : (
            <IconLayoutSidebarLeftCollapse size={18} stroke={1.6} />
          )}
        </UnstyledButton>
      </nav>
      <section className={css['top']} aria-label={text.frame.topBar}>
        <button type="button" className={css['search']} onClick={() => setOpen('palette')}>
          <IconSearch size={15} aria-hidden />
          <span>{text.frame.search}</span>
          <span className={css['hint']} style={{ flex: 'none' }}>
            <Keys keys={`${modKey} K`} />
          </span>
        </button>
        <div className={css['spring']} />
        <MySync />
        <MailMenu />
        {needing > 0 && (
          <ActionIcon
            component={Link}
            to="/system/alerts"
            color="red"
            variant="light"
            aria-label={text.frame.alertsTitle(needing)}
            title={text.frame.alertsTitle(needing)}
          >
            <IconBellRinging size={17} />
          </ActionIcon>
        )}
        <UserMenu me={me} onShortcuts={() => setOpen('shortcuts')} />
      </section>
      <main id="main" className={css['main']} tabIndex={-1}>
        {session.demo && (
          <p className={css['demo']} data-no-print>
            {text.frame.demo}
          </p>
        )}
        <Suspense>
          <Outlet />
        </Suspense>
      </main>
      <nav className={css['bottom']} aria-label={text.frame.navigation}>
        {places
          .filter((place) => place.phone)
          .map((place) => (
            <Link
              key={place.to}
              to={place.to}
              activeOptions={{ exact: place.to === '/', includeSearch: false }}
            >
              <place.icon size={20} stroke={1.6} aria-hidden />
              {place.label}
              {badge(place.to)}
            </Link>
          ))}
        <Menu position="top-end">
          <Menu.Target>
            <button type="button">
              <IconDots size={20} stroke={1.6} aria-hidden />
              {text.frame.more}
            </button>
          </Menu.Target>
          <Menu.Dropdown>
            {places
              .filter((place) => !place.phone)
              .map((place) => (
                <Menu.Item
                  key={place.to}
                  component={Link}
                  to={place.to}
                  leftSection={<place.icon size={16} />}
                >
                  {place.label}
                </Menu.Item>
              ))}
            <Menu.Item component={Link} to="/me" leftSection={<IconUserCog size={16} />}>
              {text.frame.my}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </nav>
      <Suspense>
        {open === 'palette' && <Palette onClose={() => setOpen(null)} />}
        {open === 'shortcuts' && <Shortcuts onClose={() => setOpen(null)} />}
      </Suspense>
    </div>
  )
}
