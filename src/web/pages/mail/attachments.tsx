import { UnstyledButton } from '@mantine/core'
import {
  IconCloud,
  IconDownload,
  IconFile,
  IconFileText,
  IconFileZip,
  IconMail,
  IconPhoto,
  type Icon,
} from '@tabler/icons-react'
import { useState } from 'react'
import { addressOf } from '../../api/client.ts'
import { formatBytes } from '../../format.ts'
import { text } from '../../text/en.ts'
import { mail as t } from '../../text/en/mail.ts'
import css from './reading.module.css'
import type { Message } from './use-mail.ts'
import { Modal } from '../../ui/dialog.tsx'

type File = Message['attachments'][number]
const SHOWN = 6

const iconOf = ({ contentType, kind, name }: File): Icon => {
  if (kind === 'item') return IconMail
  if (kind === 'reference') return IconCloud
  if (contentType.startsWith('image/')) return IconPhoto
  if (/zip|compressed|x-tar|x-7z/.test(contentType)) return IconFileZip
  return /^text\/|pdf|word|document|sheet|presentation/.test(contentType) || name.endsWith('.pdf')
    ? IconFileText
    : IconFile
}

/** Files that came with a message: pictures as thumbnails up to the limit that is set, others by name and size. */
export function Attachments({
  message,
  previewLimit,
}: {
  readonly message: Message
  readonly previewLimit: number
}) {
  const [all, setAll] = useState(false)
  const [large, setLarge] = useState<File | null>(null)
  const files = message.attachments.filter((one) => !one.inline)
  if (files.length === 0)
    return !message.attachmentsKnown && message.hasAttachments ? (
      <p className={css['none']} role="status">
        {t.attachmentsPending}
      </p>
    ) : null
  const previews = new Set(
    files
      .filter((one) => one.preview)
      .slice(0, previewLimit)
      .map((one) => one.id),
  )
  const shown = all ? files : files.slice(0, SHOWN)
  const address = (file: File, inline: boolean): string =>
    addressOf('GET /api/mail/messages/:message/attachments/:attachment', {
      params: { message: message.id, attachment: file.id },
      query: inline ? { inline: true } : {},
    })
  return (
    <section className={css['files']} aria-label={t.attachments(files.length)}>
      <ul>
        {shown.map((file) => {
          const Shape = iconOf(file)
          const note =
            file.state === 'remote'
              ? t.attachmentRemote
              : file.state === 'removed'
                ? t.attachmentRemoved
                : file.state === 'elsewhere'
                  ? t.attachmentElsewhere
                  : undefined
          return (
            <li key={file.id} className={css['file']} title={note}>
              {previews.has(file.id) ? (
                <UnstyledButton
                  className={css['thumb']}
                  aria-label={t.previewFile(file.name)}
                  onClick={() => setLarge(file)}
                >
                  <img src={address(file, true)} alt="" loading="lazy" />
                </UnstyledButton>
              ) : (
                <Shape size={20} stroke={1.5} aria-hidden />
              )}
              <span className={css['fileName']}>
                <span>{file.name}</span>
                <small>
                  {formatBytes(file.size)}
                  {note !== undefined && file.state === 'elsewhere' && `, ${note}`}
                </small>
              </span>
              {file.state !== 'elsewhere' && (
                <a
                  href={address(file, false)}
                  download={file.name}
                  className={css['fileGet']}
                  aria-label={t.downloadFile(file.name)}
                  title={t.downloadFile(file.name)}
                >
                  <IconDownload size={16} aria-hidden />
                </a>
              )}
            </li>
          )
        })}
      </ul>
      {files.length > shown.length && (
        <UnstyledButton className={css['more']} onClick={() => setAll(true)}>
          {t.moreFiles(files.length - shown.length)}
        </UnstyledButton>
      )}
      <Modal
        opened={large !== null}
        onClose={() => setLarge(null)}
        size="auto"
        title={large?.name}
        closeButtonProps={{ 'aria-label': text.common.close }}
      >
        {large && <img className={css['large']} src={address(large, true)} alt={large.name} />}
      </Modal>
    </section>
  )
}
