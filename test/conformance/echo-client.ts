/**
 * A client of Rivulet that echoes, for suites that test clients: it asks the suite's server how many
 * cases there are, runs each, and has the report written.
 *
 *     node --import tsx test/conformance/echo-client.ts [ws://127.0.0.1:9001] [first case] [last case]
 */

import { catchError, EMPTY, firstValueFrom, ignoreElements, lastValueFrom, switchMap } from 'rxjs'
import { connect } from 'rivulet'
import { openLimits } from './open-limits.js'

const [url = 'ws://127.0.0.1:9001', first = '1', last] = process.argv.slice(2)
const agent = 'agent=rivulet'

const ask = (what: string) =>
  firstValueFrom(connect(`${url}/${what}`).pipe(switchMap(({ messages }) => messages)))

/** Until the connection has ended, however that was: the suite is the judge of it. */
const echo = (what: string) =>
  lastValueFrom(
    connect(`${url}/${what}`, openLimits, ({ messages }) => messages).pipe(
      ignoreElements(),
      catchError(() => EMPTY),
    ),
    { defaultValue: undefined },
  )

const count = Number(last ?? (await ask('getCaseCount')))
for (let each = Number(first); each <= count; each++) await echo(`runCase?case=${each}&${agent}`)
await echo(`updateReports?${agent}`)
console.log(`${count} cases`)
