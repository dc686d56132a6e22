import {
  IconAddressBook,
  IconCalendar,
  IconChecklist,
  IconGitMerge,
  IconHistory,
  IconLayoutDashboard,
  IconListDetails,
  IconMail,
  IconSettings,
  type Icon,
} from '@tabler/icons-react'
import { text } from '../text/en.ts'

/** The main places: what the rail shows, and where `g` and a letter go. */
export interface Place {
  readonly to: string
  readonly label: string
  readonly key: string
  readonly icon: Icon
  /** In the bottom bar of a phone; the others are behind "More". */
  readonly phone?: true
}

export const places: readonly Place[] = [
  { to: '/', label: text.frame.overview, key: 'o', icon: IconLayoutDashboard, phone: true },
  { to: '/calendar', label: text.frame.calendar, key: 'c', icon: IconCalendar, phone: true },
  { to: '/tasks', label: text.frame.tasks, key: 't', icon: IconChecklist, phone: true },
  { to: '/mail', label: text.frame.mail, key: 'm', icon: IconMail, phone: true },
  { to: '/records/contact', label: text.frame.records, key: 'r', icon: IconAddressBook },
  { to: '/conflicts', label: text.frame.conflicts, key: 'x', icon: IconGitMerge, phone: true },
  { to: '/plans', label: text.frame.plans, key: 'p', icon: IconListDetails },
  { to: '/history', label: text.frame.history, key: 'h', icon: IconHistory },
  { to: '/system', label: text.frame.system, key: 's', icon: IconSettings },
]
