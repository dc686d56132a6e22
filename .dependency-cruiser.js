/**
 * The arrows between folders, as an allow-list: what is not listed is an error, so a new folder starts with
 * no rights. ARCHITECTURE.md draws the same picture; tests/boundaries.test.ts plants violations and sees each caught.
 */
const may = (from, ...to) => ({ from: { path: from }, to: { path: to } })
const npm = (...names) => names.map((name) => `node_modules/${name}(/|$)`)
const NODE =
  '^(node:)?(assert|buffer|child_process|crypto|events|fs|http|https|net|os|path|perf_hooks|process|stream|string_decoder|timers|tls|url|util|worker_threads|zlib|async_hooks|module|readline|v8)(/|$)'
const CONTRACT = '^src/connectors/connector[.]ts$'
const TIME = npm('temporal-polyfill', 'temporal-spec', 'temporal-utils')

export default {
  allowedSeverity: 'error',
  allowed: [
    may('^src/core/', '^src/core/', ...TIME, ...npm('windows-iana')),
    may(
      '^src/core/.*[.]test[.]ts$',
      ...npm('vitest', 'fast-check', 'rrule-temporal'),
      NODE,
      '^tests/support/',
    ),
    may(CONTRACT, '^src/core/'),
    may(
      '^src/connectors/graph/',
      '^src/connectors/graph/',
      CONTRACT,
      '^src/core/',
      NODE,
      ...TIME,
      ...npm(
        'zod',
        'undici',
        '@azure/msal-node',
        '@microsoft/microsoft-graph-types',
        'postal-mime',
        'nodemailer',
        '@types/nodemailer',
        'sanitize-html',
        '@types/sanitize-html',
      ),
    ),
    may('^src/connectors/crm/', '^src/connectors/crm/', CONTRACT, '^src/core/', '^src/store/'),
    may(
      '^src/store/',
      '^src/store/',
      '^src/core/',
      NODE,
      ...npm('kysely', 'pg', '@types/pg', 'pg-boss', '@electric-sql/pglite', 'zod'),
    ),
    may('^src/engine/', '^src/engine/', '^src/store/', '^src/core/', CONTRACT, NODE),
    may(
      '^src/crm/',
      '^src/crm/',
      '^src/store/',
      '^src/core/',
      NODE,
      ...TIME,
      ...npm(
        'zod',
        'kysely',
        'sanitize-html',
        '@types/sanitize-html',
        'email-reply-parser',
        'postal-mime',
        'nodemailer',
      ),
    ),
    may(
      '^src/server/',
      '^src/server/',
      '^src/engine/',
      '^src/store/',
      '^src/crm/',
      '^src/core/',
      CONTRACT,
      NODE,
      ...TIME,
      ...npm(
        'fastify',
        'fastify-type-provider-zod',
        '@fastify/[a-z-]+',
        'zod',
        'pino',
        'prom-client',
        'openid-client',
        'jose',
        'kysely',
      ),
    ),
    may(
      '^src/web/',
      '^src/web/',
      '^src/core/',
      ...TIME,
      ...npm(
        'react',
        'react-dom',
        '@mantine/[a-z-]+',
        '@tanstack/[a-z-]+',
        '@tiptap/[a-z-]+',
        '@tabler/[a-z-]+',
        'dompurify',
        'uplot',
        'dayjs',
        '@fontsource-variable/[a-z-]+',
        '@types/react',
        '@types/react-dom',
        'vite',
        'zod',
      ),
    ),
    {
      from: { path: '^src/web/' },
      to: { path: '^src/server/api', dependencyTypes: ['type-only'] },
    },
    may('^src/emulator/', '^src/emulator/', NODE, ...npm('hono', 'zod', 'jose')),
    may(
      '^src/emulator/.*[.]test[.]ts$',
      ...npm('vitest', 'fast-check', '@azure/msal-node', '@microsoft/[a-z-]+'),
      '^tests/support/',
    ),
    may('^tests/support/', '^src/', '^tests/support/', NODE, ...npm('vitest')),
    may(
      '^src/(cli/|app/|app[.]ts$)',
      '^src/',
      NODE,
      ...npm('commander', 'listr2', 'picocolors', 'pino', 'zod'),
    ),
    may(
      '^src/.*[.]test[.]ts$',
      '^src/',
      '^tests/support/',
      NODE,
      ...npm(
        'vitest',
        'fast-check',
        'rrule-temporal',
        'zod',
        'playwright-core',
        'kysely',
        'jose',
        'temporal-polyfill',
      ),
    ),
  ],
  forbidden: [
    {
      name: 'core-is-pure',
      severity: 'error',
      comment: 'core decides. It does not read, write, wait or roll dice: take what you need as an argument.',
      from: { path: '^src/core/', pathNot: '[.]test[.]ts$' },
      to: {
        pathNot: ['^src/core/', 'node_modules/(temporal-polyfill|temporal-spec|temporal-utils|windows-iana)'],
      },
    },
    {
      name: 'connectors-are-strangers',
      severity: 'error',
      comment:
        'One connector never knows another: what they share is the contract in connectors/connector.ts.',
      from: { path: '^src/connectors/([^/]+)/' },
      to: { path: '^src/connectors/[^/]+/', pathNot: '^src/connectors/$1/' },
    },
    {
      name: 'emulator-is-a-second-opinion',
      severity: 'error',
      comment:
        'The emulator shares nothing with the client, not even types: shared code is a shared misunderstanding.',
      from: { path: '^src/emulator/' },
      to: { path: '^src/(?!emulator/)' },
    },
    {
      name: 'nothing-imports-a-test',
      severity: 'error',
      comment: 'Tests use the product, never the other way round.',
      from: { path: '^src/', pathNot: '[.]test[.]ts$' },
      to: { path: '([.]test[.]ts$)|^tests/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'A cycle is one module pretending to be two.',
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
}
