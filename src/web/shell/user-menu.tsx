import { Menu, useMantineColorScheme } from '@mantine/core'
import { IconDeviceDesktop, IconKeyboard, IconLogout, IconMoon, IconSun, IconUser } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { Link, useRouter } from '@tanstack/react-router'
import { useAct } from '../api/client.ts'
import type { Me } from '../api/session.ts'
import { text } from '../text/en.ts'
import css from './frame.module.css'

export const initialsOf = (name: string): string =>
  name
    .split(/\s+/)
    .map((part) => part[0] ?? '')
    .slice(0, 2)
    .join('')
    .toUpperCase()

export function UserMenu({ me, onShortcuts }: { readonly me: Me; readonly onShortcuts: () => void }) {
  const client = useQueryClient()
  const router = useRouter()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const profile = useAct('PATCH /api/me')
  const signOut = useAct('DELETE /api/session', {
    done: () => {
      client.clear()
      void router.navigate({ to: '/sign-in' })
    },
  })
  const choose = (theme: 'light' | 'dark' | 'system'): void => {
    setColorScheme(theme === 'system' ? 'auto' : theme)
    profile.mutate({ body: { theme } })
  }
  const mark = (on: boolean) => (on ? { 'aria-checked': true, fw: 600 } : { 'aria-checked': false })
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <button type="button" className={css['user']}>
          <span className="visually-hidden">{text.frame.userMenu}: </span>
          <span className={css['userName']}>{me.name}</span>
          <span className={css['initials']} aria-hidden>
            {initialsOf(me.name)}
          </span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {me.email}
          <br />
          {text.signIn.role[me.role]}, {me.organization.name}
        </Menu.Label>
        <Menu.Item component={Link} to="/me/profile" leftSection={<IconUser size={16} />}>
          {text.frame.profile}
        </Menu.Item>
        <Menu.Item leftSection={<IconKeyboard size={16} />} onClick={onShortcuts}>
          {text.frame.keyboard}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{text.frame.theme}</Menu.Label>
        <Menu.Item
          role="menuitemradio"
          leftSection={<IconSun size={16} />}
          onClick={() => choose('light')}
          {...mark(colorScheme === 'light')}
        >
          {text.frame.light}
        </Menu.Item>
        <Menu.Item
          role="menuitemradio"
          leftSection={<IconMoon size={16} />}
          onClick={() => choose('dark')}
          {...mark(colorScheme === 'dark')}
        >
          {text.frame.dark}
        </Menu.Item>
        <Menu.Item
          role="menuitemradio"
          leftSection={<IconDeviceDesktop size={16} />}
          onClick={() => choose('system')}
          {...mark(colorScheme === 'auto')}
        >
          {text.frame.followSystem}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => signOut.mutate({})}>
          {text.frame.signOut}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
