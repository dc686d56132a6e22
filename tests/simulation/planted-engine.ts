import type { Planted } from './planted.ts'

/** Mistakes in what the engine writes down, and when. */
export const ENGINE_BUGS: readonly Planted[] = [
  {
    name: 'echo-is-an-edit',
    says: 'our own write, read back, counts as an edit that somebody made in Microsoft 365',
    layer: 'engine',
    known: 56,
    edits: [
      {
        file: 'src/engine/arrived.ts',
        text: `    ...applied(unpackMailboxBase(link.base, link.mailboxBase), spelled),\n`,
        instead: `    ...unpackMailboxBase(link.base, link.mailboxBase),\n`,
      },
      {
        file: 'src/engine/push.ts',
        text: `  if (outcome.item && collection)\n`,
        instead: `  if (outcome.item && collection && row.do === 'create')\n`,
      },
    ],
  },
  {
    name: 'cursor-before-effects',
    says: 'the cursor is committed before what its page led to',
    layer: 'engine',
    known: 57,
    edits: [
      {
        file: 'src/engine/pull.ts',
        text: `  await pass.commit(async (tx, batch) => {
    await takeObservations(pass, tx, batch, row, observed)
    batch.collections.set(row.id, { ...row, cursor: page.next, trouble: null })
  })`,
        instead: `  await pass.commit(async (_tx, batch) => {
    batch.collections.set(row.id, { ...row, cursor: page.next, trouble: null })
  })
  await pass.commit((tx, batch) => takeObservations(pass, tx, batch, row, observed))`,
      },
    ],
  },
  {
    name: 'feed-before-effects',
    says: 'the position in the feed of the CRM is committed before what its records led to',
    layer: 'engine',
    known: 14,
    edits: [
      {
        file: 'src/engine/feed.ts',
        text: `      await considerRecords(pass, tx, batch, page.pairs)
      if (page.next !== feedCursor) batch.channel = { ...pass.channel, feedCursor: page.next }
      return page.more
    })`,
        instead: `      if (page.next !== feedCursor) batch.channel = { ...pass.channel, feedCursor: page.next }
      return page
    }).then(async (page) => {
      await pass.commit((tx, batch) => considerRecords(pass, tx, batch, page.pairs))
      return page.more
    })`,
      },
    ],
  },
  {
    name: 'absence-is-deletion',
    says: 'what a listing has not told yet is taken for deleted, after its first page',
    layer: 'engine',
    known: 3,
    edits: [
      {
        file: 'src/engine/pull.ts',
        text: `        await takePage(pass, current(pass, row), page)
        await pass.keepLease()`,
        instead: `        await takePage(pass, current(pass, row), page)
        if (row.enumerating && row.generation > 1)
          await pass.commit(async (tx, batch) => {
            for (const { link, record } of await tx.unseenPairs(row.id, row.generation, null, 100))
              if (link?.state === 'linked' && link.pending === null)
                consider(pass, batch, { link, record, seen: { is: 'gone' }, collection: row, pending: null })
          })
        await pass.keepLease()`,
      },
    ],
  },
  {
    name: 'tombstone-is-deletion',
    says: 'an item that left a listing is taken for deleted, without asking for it',
    layer: 'wide',
    known: 11,
    edits: [
      {
        file: 'src/engine/pull.ts',
        text: `        if (isQuestion(pass, row, byItem.get(each.id))) defer(batch, row, each.id, { kind: 'tombstone' })`,
        instead: `        {
          const { link, record } = byItem.get(each.id) ?? NO_PAIR
          const open = (link?.pending && pending.get(link.pending)) ?? null
          if (link) consider(pass, batch, { link, record, seen: { is: 'gone' }, collection: row, pending: open })
        }`,
      },
    ],
  },
  {
    name: 'out-of-scope-is-deletion',
    says: 'what was moved out of the period is deleted on the other side',
    layer: 'wide',
    edits: [
      {
        file: 'src/engine/probe.ts',
        text: `        const subject = { link, record, seen: { is: 'unseen' }, collection: home, pending: open } as const
        if (link !== null && link.state === 'linked') unlink(pass, batch, subject, link)
        return`,
        instead: `        if (link !== null)
          consider(pass, batch, { link, record, seen: { is: 'gone' }, collection: home, pending: open })
        return`,
      },
    ],
  },
  {
    name: 'deletions-forgotten',
    says: 'a deletion that was carried out is not remembered',
    layer: 'wide',
    edits: [
      {
        file: 'src/engine/push.ts',
        text: `    batch.putLink({ ...link, state: 'deleted', pending: null, updatedAt: pass.env.now() })
    return`,
        instead: `    batch.forgetLink(link.id)
    return`,
      },
    ],
  },
  {
    name: 'unknown-sent-again',
    says: 'a write whose answer was lost is sent again without looking',
    layer: 'engine',
    known: 45,
    edits: [
      {
        file: 'src/engine/push.ts',
        text: `      result(
        'unknown',`,
        instead: `      result(
        'planned',`,
      },
      {
        file: 'src/engine/push.ts',
        text: `      pass.unsettled.set(row.id, row)
  }`,
        instead: `  }`,
      },
      {
        file: 'src/connectors/graph/graph.ts',
        text: `      const marked = await lookFirst(writer, operations, signal)`,
        instead: `      const marked: Marked = new Map(await lookFirst(writer, [], signal))`,
      },
    ],
  },
  {
    name: 'sent-not-looked-up',
    says: 'a write that was under way when the process ended is never looked up',
    layer: 'engine',
    known: 10,
    edits: [
      {
        file: 'src/engine/push.ts',
        text: `states: ['sent', 'unknown'] }))\n`,
        instead: `states: ['unknown'] }))\n`,
      },
    ],
  },
  {
    name: 'half-write-taken-whole',
    says: 'a write that was found by its mark counts as arrived with all of its parts',
    layer: 'engine',
    known: 71,
    edits: [
      {
        file: 'src/engine/arrived.ts',
        text: `late && told ? arrivedGroups(row.do, wanted, told, took) : wanted`,
        instead: `wanted`,
      },
    ],
  },
  {
    name: 'deletes-newer-record',
    says: 'a record is deleted although it changed since that was decided',
    layer: 'wide',
    edits: [
      {
        file: 'src/engine/guard.ts',
        text: `record === null || record.version !== row.guard.version) {`,
        instead: `record === null) {`,
      },
    ],
  },
  {
    name: 'questions-lost-in-crash',
    says: 'questions that were put aside are not asked after a crash',
    layer: 'mail',
    known: 27,
    edits: [
      {
        file: 'src/engine/pass.ts',
        text: `if (batch.deferred.length > 0 && this.channel.state !== 'running')`,
        instead: `if (batch.deferred.length > 1e9 && this.channel.state !== 'running')`,
      },
    ],
  },
  {
    name: 'resync-tells-nothing',
    says: 'what changed while a cursor was lost is passed over when everything is listed again',
    layer: 'engine',
    edits: [
      {
        file: 'src/engine/pull.ts',
        text: `    await takeObservations(pass, tx, batch, row, observed)\n`,
        instead: `    if (!row.enumerating || row.generation === 1) await takeObservations(pass, tx, batch, row, observed)\n`,
      },
    ],
  },
  {
    name: 'journal-row-missing',
    says: 'a write to the CRM leaves no row in the journal',
    layer: 'engine',
    known: 0,
    edits: [
      {
        file: 'src/engine/consider.ts',
        text: `  batch.operations.set(operation.id, { ...operation, state: 'written', doneAt: at, sentAt: at })\n`,
        instead: '',
      },
    ],
  },
  {
    name: 'poison-stops-the-rest',
    says: 'one refused write ends the pushing of all others',
    layer: 'wide',
    edits: [
      {
        file: 'src/engine/push.ts',
        text: `if (outcome.outcome === 'not-sent') return { failure: outcome.failure }`,
        instead: `if (outcome.outcome === 'not-sent') return { failure: outcome.failure }
    else if (outcome.outcome === 'rejected') return { failure: SILENT }`,
      },
    ],
  },
  {
    name: 'wrong-account-unnoticed',
    says: 'whose mailbox the sign-in belongs to is not looked at',
    layer: 'wide',
    edits: [
      {
        file: 'src/engine/engine.ts',
        text: `    if (!same) return identity\n`,
        instead: `    if (!same) return null\n`,
      },
    ],
  },
  {
    name: 'mail-sent-again',
    says: 'a mail whose sending was not answered is sent once more',
    layer: 'wide',
    edits: [
      {
        file: 'src/engine/send.ts',
        text: `    if (this.#row.state === 'sending') return this.#lookForSent()`,
        instead: `    if (this.#row.state === 'sending') await this.#to('waiting', { item: null })`,
      },
    ],
  },
  {
    name: 'preview-commits',
    says: 'a preview keeps what it rehearsed',
    layer: 'wide',
    edits: [
      {
        file: 'src/engine/preview.ts',
        text: `      throw curtain\n`,
        instead: `      if (ending === null || !('operations' in ending)) throw curtain\n`,
      },
    ],
  },
]
