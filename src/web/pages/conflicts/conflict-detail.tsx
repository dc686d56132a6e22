import { Button, Checkbox, Textarea } from '@mantine/core'
import { IconArrowBackUp, IconArrowLeft } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import type { Side } from '../../../core/item.ts'
import { useAct, useAsk, type Answer } from '../../api/client.ts'
import { useMayAct } from '../../api/session.ts'
import { text } from '../../text/en.ts'
import { conflicts as t } from '../../text/en/conflicts.ts'
import { valueText, Words } from '../../ui/diff.tsx'
import { useKeys } from '../../ui/keys.ts'
import { Keys, Loaded, Note } from '../../ui/page.tsx'
import { SideName, useSideName } from '../../ui/side.tsx'
import { ConflictStatus, toneClass } from '../../ui/status.tsx'
import { tellDone, tellProblem } from '../../ui/tell.ts'
import { RelativeTime } from '../../ui/time.tsx'
import type { Search } from '../../ui/url-state.ts'
import css from './conflicts.module.css'

type Detail = Answer<'GET /api/conflicts/:conflict'>
type Conflict = Detail['conflict']
type Value = Conflict['crm']

interface Props {
  readonly id: string
  readonly position: string | null
  readonly onBack: () => void
  readonly onAnswered: () => void
}
export function ConflictDetail({ id, position, onBack, onAnswered }: Props) {
  const detail = useAsk('GET /api/conflicts/:conflict', { params: { conflict: id } })
  return (
    <Loaded of={detail}>
      {(data) => (
        <article className={css['detail']} aria-label={data.conflict.title}>
          <div className={css['backLink']}>
            <Button variant="subtle" leftSection={<IconArrowLeft size={14} />} onClick={onBack}>
              {t.back}
            </Button>
          </div>
          <Head conflict={data.conflict} position={position} />
          <Decide detail={data} onAnswered={onAnswered} />
        </article>
      )}
    </Loaded>
  )
}

function Head({ conflict, position }: { readonly conflict: Conflict; readonly position: string | null }) {
  return (
    <div>
      <div className={css['detailHead']}>
        <h2>
          {conflict.title}: {conflict.label}
        </h2>
        <ConflictStatus state={conflict.state} />
        {position !== null && <span className={css['foot']}>{position}</span>}
      </div>
      <p className={css['foot']}>
        {text.states.conflictKind[conflict.kind]}, {text.common.channel[conflict.channel]} of{' '}
        {conflict.address}, <RelativeTime at={conflict.at} />.{' '}
        <Link to={`/why/${conflict.record}`}>{t.history}</Link>
      </p>
    </div>
  )
}

