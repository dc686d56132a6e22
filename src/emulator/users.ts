/** People, mailbox settings and the mailbox server's lists. */
import type { Answer, Call } from './call.ts'
import { badRequest, GraphError, itemNotFound } from './errors.ts'
import { parseFilter } from './filter.ts'
import { immutableId, itemId, keyOfId } from './ids.ts'
import { isObject, object, text, texts, type JsonObject } from './item-parts.ts'
import {
  answerCount,
  answerList,
  ITEM_QUERY,
  jsonAnswer,
  LIST_QUERY,
  noContent,
  select,
  selected,
  selectText,
} from './odata.ts'
import { IDS_TRANSLATE, SETTINGS_READ, SETTINGS_WRITE, USER_READ, USERS_READ } from './permissions.ts'
import type { Route } from './router.ts'
import { codeOf } from './chance.ts'
import { refuseUnknown, zoneNamed } from './event-model.ts'
import { findMessage, messageId } from './mail-store.ts'
import type { Category, Mailbox, Person } from './state.ts'
import { WINDOWS_ZONES } from './zone-names.ts'

function renderUser(person: Person, language: string): JsonObject {
  return {
    businessPhones: [],
    displayName: person.displayName,
    givenName: person.givenName,
    jobTitle: person.jobTitle,
    mail: person.mail,
    mobilePhone: null,
    officeLocation: person.officeLocation,
    preferredLanguage: language,
    surname: person.surname,
    userPrincipalName: person.userPrincipalName,
    id: person.id,
  }
}

function getUser(call: Call): Answer {
  const { mailbox } = call
  const { person } = mailbox
  const whole = {
    ...renderUser(person, mailbox.language),
    accountEnabled: true,
    assignedLicenses: [],
    city: null,
    companyName: call.store.data.tenants.get(person.tenantId)?.displayName ?? null,
    country: null,
    department: null,
    identities: [
      {
        signInType: 'userPrincipalName',
        issuer: person.mail.split('@')[1],
        issuerAssignedId: person.userPrincipalName,
      },
    ],
    mailNickname: person.mail.split('@')[0],
    postalCode: null,
    userType: 'Member',
  }
  const names = selected(call)
  const body = names === null ? renderUser(mailbox.person, mailbox.language) : select(whole, names)
  return jsonAnswer(200, {
    '@odata.context': `${call.root}/$metadata#users${selectText(call)}/$entity`,
    ...body,
  })
}

const usersOf = (call: Call): JsonObject[] =>
  [...call.store.data.mailboxes.values()]
    .filter((mailbox) => mailbox.person.tenantId === call.identity.tenantId)
    .map((mailbox) => renderUser(mailbox.person, mailbox.language))

/** An advanced query: without the header the directory refuses it. Source: "Advanced query capabilities". */
function countUsers(call: Call): Answer {
  if (call.incoming.header('consistencylevel')?.toLowerCase() !== 'eventual')
    throw new GraphError(
      400,
      'Request_BadRequest',
      '$count is not currently supported. Send the header ConsistencyLevel: eventual.',
    )
  const filter = call.query.get('$filter')
  const rows = usersOf(call)
  return answerCount((filter === undefined ? rows : rows.filter(parseFilter(filter))).length)
}

function listUsers(call: Call): Answer {
  const rows = usersOf(call)
  return answerList(call, {
    rows,
    context: `${call.root}/$metadata#users${selectText(call)}`,
    pageSizeDefault: 100,
    pageSizeMax: 999,
  })
}

export function renderSettings(mailbox: Mailbox): JsonObject {
  return {
    archiveFolder: null,
    timeZone: mailbox.timeZone,
    delegateMeetingMessageDeliveryOptions: 'sendToDelegateOnly',
    dateFormat: 'dd/MM/yyyy',
    timeFormat: 'HH:mm',
    userPurpose: mailbox.person.shared ? 'shared' : 'user',
    automaticRepliesSetting: {
      status: 'disabled',
      externalAudience: 'all',
      internalReplyMessage: '',
      externalReplyMessage: '',
      scheduledStartDateTime: { dateTime: '2026-01-01T00:00:00.0000000', timeZone: 'UTC' },
      scheduledEndDateTime: { dateTime: '2026-01-02T00:00:00.0000000', timeZone: 'UTC' },
    },
    language: {
      locale: mailbox.language,
      displayName: new Intl.DisplayNames('en', { type: 'language' }).of(mailbox.language) ?? mailbox.language,
    },
    workingHours: {
      daysOfWeek: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'],
      startTime: '08:00:00.0000000',
      endTime: '17:00:00.0000000',
      timeZone: { name: mailbox.timeZone },
    },
  }
}

