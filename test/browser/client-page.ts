/** What the tests' code finds in its page: the library and RxJS, as globals. */

import * as rxjs from 'rxjs'
import * as rivulet from 'rivulet'

Object.assign(globalThis, { rivulet, rxjs })