function Decide({ detail, onAnswered }: { readonly detail: Detail; readonly onAnswered: () => void }) {
  const { conflict, sameItem } = detail
  const sideName = useSideName()
  const may = useMayAct()
  const [wholeItem, setWholeItem] = useState(false)
  const [remember, setRemember] = useState(false)
  const [own, setOwn] = useState<string | null>(null)
  const changes = ['conflicts', 'status', 'runs', 'history']
  const answer = useAct('POST /api/conflicts/:conflict/answer', { changes, done: () => tellDone(t.answered) })
  const restore = useAct('POST /api/conflicts/:conflict/restore', {
    changes,
    done: () => tellDone(t.restored),
  })
  const params = { conflict: conflict.id }
  const can = (choice: Conflict['choices'][number]): boolean => may && conflict.choices.includes(choice)
  const take = (choice: { take: Side } | { take: 'engine' } | { take: 'value'; value: string }): void => {
    const side = choice.take === 'crm' || choice.take === 'mailbox' ? choice.take : null
    answer.mutate(
      {
        params,
        body: { choice, wholeItem, remember: side !== null && remember && conflict.remembers !== null },
      },
      { onError: tellProblem, onSuccess: () => choice.take !== 'engine' && onAnswered() },
    )
  }
  useKeys({
    ...(can('crm') && { a: () => take({ take: 'crm' }) }),
    ...(can('mailbox') && { m: () => take({ take: 'mailbox' }) }),
    ...(may && conflict.remembers !== null && { r: () => setRemember(!remember) }),
    ...(may && sameItem.length > 0 && { w: () => setWholeItem(!wholeItem) }),
    ...(can('engine') && { b: () => take({ take: 'engine' }) }),
    ...(can('engine') && conflict.state === 'answered' && { u: () => take({ take: 'engine' }) }),
  })
  const chosen = answeredSide(conflict)
  const column = (side: Side): ReactNode => {
    const value = side === 'crm' ? conflict.crm : conflict.mailboxValue
    return (
      <section
        className={`${css['value']} ${toneClass[side === 'crm' ? 'crm' : 'ms']}`}
        data-chosen={chosen === side ? '' : undefined}
        aria-label={sideName(side)}
      >
        <h3>
          <SideName side={side} />
        </h3>
        <ValueText value={value} base={conflict.base} />
        <ValueFoot value={value} />
        {conflict.verdict === side && (
          <span className={css['foot']}>{conflict.state === 'open' ? t.engineWould : t.engineChose}</span>
        )}
        {can(side) && (
          <Button
            variant={chosen === side ? 'filled' : 'default'}
            loading={answer.isPending}
            onClick={() => take({ take: side })}
            rightSection={<Keys keys={side === 'crm' ? 'a' : 'm'} />}
          >
            {t.take(sideName(side))}
          </Button>
        )}
      </section>
    )
  }
  return (
    <>
      <div className={css['sides']}>
        <section className={css['value']} data-base="" aria-label={t.base}>
          <h3>{t.base}</h3>
          <div className={css['valueText']}>
            <Text value={conflict.base} />
          </div>
          <ValueFoot value={conflict.base} />
        </section>
        {column('crm')}
        {column('mailbox')}
      </div>
      <Note tone="none">
        {conflict.why}{' '}
        {conflict.answeredBy !== null && (
          <>
            {t.answeredBy(conflict.answeredBy)}, <RelativeTime at={conflict.answeredAt} />.
          </>
        )}
      </Note>
      {may && (
        <div className={css['answers']}>
          {sameItem.length > 0 && (
            <Checkbox
              size="xs"
              label={t.wholeItem(sameItem.length + 1)}
              checked={wholeItem}
              onChange={(event) => setWholeItem(event.currentTarget.checked)}
            />
          )}
          {conflict.remembers !== null && (
            <Checkbox
              size="xs"
              label={
                wholeItem
                  ? t.rememberAll(text.common.channel[conflict.channel])
                  : t.remember(conflict.remembers, text.common.channel[conflict.channel])
              }
              description={t.rememberHelp}
              checked={remember}
              onChange={(event) => setRemember(event.currentTarget.checked)}
            />
          )}
          {can('engine') && (
            <Button
              variant="subtle"
              leftSection={<IconArrowBackUp size={14} />}
              rightSection={<Keys keys="b" />}
              loading={answer.isPending}
              onClick={() => take({ take: 'engine' })}
            >
              {t.engine}
            </Button>
          )}
          {conflict.state === 'decided' && (
            <Button
              variant="default"
              loading={restore.isPending}
              onClick={() => restore.mutate({ params }, { onError: tellProblem })}
            >
              {t.restore}
            </Button>
          )}
          {can('value') && own === null && typeof conflict.crm.value === 'string' && (
            <Button variant="subtle" onClick={() => setOwn(String(conflict.crm.value))}>
              {t.own}
            </Button>
          )}
        </div>
      )}
      {own !== null && (
        <form
          onSubmit={(event) => {
            event.preventDefault()
            take({ take: 'value', value: own })
          }}
        >
          <Textarea
            label={t.own}
            description={t.ownHelp}
            value={own}
            onChange={(event) => setOwn(event.currentTarget.value)}
            mb={8}
          />
          <Button type="submit" loading={answer.isPending}>
            {text.common.save}
          </Button>
        </form>
      )}
      {sameItem.length > 0 && (
        <section className={css['same']} aria-label={t.sameItem}>
          <h3>{t.sameItem}</h3>
          <ul>
            {sameItem.map((one) => (
              <li key={one.id} data-inline>
                <Link to="." search={(before: Search) => ({ ...before, conflict: one.id })}>
                  {one.label}
                </Link>
                : {valueText(one.crm.value, one.crm.text) || text.common.empty} /{' '}
                {valueText(one.mailboxValue.value, one.mailboxValue.text) || text.common.empty}
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  )
}

function answeredSide(conflict: Conflict): Side | null {
  if (conflict.state === 'open') return null
  const { answer, verdict } = conflict
  if (typeof answer === 'object' && answer !== null && 'take' in answer) {
    if (answer.take === 'crm' || answer.take === 'mailbox') return answer.take
    if (answer.take === 'value') return null
  }
  return verdict === 'none' ? null : verdict
}

function Text({ value }: { readonly value: Value }) {
  const words = valueText(value.value, value.text)
  return words === '' ? <span className={css['none']}>{text.common.empty}</span> : <>{words}</>
}

/** What changed against the base is marked word by word. */
function ValueText({ value, base }: { readonly value: Value; readonly base: Value }) {
  const before = valueText(base.value, base.text)
  const after = valueText(value.value, value.text)
  return (
    <div className={css['valueText']} tabIndex={after.length > 400 ? 0 : undefined}>
      {before === '' || after === '' ? <Text value={value} /> : <Words before={before} after={after} />}
    </div>
  )
}

function ValueFoot({ value }: { readonly value: Value }) {
  if (value.by === null && value.at === null) return null
  return (
    <span className={css['foot']}>
      {value.by !== null && t.changedBy(value.by)} <RelativeTime at={value.at} />
    </span>
  )
}
