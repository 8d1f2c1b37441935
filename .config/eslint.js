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

// Arrows go one way: leaves <- connection <- client, server, hub, inspect <- index; nothing imports
// testing or command.
const rooms = ['connection', 'client', 'server', 'hub', 'inspect', 'testing', 'command', 'index']
const mayEnter = {
  '*.ts': [],
  'connection/*.ts': ['connection'],
  'client/*.ts': ['client', 'connection'],
  'server/*.ts': ['server', 'connection'],
  'hub/*.ts': ['hub', 'connection'],
  'inspect/*.ts': ['inspect', 'connection'],
  'testing/*.ts': ['testing', 'connection', 'client'],
  'command/*.ts': ['command', 'connection', 'client'],
}
const zones = Object.entries(mayEnter).map(([files, open]) => ({
  files: [`src/${files}`],
  ignores: ['src/index.ts'],
  rules: {
    'no-restricted-imports': ['error', imports(rooms.filter(room => !open.includes(room)))],
  },
}))

function imports(closed) {
  return {
    paths: [{ name: 'node:timers', message: 'All time goes through the scheduler option.' }],
    patterns: [
      { group: ['rxjs/internal*'], message: 'Only the public entry points of RxJS.' },
      ...(closed.length === 0
        ? []
        : [
            {
              regex: `^\\.\\.?/(${closed.join('|')})(/|\\.js$)`,
              message: 'Imports point one way; test/imports.test.ts holds the rooms.',
            },
          ]),
    ],
  }
}

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json', './examples/observatory/page/tsconfig.json'],
        tsconfigRootDir: `${import.meta.dirname}/..`,
      },
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
    rules: {
      'no-restricted-globals': ['error', ...clockAndDice],
      'no-restricted-properties': ['error', ...unscheduled],
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
    },
  },
  ...zones,
  {
    files: ['test/**/*.ts', 'examples/observatory/page/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-empty-function': 'off',
    },
  },
)
