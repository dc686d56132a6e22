/**
 * Believable business mail from a number: the same number always gives the same words. Paragraphs are made once and
 * bodies are put together from them, so that a body costs a few concatenations and no memory.
 */
import { makeChance } from './chance.ts'
import type { TextBody } from './item-parts.ts'
import type { Rows } from './rows.ts'

const OPENINGS = [
  'Thank you for the quick answer.',
  'As discussed on the phone this morning, here is where we stand.',
  'I went through the offer again with our purchasing department.',
  'A short note before the long weekend.',
  'Please find below the points that are still open.',
  'Just to confirm what we agreed yesterday.',
  'We had a look at the samples and have a few remarks.',
  'Sorry for the late reply, the last days were full.',
]
const MIDDLES = [
  'The delivery of the first batch is planned for the third week of the month, provided the customs papers arrive in time.',
  'Our colleagues in the warehouse asked whether the pallets can be marked with the order number on two sides.',
  'The price for quantities above five hundred stays as in the frame contract, smaller orders follow the list.',
  'Could you send us the data sheet in the current revision, the one we have is from last year?',
  'The technician will need about two hours on site and access to the control cabinet.',
  'We would prefer to have one invoice at the end of the month instead of one for each delivery.',
  'The test ran over night without a single fault, the log is in the shared folder.',
  'If the date does not suit you, the week after is still free apart from Wednesday.',
  'The old device will be taken back when the new one is installed, at no cost.',
  'Please note that the contact for questions about payment has changed, see the signature.',
  'We count on your feedback by Friday noon, then the order can go out the same day.',
  'The training can be held in two groups, so that production does not have to stop.',
  'For the second line we need the drawing with the changed bore, the first one is fine.',
  'The insurance asks for photos of the packaging before and after transport.',
  'Two of the twelve sensors showed values outside the tolerance and were replaced.',
  'The budget for the extension is approved, the order follows within the next days.',
]
const CLOSINGS = [
  'Please let me know if anything is missing.',
  'Looking forward to hearing from you.',
  'A short confirmation would help us with the planning.',
  'Thank you for your patience.',
  'Have a good start into the week.',
  'Call me at any time if questions come up.',
]

const PARAGRAPHS = 128
const SENTENCES_EACH = 4
const PARAGRAPHS_EACH = 10

function choose<T>(from: readonly T[], fraction: number): T {
  const found = from[Math.floor(fraction * from.length)]
  if (found === undefined) throw new Error('Nothing to choose from.')
  return found
}

interface Part {
  readonly html: string
  /** The HTML as it stands within a JSON string. */
  readonly json: Uint8Array
}

interface Paragraph extends Part {
  readonly words: string
}

const part = (html: string): Part => ({ html, json: Buffer.from(JSON.stringify(html).slice(1, -1)) })

function makeParagraphs(): readonly Paragraph[] {
  const chance = makeChance(0x6d61696c)
  return Array.from({ length: PARAGRAPHS }, () => {
    const words = Array.from({ length: SENTENCES_EACH }, () => choose(MIDDLES, chance())).join(' ')
    return { words, ...part(`<p class="MsoNormal">${words}</p>\r\n`) }
  })
}

const paragraphs = makeParagraphs()

const HEAD =
  '<html><head>\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head><body>\r\n'
const TAIL = '</body></html>'
const openings = OPENINGS.map((words) => part(`${HEAD}<p>${words}</p>\r\n`))
const closings = CLOSINGS.map((words) => part(`<p>${words}</p>\r\n${TAIL}`))

/** The pieces that body `n` is put together from. */
function compose(n: number): Part[] {
  const chance = makeChance(n)
  const parts = [choose(openings, chance())]
  for (let i = 0; i < PARAGRAPHS_EACH; i++) parts.push(choose(paragraphs, chance()))
  parts.push(choose(closings, chance()))
  return parts
}

/** About 4 KB of HTML. */
export function generatedBody(n: number): TextBody {
  return {
    contentType: 'html',
    content: compose(n)
      .map((piece) => piece.html)
      .join(''),
  }
}

/** Writes what `JSON.stringify` makes of the same body's content, without its cost. */
export function writeGeneratedBody(out: Rows, n: number): void {
  out.text('"')
  for (const { json } of compose(n)) out.bytes(json)
  out.text('"')
}

const PREVIEW_CHARACTERS = 255

export function generatedPreview(n: number): string {
  const chance = makeChance(n)
  const opening = choose(OPENINGS, chance())
  return `${opening}\r\n${choose(paragraphs, chance()).words}`.slice(0, PREVIEW_CHARACTERS)
}

const previews = new Map<string, string>()

/** `JSON.stringify` of the same preview: there are as many as openings and paragraphs go together. */
export function generatedPreviewJson(n: number): string {
  const chance = makeChance(n)
  const name = `${Math.floor(chance() * OPENINGS.length)}/${Math.floor(chance() * PARAGRAPHS)}`
  let json = previews.get(name)
  if (json === undefined) {
    json = JSON.stringify(generatedPreview(n))
    previews.set(name, json)
  }
  return json
}

const SUBJECTS = [
  'Delivery dates for the next batch',
  'Question about invoice',
  'Offer for the extension',
  'Maintenance window',
  'Samples and remarks',
  'Frame contract: open points',
  'Training on site',
  'Drawings, revision',
  'Feedback on the prototype',
  'Order confirmation',
  'Visit next week',
  'Returned goods',
]

export function generatedSubject(n: number): string {
  const chance = makeChance(n ^ 0x5ab1ec7)
  const subject = `${choose(SUBJECTS, chance())} ${1000 + Math.floor(chance() * 9000)}`
  return chance() < 0.4 ? `RE: ${subject}` : subject
}
