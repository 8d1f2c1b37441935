/** Sentence: how a connection ended, in words for people. */

import { STATUS_CODES } from 'node:http'
import { type Close, CloseCode } from '../close.js'
import { isClean } from '../ending.js'
import { ApplicationError, HandshakeError, saidBy, TimeoutError } from '../errors.js'

/** Whether it ended as somebody wanted, and both sides know. */
export function isGood(close: Close): boolean {
  return isClean(close) && close.code !== CloseCode.abnormal
}

export function endingOf(close: Close, url: URL): string {
  const { code, reason, by, cause } = close
  if (cause instanceof HandshakeError) return refusal(cause, url)
  const who = by === 'peer' ? ' by the server' : ''
  const closed = `closed with ${code}${who}${reason && `: ${reason}`}`
  if (cause instanceof ApplicationError) return `${saidBy(cause.cause)} (${closed})`
  if (cause instanceof TimeoutError) return `${deadline(cause, url)} (${closed})`
  if (cause) return `${cause.message} (${closed})`
  return code === CloseCode.abnormal ? 'given up before it was open' : closed
}

const deadlines: Partial<Record<TimeoutError['timeout'], string>> = {
  handshake: 'did not answer in time',
  close: 'did not answer the close in time',
  stall: 'took nothing more for 30 s',
}

function deadline(error: TimeoutError, url: URL): string {
  const what = deadlines[error.timeout]
  return what === undefined ? error.message : `${url.host} ${what}`
}

function refusal(error: HandshakeError, url: URL): string {
  const { status, headers, cause } = error
  if (status === 101) return `The answer of ${url.host} makes no sense: ${error.message}`
  if (status !== undefined) {
    const answer = `${url.host} answered ${status} ${STATUS_CODES[status] ?? ''}`.trimEnd()
    const advice = advices[status]?.(headers, url)
    return advice === undefined ? answer : `${answer}: ${advice}`
  }
  const { code = '' } = (cause ?? {}) as { readonly code?: string }
  return troubles[code]?.(url) ?? (code.includes('CERT') ? untrusted(url, code) : error.message)
}

type Advice = (headers: HandshakeError['headers'], url: URL) => string

const moved: Advice = ({ location }) =>
  typeof location === 'string'
    ? `it is at ${location.replace(/[?#][^]*$/, '…')}`
    : 'it is elsewhere'
const later: Advice = headers => {
  const after = headers['retry-after']
  return typeof after === 'string' ? `it asks to try again after ${after}` : 'it has too much to do'
}

const advices: Readonly<Record<number, Advice>> = {
  200: () => 'that is a page, and no WebSocket',
  301: moved,
  302: moved,
  307: moved,
  308: moved,
  401: () => `it wants to know who you are, as --header 'Authorization: …' says`,
  403: () => 'it does not let you in; --origin says for which page you ask',
  404: (_, url) => `there is no ${url.pathname}`,
  429: later,
  503: later,
}

type Trouble = (url: URL) => string

const unknown: Trouble = url => `There is no host ${url.hostname}, or no network to ask for it`
const cut: Trouble = url =>
  `${url.host} hung up without an answer; ${url.protocol === 'ws:' ? 'does it want wss?' : 'is it a WebSocket server?'}`
const away: Trouble = url => `${url.host} can't be reached from here`
const plain: Trouble = url => `${url.host} does not speak TLS; does it want ws?`

// how Node, and OpenSSL below it, name what went wrong
const troubles: Readonly<Record<string, Trouble>> = {
  ECONNREFUSED: url => `Nobody listens at ${url.host}: the connection was refused`,
  ECONNRESET: cut,
  EPIPE: cut,
  ENOTFOUND: unknown,
  EAI_AGAIN: unknown,
  ETIMEDOUT: away,
  EHOSTUNREACH: away,
  ENETUNREACH: away,
  EPROTO: plain,
  ERR_SSL_WRONG_VERSION_NUMBER: plain,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: plain,
  CERT_HAS_EXPIRED: url => `The certificate of ${url.host} has expired`,
  ERR_TLS_CERT_ALTNAME_INVALID: url => `The certificate of ${url.host} is for another name`,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: url => untrusted(url, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'),
}

function untrusted(url: URL, code: string): string {
  const advice = 'NODE_EXTRA_CA_CERTS=<file> names one to trust'
  return `The certificate of ${url.host} is not trusted (${code}); ${advice}`
}
