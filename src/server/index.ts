/** The front door for servers: `rivulet/server`. */

export { accept } from './accept.js'
export type { AcceptOptions, Limits } from './accept-options.js'
export {
  type Authenticate,
  refuse,
  type Refused,
  type RefuseOptions,
  type Verdict,
} from './authenticate.js'
export type { DrainOptions, DrainProgress } from './drain.js'
export { anyOrigin, type CheckOrigin, origins, pagesOnly, sameOrigin } from './origin.js'
export type { UpgradeServer } from './routes.js'
export type { Protocols } from './subprotocol.js'
export { type RequestListener, serve, type ServeOptions, type Server } from './serve.js'
