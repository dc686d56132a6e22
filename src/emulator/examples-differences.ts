/** Documented examples that the emulator answers otherwise, each with the reason. Keys: page and number of the example. */

const ATTACHED_ITEM =
  'an attached item has the properties that it was attached with; the service adds those of a stored one'
const COPY_STATUS = 'the example shows 200 for a new item; 201 is answered, as for move and createReply'
const SEARCH_FOLDER = 'search folders are not emulated'
const CONTENT_TYPE =
  'the example shows notificationContentType, a property that the type of v1.0 does not have'
const NO_BODY = 'the documented request is shown without its body'

export const DIFFERENCES: Readonly<Record<string, string>> = {
  'calendargroup-list-calendars.md #0':
    'the documentation shows a color as an object; the type is an enumeration',
  'todotasklist-list-tasks.md #0':
    'linkedResources are shown only when expanded or just created: a client must not count on more',
  'user-get-mailboxsettings.md #4':
    'the documented mailbox works in a custom time zone; here each has one with a name',
  'user-get.md #6': 'schema extensions are not emulated',
  'user-list.md #10': 'the documented query option $orderbydisplayName is a misprint',
  'sample-queries.json #12': 'the documented recurrence does not begin on the day of the event',
  'attachment-get.md #4': ATTACHED_ITEM,
  'attachment-get.md #6': ATTACHED_ITEM,
  'mailfolder-copy.md #0': COPY_STATUS,
  'mailfolder-get.md #2': SEARCH_FOLDER,
  'mailsearchfolder-post.md #0': SEARCH_FOLDER,
  'mailsearchfolder-update.md #0': SEARCH_FOLDER,
  'message-copy.md #0': COPY_STATUS,
  'message-createreplyall.md #0': 'the page says 201 in its text and shows 200 in its example',
  'message-createreplyall.md #3': 'the example shows an error for MIME content that is valid',
  'opentypeextension-get.md #4': 'the example misspells createdDateTime',
  'opentypeextension-get.md #8': 'the example misspells createdDateTime',
  'opentypeextension-update.md #2': NO_BODY,
  'opentypeextension-update.md #3': NO_BODY,
  'subscription-get.md #0': CONTENT_TYPE,
  'subscription-list.md #0': CONTENT_TYPE,
  'subscription-post-subscriptions.md #0': CONTENT_TYPE,
  'subscription-post-subscriptions.md #2': NO_BODY,
  'query-parameters.md #14':
    'the page "List messages" forbids this order with this filter; the stricter page is followed',
  'webhooks-with-resource-data.md #0': 'notifications with resource data are not emulated',
}

/** Documented requests that no route here answers, by their address, each with the reason. */
export const OUT_OF_SCOPE: readonly (readonly [address: RegExp, reason: string])[] = [
  [/calendarPermissions/, 'sharing of calendars is not emulated: shared mailboxes have delegates'],
  [/^DELETE .*\/me\/calendar$/, 'the service refuses it for the calendar that every mailbox has'],
  [/inferenceClassification\/overrides/, 'rules of the focused inbox are not emulated'],
  [/messageRules/, 'rules of the inbox are not emulated'],
  [/\/groups\//, 'groups are not emulated'],
  [/getMailTips/, 'mail tips are not emulated'],
  [/^PATCH .*\/(me|users\/[^/]+)$/, 'the directory is written by the control API'],
  [/\/users\/delta/, 'changes of the directory are not tracked'],
  [/servicePrincipals/, 'app registrations are written by the control API'],
  [/me\/contacts|me\/drive/, 'contacts and files are not emulated'],
  [
    /outlook\.office\.com|\/api\/v1\.0\/Users/,
    'addresses of upload sessions are opaque; here they begin with the emulator’s own',
  ],
  [/\{(lifecycleN|n)otificationUrl\}/, 'a request of the service to its client: see subscriptions.test.ts'],
]
