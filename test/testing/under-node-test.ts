/** A test file for Node's own runner: `runners.test.ts` runs it in a process of its own. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { interval, map } from 'rxjs'
import { virtualTime } from 'rivulet/testing'

const hello = () => interval(5_000).pipe(map(() => 'hello'))

void test('a run that is as expected passes', () => {
  const { alive } = virtualTime(
    ({ accept, expectStream }) => {
      expectStream(accept(hello).peer.received).toBe('5s h 4999ms h', { h: 'hello' })
    },
    { until: '12s' },
  )
  assert.equal(alive.length, 1)
})

void test('a run that is not is an error that shows the marbles', () => {
  assert.throws(
    () =>
      virtualTime(
        ({ accept, expectStream }) => {
          expectStream(accept(hello).peer.received).toBe('4s h', { h: 'hello' })
        },
        { until: '8s' },
      ),
    /not as expected at 4s[^]*expected {2}──h─[^]*actual {4}──/,
  )
})
