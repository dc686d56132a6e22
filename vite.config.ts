import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

const COMPRESSED = new Set(['.js', '.css', '.html', '.svg'])
const COMPRESSED_FROM_BYTES = 1_024

/** Compressed once, here, instead of at each request; the server picks the form that the browser takes. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    writeBundle: ({ dir = '' }) => {
      for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath, entry.name)
        if (!entry.isFile() || !COMPRESSED.has(extname(path))) continue
        const content = readFileSync(path)
        if (content.length < COMPRESSED_FROM_BYTES) continue
        writeFileSync(`${path}.br`, brotliCompressSync(content))
        writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }))
      }
    },
  }
}

/** The back-office: built to `dist/web`, served by the server itself. No inline script, so that the page's policy can forbid it. */
export default defineConfig({
  root: 'src/web',
  plugins: [react(), compressed()],
  build: {
    outDir: '../../dist/web',
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  server: {
    proxy: {
      // The sources in `src/web/api` are not the API; the server compares the origin with the host that it is asked by.
      '^/api/(?!\\w+\\.ts)': {
        target: process.env['SYNCLINE_URL'] ?? 'http://127.0.0.1:4300',
        changeOrigin: false,
      },
    },
  },
})
