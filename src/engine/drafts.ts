import type { MailSender } from '../connectors/connector.ts'
import { MINUTE_MS } from '../core/time.ts'
import type { DraftRow, DraftStore } from '../store/drafts.ts'
import type { Pass } from './pass.ts'
import type { FilesOf } from './send.ts'

/**
 * Drafts that people write in the CRM, brought into the mailbox's own Drafts. Nobody is mailed by it. A draft that was
 * changed in Outlook meanwhile is left as it is there, and ours is put beside it: neither text is lost.
 */
const DRAFTS_AT_ONCE_MAX = 20
export const DRAFT_TRIES_MAX = 8

export async function bringDrafts(pass: Pass, drafts: DraftStore, filesOf: FilesOf): Promise<number> {
  const { sender } = pass.connector
  if (sender === undefined) return 0
  const due = await drafts.due(pass.mailbox.id, pass.env.now(), DRAFTS_AT_ONCE_MAX)
  for (const row of due) {
    await pass.keepLease()
    if (row.state === 'discarded') await takeOut(pass, drafts, sender, row)
    else await bring(pass, drafts, sender, row, filesOf)
  }
  return due.length
}

async function bring(
  pass: Pass,
  drafts: DraftStore,
  sender: MailSender,
  row: DraftRow,
  filesOf: FilesOf,
): Promise<void> {
  let { item, print } = row
  let note: string | null = null
  const failed = (why: string): Promise<void> => {
    const attempts = row.attempts + 1
    const at = attempts >= DRAFT_TRIES_MAX ? null : pass.env.now() + MINUTE_MS * 2 ** (attempts - 1)
    return drafts.brought(pass.lease, row, { item, print, trouble: why, held: false }, { attempts, at })
  }
  // Twice at most: a draft that is gone or was changed in Outlook is made anew.
  for (let turn = 0; turn < 2; turn++) {
    if (item === null) {
      // An earlier try may have made it although its answer was lost.
      const found =
        row.attempts > 0 ? await sender.find(row.id, null, pass.signal) : { is: 'nowhere' as const }
      if (found.is === 'sent') return drafts.forget(pass.lease, row.id)
      if (found.is === 'unreadable') return failed(found.failure.message)
      if (found.is === 'draft' && note === null) item = found.id
      else {
        const made = await sender.draft(row.id, row.mail, pass.signal)
        if (made.outcome === 'rejected') return failed(made.reason)
        if (made.outcome !== 'done') return failed(made.failure.message)
        item = made.id
      }
      print = null
    }
    const filled = await sender.fill(item, row.mail, await filesOf(row.id), print, pass.signal)
    switch (filled.outcome) {
      case 'done':
        return drafts.brought(
          pass.lease,
          row,
          { item, print: filled.print, trouble: note, held: true },
          { attempts: 0, at: null },
        )
      case 'rejected':
        return failed(filled.reason)
      case 'not-sent':
      case 'unknown':
        return failed(filled.failure.message)
      case 'stale':
        note = 'It was also changed in Outlook: that text is kept in Drafts beside this one.'
        item = null
        break
      case 'gone': {
        const found = await sender.find(row.id, item, pass.signal)
        // Sent from Outlook: there is nothing left to write.
        if (found.is === 'sent') return drafts.forget(pass.lease, row.id)
        item = null
      }
    }
  }
  return failed('The draft in the mailbox keeps disappearing.')
}

async function takeOut(pass: Pass, drafts: DraftStore, sender: MailSender, row: DraftRow): Promise<void> {
  const { item } = row
  const step = item === null ? ({ outcome: 'gone' } as const) : await sender.discard(item, pass.signal)
  if (step.outcome === 'done' || step.outcome === 'gone' || row.attempts >= DRAFT_TRIES_MAX)
    return drafts.forget(pass.lease, row.id)
  const why = step.outcome === 'rejected' ? step.reason : step.failure.message
  const attempts = row.attempts + 1
  const at = pass.env.now() + MINUTE_MS * 2 ** (attempts - 1)
  return drafts.brought(
    pass.lease,
    row,
    { item, print: row.print, trouble: why, held: false },
    { attempts, at },
  )
}
