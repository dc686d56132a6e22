/** The queue of outgoing mail in memory, with a process that can end before or after any of its commits. */
import type { ItemId, MailboxId, UserId } from '../../src/core/ids.ts'
import { asId } from '../../src/core/ids.ts'
import type { OutgoingMail, OutgoingRow, OutgoingStore } from '../../src/store/outgoing.ts'

export class Crash extends Error {}

export interface MemoryOutgoing extends OutgoingStore {
  due: OutgoingStore['due']
  readonly rows: Map<string, OutgoingRow>
  /** Asked before and after each commit: true ends the process there. */
  crashes: () => boolean
}

export function createMemoryOutgoing(): MemoryOutgoing {
  const rows = new Map<string, OutgoingRow>()
  const self: MemoryOutgoing = {
    rows,
    crashes: () => false,
    due: async (mailbox, now, limit) =>
      [...rows.values()]
        .filter((row) => row.mailbox === mailbox && row.nextAt <= now && OPEN.has(row.state))
        .sort((a, b) => a.nextAt - b.nextAt)
        .slice(0, limit),
    move: async (_lease, from, row) => {
      if (self.crashes()) throw new Crash('before a commit')
      if (rows.get(row.id)?.state !== from) return false
      rows.set(row.id, row)
      if (self.crashes()) throw new Crash('after a commit')
      return true
    },
  }
  return self
}

const OPEN: ReadonlySet<string> = new Set(['waiting', 'drafting', 'drafted', 'sending'])

export const outgoingRow = (
  id: string,
  mailbox: MailboxId,
  at: number,
  mail: Partial<OutgoingMail> = {},
): OutgoingRow => ({
  id,
  mailbox,
  author: asId<UserId>('anna'),
  mail: {
    subject: `Mail ${id}`,
    body: { type: 'html', content: '<p>Hello</p>' },
    to: [{ email: 'ben.okafor@contoso.example', name: 'Ben' }],
    cc: [],
    bcc: [],
    importance: 'normal',
    answers: null,
    ...mail,
  },
  sendAt: at,
  state: 'waiting',
  item: null as ItemId | null,
  reason: null,
  attempts: 0,
  nextAt: at,
  createdAt: at,
  sentAt: null,
})