const SETTINGS_NAMES = new Set([
  'timeZone',
  'language',
  'automaticRepliesSetting',
  'workingHours',
  'dateFormat',
  'timeFormat',
  'delegateMeetingMessageDeliveryOptions',
])

function patchSettings(call: Call): Answer {
  const body = call.json()
  refuseUnknown(body, 'mailboxSettings', SETTINGS_NAMES, new Set(['archivefolder', 'userpurpose']))
  const zone = text(body, 'timeZone')
  if (typeof zone === 'string') {
    zoneNamed(zone)
    call.mailbox.timeZone = zone
  }
  const locale = object(body, 'language')
  const name = locale ? text(locale, 'locale') : undefined
  if (typeof name === 'string') {
    if (!/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(name)) throw badRequest('The language has no valid locale.')
    call.mailbox.language = name
  }
  return jsonAnswer(200, {
    '@odata.context': call.context('mailboxSettings'),
    ...renderSettings(call.mailbox),
  })
}

/** Settings that can be read alone. Source: "Get mailboxSettings". */
const SETTINGS_ALONE = [
  'automaticRepliesSetting',
  'dateFormat',
  'delegateMeetingMessageDeliveryOptions',
  'language',
  'timeFormat',
  'timeZone',
  'userPurpose',
  'workingHours',
] as const

function oneSetting(call: Call, name: string): Answer {
  const value = renderSettings(call.mailbox)[name]
  const context = { '@odata.context': call.context(`mailboxSettings/${name}`) }
  return jsonAnswer(200, { ...context, ...(isObject(value) ? value : { value }) })
}

function supportedTimeZones(call: Call): Answer {
  const standard = call.args.get('timezonestandard')?.toLowerCase() ?? 'windows'
  if (standard !== 'windows' && standard !== 'iana')
    throw badRequest(`Requested value '${standard}' was not found.`)
  const names = Object.entries(WINDOWS_ZONES).map(([windows, iana]) => (standard === 'iana' ? iana : windows))
  const value = [...new Set(names)].map((alias) => ({ alias, displayName: alias }))
  return jsonAnswer(200, {
    '@odata.context': `${call.root}/$metadata#Collection(microsoft.graph.timeZoneInformation)`,
    value,
  })
}

const PRESETS = ['None', ...Array.from({ length: 25 }, (_, n) => `Preset${n}`)].map((name) =>
  name.toLowerCase(),
)

function categoryId(mailbox: Mailbox, category: Category): string {
  return `${mailbox.code}-${category.key}`
}

const renderCategory = (mailbox: Mailbox, category: Category): JsonObject => ({
  id: categoryId(mailbox, category),
  displayName: category.displayName,
  color: category.color,
})

function categoryOf(call: Call): Category {
  const found = call.mailbox.categories.find((category) => categoryId(call.mailbox, category) === call.id(0))
  if (found === undefined) throw itemNotFound()
  return found
}

function readColor(body: JsonObject): string | undefined {
  const color = text(body, 'color')?.toLowerCase()
  if (color !== undefined && !PRESETS.includes(color))
    throw badRequest(`Requested value '${color}' was not found.`)
  return color
}

function answerCategory(call: Call, category: Category, status: number): Answer {
  return jsonAnswer(status, {
    '@odata.context': call.context('outlook/masterCategories/$entity'),
    ...renderCategory(call.mailbox, category),
  })
}

function postCategory(call: Call): Answer {
  const body = call.json()
  refuseUnknown(body, 'outlookCategory', new Set(['displayName', 'color']), new Set(['id']))
  const displayName = text(body, 'displayName') ?? ''
  if (displayName === '') throw badRequest('A category needs a displayName.')
  const { mailbox, store } = call
  if (mailbox.categories.some((category) => category.displayName.toLowerCase() === displayName.toLowerCase()))
    throw new GraphError(409, 'CategoryNameDuplicate', 'A category with this name exists already.')
  const category: Category = {
    key: codeOf(store.data.seed, ++store.data.counter, 12),
    displayName,
    color: readColor(body) ?? 'none',
  }
  mailbox.categories = [...mailbox.categories, category]
  return answerCategory(call, category, 201)
}

const ID_TYPES = ['entryid', 'ewsid', 'immutableentryid', 'restid', 'restimmutableentryid']
const TRANSLATE_MAX = 1_000

