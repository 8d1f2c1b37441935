import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { hasOpenssl, selfSigned } from '../wire/certificate.js'
import { closePayload, encodeFrame, opcodes } from '../wire/frame.js'
import { rawServing, switching } from '../wire/raw-server.js'
import { wsServing } from '../wire/ws-server.js'
import { installed, program, rivulet, Run } from './installed.js'

installed()

/** A server that sends back what comes. */
async function echoing() {
  const served = await wsServing()
  served.wss.on('connection', ws => {
    ws.on('message', (data: Buffer, binary) => ws.send(data, { binary }))
  })
  return served
}

describe('what is piped in', () => {
  test('is sent, a line a message, and the answers are printed', async () => {
    const { url, peers } = await echoing()
    const run = rivulet(['connect', url]).pipe('hi\r\n\nü\u2028\nlast')
    expect(await run.exit).toBe(0)
    expect(run.said).toBe('hi\n\nü\u2028\nlast\n')
    expect(run.noted).toBe(`connecting to ${url}/\nopen\nclosing\nclosed with 1000\n`)
    expect((await (await peers.next()).closed).code).toBe(1000)
  })

  test('gets answers that take their time', async () => {
    const { url, wss } = await wsServing()
    wss.on('connection', ws => {
      ws.on('message', () => setTimeout(() => ws.send('at last'), 500))
    })
    const run = rivulet(['connect', url]).pipe('hi')
    expect(await run.exit).toBe(0)
    expect(run.said).toBe('at last\n')
  })

  test('gets the answers that come before the Close frame of the server, also without a wait', async () => {
    const { url } = await rawServing((tcp, key) => {
      tcp.write(switching(key))
      let got = Buffer.alloc(0)
      tcp.on('data', (data: Buffer) => {
        got = Buffer.concat([got, data])
        // a Close frame with a code and a mask has 8 bytes; this server is slow, and answers in order
        if (got.at(-8) !== 0x88 || got.at(-7) !== 0x82) return
        tcp.write(encodeFrame(opcodes.text, 'late', { masked: false }))
        tcp.end(encodeFrame(opcodes.close, closePayload(1000), { masked: false }))
      })
    })
    const run = rivulet(['connect', url, '--wait', '0']).pipe('hi\n')
    expect(await run.exit).toBe(0)
    expect(run.said).toBe('late\n')
    expect(run.noted).toContain('closing\nclosed with 1000\n')
  })

  test('of 10 MB goes through an echo server whole and in order', async () => {
    const { url } = await echoing()
    const lines = Array.from({ length: 100_000 }, (_, at) => `${at} ${'x'.repeat(94)}\n`).join('')
    expect(lines.length).toBeGreaterThan(10_000_000)
    const run = rivulet(['connect', url]).pipe(lines)
    expect(await run.exit).toBe(0)
    expect(run.said === lines).toBe(true)
  })

  test('may be one line of 10 MB', async () => {
    const { url } = await echoing()
    const line = `${'x'.repeat(10_000_000)}\n`
    const run = rivulet(['connect', url]).pipe(line)
    expect(await run.exit).toBe(0)
    expect(run.said === line).toBe(true)
  })

  test('waits while the server reads nothing, and is not taken in', async () => {
    const { url, peers } = await wsServing()
    const run = rivulet(['connect', url, '--wait', '0'])
    const { ws } = await peers.next()
    ws.pause()
    let last = ''
    ws.on('message', (data: Buffer) => (last = data.toString()))
    run.pipe(`${'x'.repeat(1_023)}\n`.repeat(40_000) + 'end\n')
    // what TCP, the outbox and the pipe hold; more than the outbox would close with 1013
    await new Promise(resolve => setTimeout(resolve, 1_000))
    expect(run.child.stdin!.writableLength).toBeGreaterThan(20_000_000)
    ws.resume()
    expect(await run.exit).toBe(0)
    expect(last).toBe('end')
  })

  test('that is not UTF-8 ends it, and says so', async () => {
    const { url, peers } = await echoing()
    const run = rivulet(['connect', url]).pipe(Uint8Array.of(0x68, 0xff, 0x0a))
    expect(await run.exit).toBe(1)
    expect(run.noted).toContain('The input is not text in UTF-8; bytes can be sent')
    expect((await (await peers.next()).closed).code).toBe(1011)
  })

  test('is counted where it was not sent', async () => {
    const { url, peers } = await wsServing()
    const run = rivulet(['connect', url])
    const { ws } = await peers.next()
    ws.pause()
    run.pipe('x\n'.repeat(3_000_000))
    ws.resume()
    ws.once('message', () => ws.close(1000))
    expect(await run.exit).toBe(0)
    expect(run.noted).toContain('closed with 1000 by the server\n')
    expect(run.noted).toContain('Not all of the input was sent.\n')
  })
})

