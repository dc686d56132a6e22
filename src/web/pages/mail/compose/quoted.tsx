import { ActionIcon } from '@mantine/core'
import { IconX } from '@tabler/icons-react'
import { useMemo } from 'react'
import { mail } from '../../../text/en/mail.ts'
import { compose as t } from '../../../text/en/mail-compose.ts'
import css from './compose.module.css'

/** They go with the message, and are not fetched for looking at it here. */
const REMOTE_PICTURE = /(<img\b[^>]*?)\ssrc="(?!data:)[^"]*"/gi

/** What is answered, kept as it was: it goes with the message, and can be left out. */
export function Quoted({ html, onDrop }: { readonly html: string; readonly onDrop: () => void }) {
  const page = useMemo(
    () =>
      `<!doctype html><meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"><style>body{margin:8px;font:13px/1.5 system-ui,sans-serif;background:#fff;color:#1b1f24;overflow-wrap:anywhere}blockquote{margin:0 0 0 2px;padding-left:12px;border-left:2px solid #c9c9c2}img{max-width:100%}</style>${html.replaceAll(REMOTE_PICTURE, '$1')}`,
    [html],
  )
  return (
    <div className={css['quoted']}>
      <details>
        <summary>{mail.showQuoted}</summary>
        <iframe title={mail.showQuoted} sandbox="" referrerPolicy="no-referrer" srcDoc={page} />
      </details>
      <ActionIcon size={26} aria-label={t.dropQuote} title={t.dropQuote} onClick={onDrop}>
        <IconX size={14} />
      </ActionIcon>
    </div>
  )
}
