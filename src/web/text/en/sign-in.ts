export const signIn = {
  title: 'Sign in',
  email: 'Email',
  password: 'Password',
  submit: 'Sign in',
  withMicrosoft: 'Log in with Microsoft 365',
  or: 'or',
  demoTitle: 'The demo company is running. Sign in as',
  role: { administrator: 'Administrator', user: 'User', auditor: 'Auditor' },
  setupTitle: 'Set up Syncline',
  setupHelp:
    'Keeps calendars, tasks and mail of your CRM in step with Microsoft 365. Make the first administrator, or look around in a demo company first.',
  demoOption: 'Start the demo company',
  demoHelp:
    'A company with six mailboxes, their meetings, tasks and mail, and an emulator of Microsoft 365 beside it. Nothing leaves this machine.',
  adminOption: 'Make the first administrator',
  organization: 'Organization',
  name: 'Your name',
  passwordHelp: (min: number) =>
    `At least ${min} characters. Length is what counts; a short sentence is fine.`,
  passwordRepeat: 'Password again',
  passwordDiffers: 'The two passwords differ.',
  zone: 'Time zone',
  create: 'Create and sign in',
  strength: ['Too short', 'Weak', 'Fair', 'Good', 'Strong'],
} as const
