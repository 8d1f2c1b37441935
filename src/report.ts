/** Reports an error that has nowhere else to go: everything it could have ended has ended. */

import { config } from 'rxjs'

/** To RxJS's `config.onUnhandledError` where the application has set one, else to the console. */
export function report(error: unknown): void {
  if (config.onUnhandledError) config.onUnhandledError(error)
  else console.error(error)
}
