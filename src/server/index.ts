/** The front door for servers: `rivulet/server`. */

export { accept } from './accept.js'
export type { AcceptOptions, Limits } from './acceptor.js'
export type { DrainOptions, DrainProgress } from './drain.js'
export { anyOrigin, type CheckOrigin, origins, sameOrigin } from './origin.js'
export { type RequestListener, serve, type ServeOptions, type Server } from './serve.js'
