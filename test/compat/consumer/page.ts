/** What the compiler knows in a project of a page, which has none of Node's types. Never run. */

import { switchMap } from 'rxjs'
import { type Close, connect, reconnect, session, type Session, text } from 'rivulet'

connect('wss://example.org/feed', { codec: text })
  .pipe(
    reconnect({ from: 250 }),
    switchMap(connection => connection.messages),
  )
  .subscribe((message: string) => console.log(message))

export const live: Session<string, string> = session('wss://example.org/feed', { codec: text })

// @ts-expect-error the option has another name
connect('wss://example.org/feed', { codecs: text })

export const said = ({ code, by, cause }: Close): string => `${code} ${by} ${String(cause)}`
