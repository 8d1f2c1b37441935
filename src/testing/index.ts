/** The front door for tests: `rivulet/testing`. It needs no test runner. */

export type { Duration } from './duration.js'
export type { Expectation } from './expectations.js'
export type { Frame } from './frame.js'
export { like } from './like.js'
export type { Link } from './link.js'
export type { ConnectingOptions, OneEnded, OneEndedOptions } from './one-ended.js'
export type { Peer } from './peer.js'
export type { Recording } from './recording.js'
export { type Opening, stage, type Stage, type StageOptions } from './stage.js'
export type { LinkOptions } from './two-ended.js'
export {
  type Report,
  type VirtualTime,
  virtualTime,
  type VirtualTimeOptions,
} from './virtual-time.js'
export type { VirtualServer, VirtualServerOptions } from './virtual-server.js'
export type { WireOptions } from './wire.js'
