/** What only Node can do with a handshake; spelled out, so that browsers need no types of Node. */

type Pem = string | Uint8Array | readonly (string | Uint8Array)[]

/** An agent of `node:http` or `node:https`: keeps, or proxies, the TCP sockets. */
export interface HttpAgent {
  /** Closes its idle sockets; never called by a connection. */
  destroy(): void
}

/** How TLS is spoken, as `node:tls` has it. */
export interface TlsOptions {
  /** Certificates to trust instead of the well-known ones. Default: those of Node. */
  ca?: Pem | undefined
  /** The client's own certificate. Default: none. */
  cert?: Pem | undefined
  /** The key of the client's own certificate. Default: none. */
  key?: Pem | undefined
  /** Certificate and key in one, as PKCS#12. Default: none. */
  pfx?: string | Uint8Array | undefined
  /** Opens `key` or `pfx`. Default: none. */
  passphrase?: string | undefined
  /** Whether a server that can't prove who it is is refused. Default true. */
  rejectUnauthorized?: boolean | undefined
  /** The name that the server is to prove. Default: that of the address. */
  servername?: string | undefined
  /** The ciphers to offer, as OpenSSL writes them. Default: those of Node. */
  ciphers?: string | undefined
  /** The oldest version of TLS to take. Default: that of Node, TLS 1.2. */
  minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined
  /** The newest version of TLS to take. Default: that of Node, TLS 1.3. */
  maxVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined
}

export const tlsOptionNames = [
  'ca',
  'cert',
  'key',
  'pfx',
  'passphrase',
  'rejectUnauthorized',
  'servername',
  'ciphers',
  'minVersion',
  'maxVersion',
] as const
