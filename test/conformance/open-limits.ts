/** Options under which a suite that tries everything is never refused something for its size. */

const most = 2 ** 31 - 1

/** For `serve`, `accept` and `connect` alike. */
export const openLimits = {
  limits: { payload: most, fragments: most },
  // several messages of 16 MiB may wait at a time
  outbox: { bytes: 256 * 2 ** 20, messages: 100_000 },
  inbox: { bytes: 64 * 2 ** 20, pausesWhenBackedUp: true },
  compression: { threshold: 0, serverTakeover: true, clientTakeover: true },
}
