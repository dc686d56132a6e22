/** The page at `/`: Outlook, To Do and a look behind the scenes, for a person who plays the Microsoft side. */
import { readFileSync } from 'node:fs'
import type { Outgoing } from './http.ts'

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
}

const FILES = new Set([
  'outlook.html',
  'outlook.css',
  'shell.js',
  'kit.js',
  'calendar.js',
  'tasks.js',
  'mail.js',
  'scenes.js',
])

/** A file of the page; undefined for any other path. */
export function answerPage(method: string, target: string): Outgoing | undefined {
  const path = target.split('?')[0] ?? ''
  const name =
    path === '/' || path === '/outlook' ? 'outlook.html' : path.startsWith('/outlook/') ? path.slice(9) : ''
  if (!FILES.has(name) || method !== 'GET') return undefined
  return {
    status: 200,
    headers: {
      'content-type': TYPES[name.split('.').at(-1) ?? ''] ?? 'text/plain',
      'cache-control': 'no-cache',
      // Bodies of mails are shown in frames without scripts.
      'content-security-policy':
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-src 'self' data:; base-uri 'none'",
    },
    body: readFileSync(new URL(`./page/${name}`, import.meta.url), 'utf8'),
  }
}
