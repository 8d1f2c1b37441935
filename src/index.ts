/** The front door: `rivulet`. Safe in browsers. */

export type { Address } from './client/address.js'
export {
  dialWith,
  type StandardWebSocket,
  type StandardWebSocketClass,
} from './client/browser-socket.js'
export { connect } from './client/connect.js'
export type { ClientLimits, ConnectOptions } from './client/connect-options.js'
export type { Answer, Dial, DialRequest } from './client/dial.js'
export type { HttpAgent, TlsOptions } from './client/node-options.js'
export type { Phase } from './client/phase.js'
export { reconnect, type Reconnectable, type ReconnectOptions } from './client/reconnect.js'
export {
  type BacklogOptions,
  session,
  type Session,
  type SessionBacklog,
  type SessionOptions,
} from './client/session.js'
export type { CompressionOptions } from './compression.js'
export { type Close, CloseCode, isSendable } from './close.js'
export { binary, type Codec, type OnInvalid, text } from './codec.js'
export type { Connection, ConnectionActor, Handler } from './connection/connection.js'
export type { Counts, Waiting } from './connection/counts.js'
export type { DurationCounts } from './connection/durations.js'
export type { Flow, FlowSnapshot } from './connection/flow.js'
export type { Handshake } from './connection/handshake.js'
export type { State } from './connection/machine.js'
export { type Latest, latest, type Overflow } from './connection/overflow.js'
export type { RateOptions } from './connection/rate.js'
export type {
  ConnectionOptions,
  HeartbeatOptions,
  InboxOptions,
  OutboxOptions,
  Timeouts,
} from './connection/settings.js'
export type { Sendable, Writer } from './connection/writer.js'
export {
  type Ending,
  endings,
  isClean,
  mayReconnect,
  type Retry,
  retryAfter,
  throwUnclean,
} from './ending.js'
export {
  ApplicationError,
  BrokerError,
  ClosedError,
  CodecError,
  type CodecIssue,
  ConnectionLostError,
  HandshakeError,
  HeartbeatError,
  OverflowError,
  ProtocolError,
  RateError,
  RivuletError,
  TimeoutError,
} from './errors.js'
export { type Fragments, fragments } from './fragments.js'
export type { Broker, BrokerStatus } from './hub/broker.js'
export { createHub, type Hub, type HubFlow, type HubLimits, type HubOptions } from './hub/hub.js'
export type { Members, Presence } from './hub/members.js'
export { memoryBroker, type MemoryBroker } from './hub/memory.js'
export type { Reach } from './hub/relay.js'
export type { Topic, TopicOptions } from './hub/topic.js'
export { inspect, type InspectOptions } from './inspect/inspect.js'
export type {
  CloseView,
  ConnectionLabel,
  ConnectionSample,
  ConnectionView,
  Inspection,
  MessageView,
} from './inspect/inspection.js'
export { metrics, type Metrics } from './inspect/metrics.js'
export type { Inspectable, InspectableServer } from './inspect/subject.js'
export { json, type JsonOptions, type Schemas } from './json.js'
export { type Known, on, type Tagged } from './on.js'
export { type Prepared, prepare } from './prepare.js'
export type { Random } from './random.js'
export type { InputOf, OutputOf, SchemaIssue, SchemaResult, StandardSchema } from './schema.js'
export type { Message, Socket, SocketClose, SocketEvents } from './socket.js'
