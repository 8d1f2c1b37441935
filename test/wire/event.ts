import { type EventEmitter, once } from 'node:events'

/** Waits for an event: its arguments. An `error` in the meantime rejects. */
export function event<Args extends unknown[] = []>(
  emitter: EventEmitter,
  name: string,
): Promise<Args> {
  return once(emitter, name) as Promise<Args>
}
