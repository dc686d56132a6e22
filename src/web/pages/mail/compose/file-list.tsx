import { ActionIcon } from '@mantine/core'
import { IconPaperclip, IconRefresh, IconX } from '@tabler/icons-react'
import { formatBytes } from '../../../format.ts'
import { compose as t } from '../../../text/en/mail-compose.ts'
import css from './compose.module.css'
import type { Files } from './use-files.ts'

interface Props {
  readonly files: Files
  /** Files of the message that is forwarded: Microsoft puts them in. */
  readonly forwards: readonly { readonly name: string; readonly size: number }[]
}
export function FileList({ files, forwards }: Props) {
  const done = files.done.filter((one) => !one.inline)
  if (done.length === 0 && forwards.length === 0 && files.uploading.length === 0) return null
  return (
    <ul className={css['files']} aria-label={t.files}>
      {forwards.map((file, i) => (
        <li key={`${i} ${file.name}`} className={css['file']} title={t.forwarded}>
          <IconPaperclip size={15} aria-hidden />
          <span>{file.name}</span>
          <small>
            {formatBytes(file.size)}, {t.forwarded}
          </small>
        </li>
      ))}
      {done.map((file) => (
        <li key={file.id} className={css['file']}>
          <IconPaperclip size={15} aria-hidden />
          <span>{file.name}</span>
          <small>{formatBytes(file.size)}</small>
          <ActionIcon size={24} aria-label={t.removeFile(file.name)} onClick={() => files.remove(file)}>
            <IconX size={13} />
          </ActionIcon>
        </li>
      ))}
      {files.uploading.map(({ key, file, share, problem }) => (
        <li key={key} className={css['file']} data-failed={problem === null ? undefined : ''}>
          <IconPaperclip size={15} aria-hidden />
          <span>{file.name}</span>
          {problem === null ? (
            <>
              <progress
                max={100}
                value={Math.round(share * 100)}
                aria-label={t.uploading(file.name, Math.round(share * 100))}
              />
              <small>{Math.round(share * 100)} %</small>
            </>
          ) : (
            <>
              <small role="alert">{problem}</small>
              <ActionIcon size={24} aria-label={t.retryFile(file.name)} onClick={() => files.retry(key)}>
                <IconRefresh size={13} />
              </ActionIcon>
            </>
          )}
          <ActionIcon size={24} aria-label={t.cancelUpload(file.name)} onClick={() => files.stop(key)}>
            <IconX size={13} />
          </ActionIcon>
        </li>
      ))}
    </ul>
  )
}
