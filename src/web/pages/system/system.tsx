import {
  IconAdjustments,
  IconAlertTriangle,
  IconBrandWindows,
  IconBuilding,
  IconHandStop,
  IconInbox,
  IconInfoSquareRounded,
  IconKey,
  IconListDetails,
  IconMail,
  IconMailbox,
  IconRoute,
  IconShieldLock,
  IconStethoscope,
  IconTemplate,
  IconUsers,
  IconWebhook,
  type Icon,
} from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useSession } from '../../api/session.ts'
import { system as t } from '../../text/en/system.ts'
import { Page } from '../../ui/page.tsx'
import css from './system.module.css'

type Who = 'everyone' | 'oversight' | 'administrator'
interface Tile {
  readonly to: string
  readonly label: string
  readonly help: string
  readonly icon: Icon
  readonly who: Who
}
const groups: readonly { readonly label: string; readonly tiles: readonly Tile[] }[] = [
  {
    label: t.configuration,
    tiles: [
      {
        to: '/system/configuration/microsoft',
        label: t.microsoft,
        help: t.microsoftHelp,
        icon: IconBrandWindows,
        who: 'oversight',
      },
      {
        to: '/system/configuration/email',
        label: t.email,
        help: t.emailHelp,
        icon: IconMail,
        who: 'oversight',
      },
      {
        to: '/system/configuration/application',
        label: t.general,
        help: t.generalHelp,
        icon: IconAdjustments,
        who: 'oversight',
      },
      { to: '/system/guide', label: t.guide, help: t.guideHelp, icon: IconRoute, who: 'administrator' },
      {
        to: '/system/doctor',
        label: t.doctor,
        help: t.doctorHelp,
        icon: IconStethoscope,
        who: 'administrator',
      },
    ],
  },
  {
    label: t.people,
    tiles: [
      { to: '/system/users', label: t.users, help: t.usersHelp, icon: IconUsers, who: 'oversight' },
      { to: '/system/roles', label: t.roles, help: t.rolesHelp, icon: IconShieldLock, who: 'everyone' },
      {
        to: '/system/organizations',
        label: t.organizations,
        help: t.organizationsHelp,
        icon: IconBuilding,
        who: 'oversight',
      },
      {
        to: '/system/mailboxes',
        label: t.mailboxes,
        help: t.mailboxesHelp,
        icon: IconMailbox,
        who: 'everyone',
      },
    ],
  },
  {
    label: t.mailroom,
    tiles: [
      {
        to: '/system/system-mailboxes',
        label: t.systemMailboxes,
        help: t.systemMailboxesHelp,
        icon: IconInbox,
        who: 'everyone',
      },
      {
        to: '/system/review-queue',
        label: t.reviewQueue,
        help: t.reviewQueueHelp,
        icon: IconHandStop,
        who: 'everyone',
      },
      { to: '/system/mailroom', label: t.log, help: t.logHelp, icon: IconListDetails, who: 'everyone' },
      {
        to: '/system/mail-templates',
        label: t.templates,
        help: t.templatesHelp,
        icon: IconTemplate,
        who: 'administrator',
      },
    ],
  },
  {
    label: t.watch,
    tiles: [
      { to: '/system/alerts', label: t.alerts, help: t.alertsHelp, icon: IconAlertTriangle, who: 'everyone' },
      {
        to: '/system/information',
        label: t.information,
        help: t.informationHelp,
        icon: IconInfoSquareRounded,
        who: 'oversight',
      },
    ],
  },
  {
    label: t.programs,
    tiles: [
      { to: '/me/tokens', label: t.tokens, help: t.tokensHelp, icon: IconKey, who: 'everyone' },
      {
        to: '/system/webhooks',
        label: t.webhooks,
        help: t.webhooksHelp,
        icon: IconWebhook,
        who: 'administrator',
      },
    ],
  },
]

export function SystemPage() {
  const role = useSession().user?.role
  const sees = (who: Who): boolean =>
    who === 'everyone' || role === 'administrator' || (who === 'oversight' && role === 'auditor')
  return (
    <Page title={t.title} lead={t.lead}>
      <div className={css['groups']}>
        {groups.map(({ label, tiles }) => {
          const shown = tiles.filter((tile) => sees(tile.who))
          if (shown.length === 0) return null
          return (
            <section key={label} aria-label={label}>
              <h2>{label}</h2>
              <div className={css['tiles']}>
                {shown.map((tile) => (
                  <Link key={tile.to} to={tile.to} className={css['tile']}>
                    <tile.icon size={20} stroke={1.6} aria-hidden />
                    <strong>{tile.label}</strong>
                    <span>{tile.help}</span>
                  </Link>
                ))}
              </div>
            </section>
          )
        })}
      </div>
    </Page>
  )
}

export const inSystem = [{ label: t.title, to: '/system' }] as const
