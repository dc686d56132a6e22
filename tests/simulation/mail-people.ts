import type { CollectionId } from '../../src/core/ids.ts'
import type { Fields } from '../../src/core/item.ts'
import { matchKeys } from '../../src/core/match.ts'
import type { Emulator } from '../../src/emulator/emulator.ts'
import type { StoreDump } from '../../src/store/memory-state.ts'
import type { RecordRow, RecordWrite } from '../../src/store/sync-store.ts'
import type { Act, History } from './history.ts'
import type { CrmDoor } from './people.ts'
import { nameOf } from './projection.ts'
import { FOLDERS, type MessageGroup, messageValue } from './values.ts'
import { type Holding, type Personal, Witness } from './witness.ts'

/**
 * The two people of a world of mail. Messages arrive in Outlook; both read, flag, sort, move and delete them. In Outlook
 * a deleted message lies in Deleted Items, which is not in step, and can be taken back from there.
 */
type Bag = Readonly<Record<string, unknown>>
const bag = (value: unknown): Bag => (typeof value === 'object' && value !== null ? (value as Bag) : {})
const list = (value: unknown): readonly Bag[] => (Array.isArray(value) ? value.map(bag) : [])

/** The door of the CRM person, and the folders as the CRM knows them. */
export interface MailDoor extends CrmDoor {
  dump(): Pick<StoreDump, 'records' | 'collections'>
}

export class MailPeople extends Witness {
  readonly #emulator: Emulator
  readonly #store: () => MailDoor
  readonly #owner: string
  readonly #sender: string
  readonly #now: () => number

  constructor(parts: {
    emulator: Emulator
    store: () => MailDoor
    history: History
    owner: string
    /** Who writes to the owner. */
    sender: string
    now: () => number
  }) {
    super(parts.history)
    this.#emulator = parts.emulator
    this.#store = parts.store
    this.#owner = parts.owner
    this.#sender = parts.sender
    this.#now = parts.now
  }

