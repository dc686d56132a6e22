/** To which records a message, event or task belongs. */
export const links = {
  title: 'Belongs to',
  nowhere: 'No record yet',
  add: 'Add a record',
  find: 'Find a contact, account, lead or case',
  none: 'No record fits.',
  typeMore: 'Type a name.',
  remove: (title: string) => `Take it off ${title}`,
  kinds: { contact: 'Contact', account: 'Account', lead: 'Lead', case: 'Case' },
  added: (title: string) => `Put on ${title}. Its thread follows from now on.`,
  removed: (title: string) => `Taken off ${title}. It is not put there by itself again.`,
} as const