function translate(call: Call): Answer {
  const body = call.json()
  const inputIds = texts(body, 'inputIds') ?? texts(body, 'InputIds') ?? []
  const source = (text(body, 'sourceIdType') ?? text(body, 'SourceIdType') ?? '').toLowerCase()
  const target = (text(body, 'targetIdType') ?? text(body, 'TargetIdType') ?? '').toLowerCase()
  if (!ID_TYPES.includes(source) || !ID_TYPES.includes(target))
    throw badRequest('The sourceIdType or targetIdType is unknown.')
  if (inputIds.length > TRANSLATE_MAX)
    throw badRequest(`At most ${TRANSLATE_MAX} ids can be translated at once.`)
  const { mailbox } = call
  const value = inputIds.map((sourceId) => {
    const key = keyOfId(sourceId)
    const message = key === null ? undefined : findMessage(mailbox, key)
    if (message !== undefined)
      return { sourceId, targetId: messageId(mailbox, message, target.includes('immutable')) }
    const home = key === null ? undefined : mailbox.eventHome.get(key.slice(0, 16))
    if (key === null || home === undefined)
      return {
        sourceId,
        errorDetails: {
          code: 'ErrorItemNotFound',
          message: 'The specified object was not found in the store.',
        },
      }
    const container = home.slice(home.indexOf('/') + 1)
    return {
      sourceId,
      targetId: target.includes('immutable')
        ? immutableId(mailbox, key)
        : itemId(mailbox, container, key, false),
    }
  })
  return jsonAnswer(200, {
    '@odata.context': `${call.root}/$metadata#Collection(microsoft.graph.convertIdResult)`,
    value,
  })
}

export function userRoutes(): Route[] {
  const user = '/users/{user}'
  const zones = {
    method: 'GET',
    path: `${user}/outlook/supportedTimeZones`,
    permissions: IDS_TRANSLATE,
    query: [],
    handle: supportedTimeZones,
  }
  return [
    { method: 'GET', path: '/users', permissions: USERS_READ, query: LIST_QUERY, handle: listUsers },
    {
      method: 'GET',
      path: '/users/$count',
      permissions: USERS_READ,
      query: ['$filter', '$search'],
      handle: countUsers,
    },
    { method: 'GET', path: user, permissions: USER_READ, query: ITEM_QUERY, handle: getUser },
    {
      method: 'GET',
      path: `${user}/mailboxSettings`,
      permissions: SETTINGS_READ,
      query: ITEM_QUERY,
      handle: (call) =>
        jsonAnswer(200, {
          '@odata.context': call.context('mailboxSettings'),
          ...select(renderSettings(call.mailbox), selected(call)),
        }),
    },
    {
      method: 'PATCH',
      path: `${user}/mailboxSettings`,
      permissions: SETTINGS_WRITE,
      query: [],
      handle: patchSettings,
    },
    ...SETTINGS_ALONE.map((name): Route => ({
      method: 'GET',
      path: `${user}/mailboxSettings/${name}`,
      permissions: SETTINGS_READ,
      query: [],
      handle: (call) => oneSetting(call, name),
    })),
    zones,
    {
      method: 'GET',
      path: `${user}/outlook/masterCategories`,
      permissions: SETTINGS_READ,
      query: LIST_QUERY,
      handle: (call) =>
        answerList(call, {
          rows: call.mailbox.categories.map((category) => renderCategory(call.mailbox, category)),
          context: call.context('outlook/masterCategories'),
          pageSizeDefault: 100,
        }),
    },
    {
      method: 'POST',
      path: `${user}/outlook/masterCategories`,
      permissions: SETTINGS_WRITE,
      query: [],
      handle: postCategory,
    },
    {
      method: 'GET',
      path: `${user}/outlook/masterCategories/{category}`,
      permissions: SETTINGS_READ,
      query: ITEM_QUERY,
      handle: (call) => answerCategory(call, categoryOf(call), 200),
    },
    {
      method: 'PATCH',
      path: `${user}/outlook/masterCategories/{category}`,
      permissions: SETTINGS_WRITE,
      query: [],
      handle: (call) => {
        const category = categoryOf(call)
        category.color = readColor(call.json()) ?? category.color
        return answerCategory(call, category, 200)
      },
    },
    {
      method: 'DELETE',
      path: `${user}/outlook/masterCategories/{category}`,
      permissions: SETTINGS_WRITE,
      query: [],
      handle: (call) => {
        const gone = categoryOf(call)
        call.mailbox.categories = call.mailbox.categories.filter((category) => category !== gone)
        return noContent
      },
    },
    {
      method: 'POST',
      path: `${user}/translateExchangeIds`,
      permissions: IDS_TRANSLATE,
      query: [],
      handle: translate,
    },
  ]
}