  get #outlook() {
    return this.#emulator.control.as(this.#owner)
  }

  protected async carryOut(
    beat: Personal,
    side: 'crm' | 'mailbox',
    held: Holding | undefined,
    stamp: number,
  ): Promise<Pick<Act, 'what' | 'wrote' | 'tokens'> | null> {
    switch (beat.do) {
      case 'create': {
        if (side === 'crm') return null
        const subject = `${beat.item} s${stamp}z`
        await this.#receive(subject)
        return { what: 'create', wrote: { subject }, tokens: { subject } }
      }
      case 'edit': {
        if (held === undefined) return null
        const values = beat.groups.map((group) => messageValue(group as MessageGroup, stamp))
        const patch = (face: 'crm' | 'graph'): Bag => Object.assign({}, ...values.map((each) => each[face]))
        if (side === 'crm') await this.#patchRecord(held, patch('crm'))
        else await this.#patchMessage(held, patch('graph'))
        return {
          what: 'edit',
          wrote: Object.fromEntries(values.map((each) => [each.group, each.plain])),
          tokens: Object.fromEntries(values.map((each) => [each.group, each.token])),
        }
      }
      case 'delete':
        if (held === undefined) return null
        if (side === 'crm') await this.#deleteRecord(held)
        else await this.#expect(this.#outlook.delete(`/me/messages/${held.id}`))
        return { what: 'delete', wrote: {}, tokens: {} }
      case 'recover': {
        if (side === 'crm') return null
        const message = await this.#find('Deleted Items', beat.item)
        if (message === undefined) return null
        await this.#move(String(message['id']), 'Inbox')
        return { what: 'restore', wrote: { folder: 'Inbox' }, tokens: { folder: 'Inbox' } }
      }
      default:
        return null
    }
  }

  async #receive(subject: string): Promise<void> {
    await this.#expect(
      this.#emulator.control.as(this.#sender).post('/me/sendMail', {
        message: {
          subject,
          body: { contentType: 'text', content: `About ${subject}` },
          toRecipients: [{ emailAddress: { address: this.#owner, name: 'Anna' } }],
        },
      }),
    )
  }

  async #patchMessage(held: Holding, patch: Bag): Promise<void> {
    const { folder, ...body } = patch
    if (Object.keys(body).length > 0) await this.#expect(this.#outlook.patch(`/me/messages/${held.id}`, body))
    if (typeof folder === 'string' && held.plain['folder'] !== folder) await this.#move(held.id, folder)
  }

  async #move(id: string, folder: string): Promise<void> {
    const folders = await this.#folders()
    await this.#expect(
      this.#outlook.post(`/me/messages/${id}/move`, { destinationId: folders.get(folder) ?? folder }),
    )
  }

  async #patchRecord(held: Holding, patch: Bag): Promise<void> {
    const row = held.raw as unknown as RecordRow
    const { folder, ...rest } = patch
    const target = this.#store()
      .dump()
      .collections.find(({ name }) => name === folder)
    const moved = target === undefined ? {} : { folder: target.id satisfies CollectionId }
    const fields = { ...row.fields, ...(rest as Fields), ...moved }
    await this.#write({
      do: 'update',
      id: row.id,
      kind: 'message',
      container: target?.container ?? row.container,
      fields,
      facts: row.facts,
      matchKeys: matchKeys('message', { fields, facts: row.facts }),
      at: this.#now(),
      by: 'person',
    })
  }

  async #deleteRecord(held: Holding): Promise<void> {
    const row = held.raw as unknown as RecordRow
    await this.#write({ do: 'delete', id: row.id, kind: 'message', at: this.#now(), by: 'person' })
  }

  async #write(record: RecordWrite): Promise<void> {
    this.recordWrites += 1
    await this.#store().transaction(null, (tx) => tx.write({ records: [record] }))
  }

  async #expect(answer: Promise<{ readonly status: number; readonly body: unknown }>): Promise<unknown> {
    const { status, body } = await answer
    if (status >= 400)
      throw new Error(`The simulated Outlook person was refused: ${status} ${JSON.stringify(body)}`)
    return body
  }

  async #folders(): Promise<ReadonlyMap<string, string>> {
    const answer = await this.#expect(this.#outlook.get('/me/mailFolders?$top=100'))
    return new Map(
      list(bag(answer)['value']).map((each) => [String(each['displayName']), String(each['id'])]),
    )
  }

  async #find(folder: string, item: string): Promise<Bag | undefined> {
    return (await this.#messages(folder)).find((each) => nameOf(String(each['subject'])) === item)
  }

  async #messages(folder: string): Promise<readonly Bag[]> {
    const id = (await this.#folders()).get(folder)
    if (id === undefined) return []
    const answer = await this.#expect(this.#outlook.get(`/me/mailFolders/${id}/messages?$top=200`))
    return list(bag(answer)['value'])
  }

  // ── seeing ─────────────────────────────────────────────────────────────────────────────────────────────────

  holdingsOfCrm(): Map<string, Holding[]> {
    const found = new Map<string, Holding[]>()
    const { collections, records } = this.#store().dump()
    for (const record of records) {
      if (record.deletedAt !== null) continue
      const { categories, flag, folder, read, subject } = record.fields
      const lies = collections.find(({ id }) => id === folder)
      push(found, {
        id: record.id,
        resource: 'message',
        plain: {
          subject: String(subject),
          read: String(read),
          flag: String(flag),
          categories: (categories as readonly string[]).join(','),
          // Where the record lies and what its group says must be one and the same.
          folder:
            lies?.container === record.container ? lies.name : `${lies?.name ?? '?'} and ${record.container}`,
        },
        raw: record as unknown as Bag,
      })
    }
    return found
  }

  async holdingsOfOutlook(): Promise<Map<string, Holding[]>> {
    const found = new Map<string, Holding[]>()
    for (const folder of FOLDERS)
      for (const message of await this.#messages(folder))
        push(found, {
          id: String(message['id']),
          resource: 'message',
          plain: { ...plainOf(message), folder },
          raw: message,
        })
    return found
  }
}

const plainOf = (message: Bag): Record<string, string> => ({
  subject: String(message['subject']),
  read: String(message['isRead']),
  flag: String(bag(message['flag'])['flagStatus']),
  categories: [...(message['categories'] as readonly string[])].sort().join(','),
})

function push(map: Map<string, Holding[]>, one: Holding): void {
  const name = nameOf(one.plain['subject'] ?? '')
  const all = map.get(name)
  if (all === undefined) map.set(name, [one])
  else all.push(one)
}
