/** Handshake: what is known of the request that opened a connection. */

/** A copy: no request is kept alive by it. */
export interface Handshake<Principal = unknown> {
  /** As it was asked for: the path and query on a server, the whole URL on a client. */
  readonly url: string
  /** The headers of the request, names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** The `Origin` header: what page opened the connection; `undefined` from most programs. */
  readonly origin: string | undefined
  /** The address of the peer, as the TCP socket has it. */
  readonly remoteAddress: string | undefined
  /** The subprotocol agreed upon; empty when there is none. */
  readonly protocol: string
  /** Who the peer is, as the application's authentication says. */
  readonly principal: Principal
}