describe('--wait', () => {
  test('is forever where messages are counted and nothing else is said', async () => {
    const { url, wss } = await wsServing()
    wss.on('connection', ws => void setTimeout(() => ws.send('at last'), 1_500))
    const [patient, hasty] = [
      rivulet(['connect', url, '--count', '1']).pipe('hi\n'),
      rivulet(['connect', url, '--count', '1', '--wait', '0.1']).pipe('hi\n'),
    ]
    expect(await patient.exit).toBe(0)
    expect(patient.said).toBe('at last\n')
    expect(await hasty.exit).toBe(0)
    expect(hasty.said).toBe('')
  })

  test('counts from what was printed last, and 0 does not wait', async () => {
    const { url, wss } = await wsServing()
    wss.on('connection', ws => {
      let sent = 0
      const timer = setInterval(
        () => ws.send(`${++sent}`, () => sent === 5 && clearInterval(timer)),
        200,
      )
      ws.on('close', () => clearInterval(timer))
    })
    const [patient, hasty] = [
      rivulet(['connect', url, '--wait', '0.5']).pipe(''),
      rivulet(['connect', url, '--wait', '0']).pipe(''),
    ]
    expect(await patient.exit).toBe(0)
    expect(patient.said).toBe('1\n2\n3\n4\n5\n')
    expect(await hasty.exit).toBe(0)
    expect(hasty.said).toBe('')
  })

  test('forever stays until the server closes', async () => {
    const { url, peers } = await wsServing()
    const run = rivulet(['connect', url, '--wait=forever']).pipe('hi')
    const peer = await peers.next()
    expect(await peer.got.next()).toBe('hi')
    // beyond what it waits for by itself
    setTimeout(() => peer.ws.send('late'), 1_500)
    await run.says('late')
    peer.ws.close()
    expect(await run.exit).toBe(0)
    expect(run.noted).toContain('closed with 1005 by the server\n')
  })
})

describe('--json', () => {
  test('prints each state, message and close as an object a line, and nothing else', async () => {
    const { url } = await echoing()
    const run = rivulet(['connect', url, '--json', '--wait', '0']).pipe('"hi"\n')
    expect(await run.exit).toBe(0)
    expect(run.objects).toEqual([
      { type: 'state', state: 'connecting' },
      { type: 'state', state: 'open' },
      // the fence: it came in closing, or before
      ...run.objects.slice(2, 4),
      { type: 'state', state: 'closed' },
      {
        type: 'close',
        code: 1000,
        reason: '',
        wasClean: true,
        by: 'local',
        sent: 1000,
        received: 1000,
      },
    ])
    expect(run.objects.slice(2, 4)).toEqual(
      expect.arrayContaining([
        { type: 'message', text: '"hi"' },
        { type: 'state', state: 'closing' },
      ]),
    )
    expect(run.noted).toBe('')
  })

  test('prints bytes in base64, and why it ended', async () => {
    const { url, peers } = await wsServing()
    const run = rivulet(['connect', url, '-j'])
    const { ws } = await peers.next()
    ws.send(Uint8Array.of(0, 255))
    await run.says('binary')
    ws.terminate()
    expect(await run.exit).toBe(1)
    expect(run.objects.slice(2)).toEqual([
      { type: 'message', binary: 'AP8=' },
      { type: 'state', state: 'closed' },
      {
        type: 'close',
        code: 1006,
        reason: '',
        wasClean: false,
        by: 'network',
        cause: 'The connection was lost without a Close frame (closed with 1006)',
      },
    ])
  })
})

