import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const src = (path: string) => fileURLToPath(new URL(`../src/${path}`, import.meta.url))

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  resolve: {
    alias: [
      { find: '#dial', replacement: src('client/node-socket.ts') },
      { find: /^rivulet$/, replacement: src('index.ts') },
      { find: /^rivulet\/(nats|redis)$/, replacement: `${src('hub/')}$1.ts` },
      { find: /^rivulet\/(\w+)$/, replacement: `${src('')}$1/index.ts` },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    // the leak checks count what the process holds, so each file has a process of its own
    pool: 'forks',
    execArgv: ['--expose-gc'],
    testTimeout: 20_000,
  },
})
