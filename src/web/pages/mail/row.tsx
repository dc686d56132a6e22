import { IconFlag3, IconFlag3Filled, IconPaperclip } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { memo, type CSSProperties } from 'react'
import { formatExact } from '../../format.ts'
import { mail as t } from '../../text/en/mail.ts'
import type { Search } from '../../ui/url-state.ts'
import css from './mail.module.css'
import type { Row } from './use-mail.ts'
import { listTime, namesOf, senderOf, subjectOf } from './words.ts'

interface Props {
  readonly row: Row | undefined
  readonly index: number
  readonly total: number
  readonly style: CSSProperties
  readonly opened: boolean
  readonly cursor: boolean
  readonly selected: boolean
  readonly selecting: boolean
  /** In Sent Items and Drafts who it goes to says more than who wrote it. */
  readonly showTo: boolean
  readonly mine: ReadonlySet<string>
  readonly mayAct: boolean
  readonly onTick: (index: number, stretch: boolean) => void
  readonly onFlag: (row: Row) => void
  readonly onFocus: (index: number) => void
}

export const MailRow = memo(function MailRow(props: Props) {
  const { row, index, total, style, showTo, mine } = props
  if (row === undefined)
    return (
      <li className={css['row']} style={style} aria-setsize={total} aria-posinset={index + 1} aria-busy>
        <span />
        <span className={css['ghost']} />
      </li>
    )
  const subject = subjectOf(row.subject)
  const people = showTo && row.to.length > 0 ? t.to(namesOf(row.to, mine)) : senderOf(row.from)
  const unread = !row.read || row.thread.unread > 0
  const Flag = row.flag === 'flagged' ? IconFlag3Filled : IconFlag3
  return (
    <li
      className={css['row']}
      style={style}
      data-message={row.id}
      data-index={index}
      data-unread={unread ? '' : undefined}
      data-opened={props.opened ? '' : undefined}
      data-cursor={props.cursor ? '' : undefined}
      data-selected={props.selected ? '' : undefined}
      data-selecting={props.selecting ? '' : undefined}
      aria-setsize={total}
      aria-posinset={index + 1}
    >
      <label className={css['tick']}>
        <input
          type="checkbox"
          aria-label={t.selectThis(subject)}
          checked={props.selected}
          onChange={() => undefined}
          onClick={(event) => props.onTick(index, event.shiftKey)}
        />
        <span className={css['dot']} aria-hidden />
      </label>
      <Link
        to="."
        search={(before: Search) => ({ ...before, m: row.id })}
        resetScroll={false}
        className={css['link']}
        aria-current={props.opened ? 'true' : undefined}
        onClick={() => props.onFocus(index)}
        draggable={false}
      >
        <span className={css['line']}>
          {unread && <span className="visually-hidden">{t.isUnread}, </span>}
          <span className={css['who']}>{people}</span>
          {row.thread.count > 1 && (
            <span className={css['number']} title={t.messages(row.thread.count)}>
              {row.thread.count}
            </span>
          )}
          {row.at !== null && (
            <time dateTime={row.at} title={formatExact(row.at)} className={css['when']}>
              {listTime(row.at)}
            </time>
          )}
        </span>
        <span className={css['line']}>
          {row.isDraft && <span className={css['draft']}>{t.draft}</span>}
          {row.importance === 'high' && (
            <span className={css['urgent']} title={t.important} aria-label={t.important} role="img">
              !
            </span>
          )}
          <span className={css['subject']} data-subject>
            {subject}
          </span>
          {row.hasAttachments && <IconPaperclip size={14} aria-label={t.hasFiles} role="img" />}
        </span>
        <span className={css['line']}>
          <span className={css['preview']}>{row.preview}</span>
          {row.categories.slice(0, 2).map((name) => (
            <span key={name} className={css['category']}>
              {name}
            </span>
          ))}
        </span>
      </Link>
      {(props.mayAct || row.flag === 'flagged') && (
        <button
          type="button"
          className={css['flag']}
          data-on={row.flag === 'flagged' ? '' : undefined}
          disabled={!props.mayAct}
          aria-label={`${row.flag === 'flagged' ? t.unflag : t.flag}: ${subject}`}
          onClick={() => props.onFlag(row)}
        >
          <Flag size={15} aria-hidden />
        </button>
      )}
    </li>
  )
})