describe('the other options', () => {
  test('--header, --origin and --subprotocol are in the request, and not on the screen', async () => {
    const { url, peers } = await wsServing({ handleProtocols: all => [...all][1] ?? false })
    const run = rivulet([
      ...['connect', url.replace('//', '//ada:pass@') + '/a?token=secret', '-n1'],
      ...[
        '--header',
        'Authorization2: Bearer secret',
        '-H',
        'cookie: a=secret',
        '-H',
        'Cookie:b=2',
      ],
      ...['--origin', 'https://example.org', '--subprotocol', 'one', '-s', 'two'],
    ])
    const { ws, request } = await peers.next()
    expect(request.url).toBe('/a?token=secret')
    expect(request.headers).toMatchObject({
      authorization: `Basic ${Buffer.from('ada:pass').toString('base64')}`,
      authorization2: 'Bearer secret',
      cookie: 'a=secret; b=2',
      origin: 'https://example.org',
      'sec-websocket-protocol': 'one,two',
    })
    ws.send('enough')
    expect(await run.exit).toBe(0)
    expect(run.noted).toContain('open, two\n')
    expect(run.noted + run.said).not.toMatch(/secret|ada|pass/)
  })

  test('--count closes after so many messages', async () => {
    const { url, wss } = await wsServing()
    wss.on('connection', ws => {
      for (const each of ['1', '2', '3']) ws.send(each)
    })
    const run = rivulet(['connect', url, '--count', '2'])
    expect(await run.exit).toBe(0)
    expect(run.said).toBe('1\n2\n')
  })

  test.each([
    ['hex', '00ff10'],
    ['base64', 'AP8Q'],
  ])('--binary %s sends bytes, and prints them', async (form, text) => {
    const { url, peers } = await echoing()
    const run = rivulet(['connect', url, '--binary', form, '-n', '1'])
    run.type(`${text}\n`)
    expect(await run.exit).toBe(0)
    expect(run.said).toBe(`${text}\n`)
    expect(await (await peers.next()).got.next()).toEqual(Buffer.of(0, 255, 16))
  })

  test.each([
    ['hex', '0'],
    ['hex', '0x'],
    ['base64', 'AP8Q='],
    ['base64', 'A'],
  ])('--binary %s does not take %j', async (form, text) => {
    const { url } = await echoing()
    const run = rivulet(['connect', url, '--binary', form]).pipe(`\n${text}\n`)
    expect(await run.exit).toBe(1)
    expect(run.noted).toContain(`Line 2 of the input is not ${form} (closed with 1011`)
  })

  test('--reconnect comes back, and goes on where the input was', async () => {
    const { url, peers } = await wsServing()
    const run = rivulet(['connect', url, '--reconnect', '--json'])
    const first = await peers.next()
    run.type('one\n')
    expect(await first.got.next()).toBe('one')
    first.ws.send('hello')
    await run.says('hello')
    first.ws.terminate()
    await run.says('"closed"')
    run.type('two\n')
    const second = await peers.next()
    expect(await second.got.next()).toBe('two')
    second.ws.close(1000, 'done')
    expect(await run.exit).toBe(0)
    expect(run.objects.map(({ type, state, code, text }) => state ?? code ?? text ?? type)).toEqual(
      [
        ...['connecting', 'open', 'hello', 'closed', 1006, 'waiting'],
        ...['connecting', 'open', 'closed', 1000],
      ],
    )
    expect(run.objects.find(({ state }) => state === 'waiting')).toEqual({
      type: 'state',
      state: 'waiting',
      seconds: expect.any(Number) as number,
    })
  })

  test('--help and --version say what there is', async () => {
    const [help, version] = [rivulet(['--help']), rivulet(['--version'])]
    expect(await help.exit).toBe(0)
    expect(help.said).toMatch(/^rivulet connect <url>\n/)
    // on a terminal of 100 columns
    for (const line of help.said.split('\n')) expect(line.length).toBeLessThan(100)
    expect(await version.exit).toBe(0)
    expect(version.said).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  test.skipIf(!hasOpenssl)(
    'trusts a certificate that NODE_EXTRA_CA_CERTS names, and no other',
    async () => {
      const certificate = selfSigned('a', 'IP:127.0.0.1')
      const { url } = await wsServing({}, certificate)
      const file = join(tmpdir(), `rivulet-${process.pid}.pem`)
      writeFileSync(file, certificate.cert)
      onTestFinished(() => rmSync(file))
      const trusting = rivulet(['connect', url, '-w', '0'], { NODE_EXTRA_CA_CERTS: file }).pipe('')
      expect(await trusting.exit).toBe(0)
      const other = rivulet(['connect', url])
      expect(await other.exit).toBe(1)
      expect(other.noted).toMatch(/The certificate of 127.0.0.1:\d+ is not trusted \(DEPTH_ZERO/)
      expect(other.noted).toContain('NODE_EXTRA_CA_CERTS=<file> names one to trust')
    },
  )
})

describe('signals', () => {
  test.each([
    ['SIGINT', 1000],
    ['SIGTERM', 1001],
    ['SIGHUP', 1001],
  ] as const)('%s closes with %d and exits with 0', async (signal, code) => {
    const { url, peers } = await wsServing()
    const run = rivulet(['connect', url])
    const peer = await peers.next()
    await run.notes('open')
    run.child.kill(signal)
    expect((await peer.closed).code).toBe(code)
    expect(await run.exit).toBe(0)
  })

  test('a second one does not wait for the server', async () => {
    const { url, peers } = await wsServing()
    const run = rivulet(['connect', url])
    const { ws } = await peers.next()
    await run.notes('open')
    ws.pause()
    run.child.kill('SIGINT')
    await run.notes('closing')
    run.child.kill('SIGTERM')
    expect(await run.exit).toBe(143)
  })

  test('one ends a wait for the next attempt', async () => {
    const { url, peers } = await wsServing()
    const run = rivulet(['connect', url, '--reconnect'])
    const { ws } = await peers.next()
    // 1013 is waited for long
    ws.close(1013)
    await run.notes('connecting again in')
    run.child.kill('SIGINT')
    expect(await run.exit).toBe(1)
  })
})

test('closes with 1000 when nobody reads any more what it prints', async () => {
  const { url, wss, peers } = await wsServing()
  wss.on('connection', ws => {
    const timer = setInterval(() => ws.send('tick'), 10)
    ws.on('close', () => clearInterval(timer))
  })
  const command = `"${process.execPath}" "${program}" connect ${url} -w forever | head -n 1`
  const run = new Run(['bash', '-o', 'pipefail', '-c', command])
  expect((await (await peers.next()).closed).code).toBe(1000)
  expect(await run.exit).toBe(0)
  expect(run.said).toBe('tick\n')
})

test('is executable where a package manager makes it so', () => {
  const head = execFileSync('head', ['-n', '1', program], { encoding: 'utf8' })
  expect(head).toBe('#!/usr/bin/env node\n')
})
