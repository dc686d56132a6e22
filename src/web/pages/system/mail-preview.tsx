import { mailroom as t } from '../../text/en/mailroom.ts'
import css from './mailroom.module.css'

interface Props {
  readonly subject: string
  readonly body: string
  readonly type: 'text' | 'html'
}

/** A mail as it would arrive. HTML is shown in a frame in which no script runs and nothing is loaded. */
export function MailPreview({ subject, body, type }: Props) {
  return (
    <div className={css['choices']}>
      <strong>{subject}</strong>
      {type === 'html' ? (
        <iframe title={t.previewTitle} sandbox="" srcDoc={body} className={css['frame']} />
      ) : (
        <div className={css['message']}>{body}</div>
      )}
    </div>
  )
}
