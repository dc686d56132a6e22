import { ActionIcon, Popover } from '@mantine/core'
import { IconMail } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useAsk } from '../api/client.ts'
import { useMayAct } from '../api/session.ts'
import { text } from '../text/en.ts'
import { RelativeTime } from '../ui/time.tsx'
import css from './frame.module.css'

/** The envelope at the top with the newest messages of my inboxes, where the setting wants it. */
export function MailMenu() {
  const [opened, setOpened] = useState(false)
  const mayAct = useMayAct()
  const asked = useAsk('GET /api/mail/unread', {})
  const t = text.frame.mailMenu
  const close = (): void => setOpened(false)
  if (!asked.data?.shown) return null
  const { unread, newest } = asked.data
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <ActionIcon
          className={css['envelope'] ?? ''}
          aria-label={t.title(unread)}
          title={t.title(unread)}
          onClick={() => setOpened(!opened)}
        >
          <IconMail size={18} stroke={1.7} />
          {unread > 0 && <span className={css['envelopeDot']} aria-hidden />}
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown p={4} aria-label={t.recent}>
        <div className={css['mailMenu']}>
          <header>
            <h2>{t.recent}</h2>
          </header>
          {newest.length === 0 ? (
            <p>{t.empty}</p>
          ) : (
            <ul>
              {newest.map((row) => (
                <li key={row.id}>
                  <Link
                    to="/mail"
                    search={{ m: row.id }}
                    data-unread={row.read ? undefined : ''}
                    onClick={close}
                  >
                    <span>
                      {!row.read && <span className="visually-hidden">{t.unread}, </span>}
                      {row.from?.name || row.from?.email}
                    </span>
                    <RelativeTime at={row.at} />
                    <small>{row.subject || t.noSubject}</small>
                  </Link>
                </li>
              ))}
            </ul>
          )}
          <footer>
            <Link to="/mail" onClick={close}>
              {t.all}
            </Link>
            {mayAct && (
              <Link to="/mail" search={{ compose: 'new' }} onClick={close}>
                {t.compose}
              </Link>
            )}
          </footer>
        </div>
      </Popover.Dropdown>
    </Popover>
  )
}
