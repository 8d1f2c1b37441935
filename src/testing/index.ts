/** The front door for tests: `rivulet/testing`. It needs no test runner. */

export type { Duration } from './duration.js'
export { like } from './equal.js'
export type { Frame } from './frame.js'
export type { WireOptions } from './lane.js'
export type { Link } from './link.js'
export type { Peer } from './peer.js'
export type { Recording } from './recording.js'
export type { LinkOptions, OneEnded, OneEndedOptions } from './stage.js'
export {
  type Expectation,
  type Report,
  type VirtualTime,
  virtualTime,
  type VirtualTimeOptions,
} from './virtual-time.js'
