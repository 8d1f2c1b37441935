/** What only Node can do with a handshake; spelled out, so that browsers need no types of Node. */

type Pem = string | Uint8Array | readonly (string | Uint8Array)[]

/** An agent of `node:http` or `node:https`: keeps, or proxies, the TCP sockets. */
export interface HttpAgent {
  destroy(): void
}

/** How TLS is spoken, as `node:tls` has it. */
export interface TlsOptions {
  /** Certificates to trust instead of the well-known ones. */
  ca?: Pem | undefined
  /** The client's own certificate, and its key. */
  cert?: Pem | undefined
  key?: Pem | undefined
  /** Both in one, as PKCS#12. */
  pfx?: string | Uint8Array | undefined
  passphrase?: string | undefined
  /** Whether a server that can't prove who it is is refused. Default true. */
  rejectUnauthorized?: boolean | undefined
  /** The name that the server is to prove. Default: that of the address. */
  servername?: string | undefined
  ciphers?: string | undefined
  minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined
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
