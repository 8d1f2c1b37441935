import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A key, and a certificate that nobody has signed but the key itself; as PEM. */
export interface Certificate {
  readonly key: string
  readonly cert: string
}

/** Whether this machine can make certificates. */
export const hasOpenssl = spawnSync('openssl', ['version']).status === 0

/** `names` as openssl has them: `IP:127.0.0.1`, `DNS:a.test`. */
export function selfSigned(subject: string, names: string): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'rivulet-'))
  const [key, cert] = [join(folder, 'key'), join(folder, 'cert')]
  try {
    const what = ['-x509', '-days', '2', '-subj', `/CN=${subject}`]
    const alt = ['-addext', `subjectAltName=${names}`]
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    const files = ['-keyout', key, '-out', cert]
    execFileSync('openssl', ['req', ...what, ...alt, ...kind, ...files], { stdio: 'pipe' })
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
