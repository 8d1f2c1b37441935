import { importX } from 'eslint-plugin-import-x'
import tseslint from 'typescript-eslint'

const clockAndDice = [
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'performance',
].map(name => ({ name, message: 'All time goes through the scheduler option.' }))

const unscheduled = [
  ['Date', 'now', 'All time goes through the scheduler option.'],
  ['Math', 'random', 'All chance goes through the random option.'],
].map(([object, property, message]) => ({ object, property, message }))

// Arrows go one way: leaves <- connection <- client, server, hub <- index.
const closedTo = (target, ...from) => from.map(room => ({ target: `./src/${target}`, from: room }))
const leaves = 'src/{socket,emitter,close,errors,clock,codec,option,random,ws-socket}.ts'
const rooms = ['connection', 'client', 'server', 'hub', 'testing']

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: `${import.meta.dirname}/..` },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-invalid-void-type': 'off',
    },
  },
  {
    files: ['src/**/*.ts'],
    plugins: { 'import-x': importX },
    rules: {
      'no-restricted-globals': ['error', ...clockAndDice],
      'no-restricted-properties': ['error', ...unscheduled],
      'no-restricted-imports': [
        'error',
        {
          paths: [{ name: 'node:timers', message: 'All time goes through the scheduler option.' }],
          patterns: [
            { group: ['rxjs/internal*'], message: 'Only the public entry points of RxJS.' },
          ],
        },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: 'All time goes through the scheduler option.',
        },
        {
          selector: "MemberExpression[property.name='readyState']",
          message: 'The machine holds the only connection state there is.',
        },
      ],
      'import-x/no-cycle': 'error',
      'import-x/no-restricted-paths': [
        'error',
        {
          zones: [
            { target: leaves, from: rooms.map(room => `./src/${room}`) },
            ...closedTo('connection', './src/client', './src/server', './src/hub'),
            ...closedTo('client', './src/server', './src/hub'),
            ...closedTo('server', './src/client', './src/hub'),
            ...closedTo('hub', './src/client', './src/server'),
            { target: './src', from: ['./src/index.ts'] },
            ...['connection', 'client', 'server', 'hub'].map(room => ({
              target: `./src/${room}`,
              from: './src/testing',
            })),
          ],
        },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-empty-function': 'off',
    },
  },
)
