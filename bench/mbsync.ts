/**
 * The peer of `npm run bench -- mail`: mbsync against an IMAP server on this machine, with as many messages of the same
 * size in the same ten folders, changed in the same way, and flushing to disk as it does by default. Both come from the
 * system (Debian: isync, dovecot-imapd); where one is missing the peer is left out, in words. Needs root, because the
 * server runs as a user of its own.
 */
import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Emit } from './main.ts'

const run = promisify(execFile)
const PASSWORD = 'bench'
const NOOPS = 5
/** An account that every Debian has, owns nothing, and may own a Maildir. */
const OWNER = 'mail'

const found = (program: string): boolean => {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Why the peer cannot be measured here, or null. */
export function missingPeer(): string | null {
  const missing = ['mbsync', 'dovecot', 'doveadm'].filter((program) => !found(program))
  if (missing.length > 0) return `${missing.join(', ')} not installed (Debian: isync, dovecot-imapd)`
  return process.getuid?.() === 0 ? null : 'the IMAP server for it needs root'
}

export async function measurePeer(n: number, folders: readonly number[], emit: Emit): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'syncline-peer-'))
  const one = (name: string, metric: string, value: number, unit: string): void =>
    emit({ case: `${name}-mbsync`, n, metric, value, unit })
  try {
    const port = await freePort()
    const server = serve(root, port)
    const sizes = folders.map((share) => Math.round(n * share))
    for (const [at, count] of sizes.entries()) fill(server.mail, folderName(at), count)
    // The server goes into the background and keeps what it inherits, so it inherits nothing.
    execFileSync('dovecot', ['-c', server.config], { stdio: 'ignore' })
    try {
      const config = clientConfig(root, port)
      const sync = async (): Promise<number> => {
        const began = performance.now()
        await run('mbsync', ['-c', config, '-a'], { maxBuffer: 1 << 26 })
        return (performance.now() - began) / 1000
      }
      const initial = await sync()
      const local = join(root, 'client')
      const arrived = sizes.reduce((sum, _, at) => sum + countOf(join(local, folderName(at))), 0)
      if (arrived !== n) throw new Error(`mbsync brought ${arrived} messages, not ${n}.`)
      one('initial', 'seconds', initial, 's')
      one('initial', 'items_per_second', n / initial, '1/s')
      const noops: number[] = []
      for (let round = 0; round < NOOPS; round++) noops.push(await sync())
      one('noop', 'seconds', noops.sort((a, b) => a - b)[NOOPS >> 1] ?? 0, 's')
      const each = Math.max(1, Math.round(n / 100))
      flag(join(server.mail, folderName(1)), each)
      flag(join(local, folderName(0)), each)
      const delta = await sync()
      one('delta', 'seconds', delta, 's')
      one('delta', 'items_per_second', (2 * each) / delta, '1/s')
    } finally {
      execFileSync('doveadm', ['-c', server.config, 'stop'])
    }
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })

const folderName = (at: number): string => (at === 0 ? 'Large' : `Folder${at}`)

function serve(root: string, port: number): { readonly config: string; readonly mail: string } {
  const mail = join(root, 'server')
  const config = join(root, 'dovecot.conf')
  for (const folder of [mail, join(root, 'run'), join(root, 'state'), join(root, 'client')])
    mkdirSync(folder, { recursive: true, mode: 0o755 })
  for (const part of ['cur', 'new', 'tmp']) mkdirSync(join(mail, part))
  execFileSync('chmod', ['755', root])
  writeFileSync(
    config,
    `protocols = imap
base_dir = ${join(root, 'run')}
state_dir = ${join(root, 'state')}
log_path = ${join(root, 'log')}
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_login_user = nobody
default_internal_user = nobody
default_internal_group = nogroup
first_valid_uid = 1
mail_location = maildir:${mail}:LAYOUT=fs
passdb {
  driver = static
  args = password=${PASSWORD}
}
userdb {
  driver = static
  args = uid=${OWNER} gid=${OWNER} home=${mail}
}
service imap-login {
  chroot =
  inet_listener imap {
    port = ${port}
  }
  inet_listener imaps {
    port = 0
  }
}
service anvil {
  chroot =
}
namespace inbox {
  inbox = yes
  separator = /
}
`,
  )
  own(mail)
  return { config, mail }
}

const own = (folder: string): void => {
  execFileSync('chown', ['-R', `${OWNER}:${OWNER}`, folder])
}

function clientConfig(root: string, port: number): string {
  const path = join(root, 'mbsyncrc')
  writeFileSync(
    path,
    `IMAPStore far
Host 127.0.0.1
Port ${port}
User bench
Pass ${PASSWORD}
SSLType None
AuthMechs LOGIN

MaildirStore near
Path ${join(root, 'client')}/
Inbox ${join(root, 'client', 'INBOX')}
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Near
Expunge Both
SyncState *
`,
  )
  return path
}

/** Messages of about 4 KB, seen, as files of a Maildir. */
function fill(mail: string, name: string, count: number): void {
  const folder = join(mail, name)
  for (const part of ['cur', 'new', 'tmp']) mkdirSync(join(folder, part), { recursive: true })
  const text = `${'We met on Tuesday and talked about the offer, the delivery and the next steps. '.repeat(4)}\r\n`
  for (let n = 0; n < count; n++) {
    const head = [
      `From: Customer ${n % 97} <customer${n % 97}@example.com>`,
      'To: Anna Lindqvist <anna.lindqvist@contoso.example>',
      `Subject: Offer ${n} in ${name}`,
      `Message-ID: <${name}.${n}@example.com>`,
      'Date: Mon, 02 Mar 2026 10:00:00 +0000',
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=utf-8',
    ]
    writeFileSync(
      join(folder, 'cur', `${1_700_000_000 + n}.M${n}.bench:2,S`),
      `${head.join('\r\n')}\r\n\r\n${text.repeat(12)}`,
    )
  }
  own(folder)
}

const countOf = (folder: string): number =>
  ['cur', 'new'].reduce((sum, part) => sum + readdirSync(join(folder, part)).length, 0)

/** Flags messages as a mail program does: by the name of the file. */
function flag(folder: string, count: number): void {
  const cur = join(folder, 'cur')
  for (const name of readdirSync(cur).slice(0, count)) {
    const [base = '', flags = ''] = name.split(':2,')
    renameSync(join(cur, name), join(cur, `${base}:2,F${flags}`))
  }
}
