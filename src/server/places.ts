/** Places: how many may be here, in all and from one address. */

import { networkOf } from './network.js'
import type { Refusal } from './upgrade.js'

export class Places {
  readonly #most: number
  readonly #mostOfOne: number | undefined
  readonly #taken = new Map<string, number>()
  #count = 0

  constructor(most: number, mostOfOne: number | undefined) {
    this.#most = most
    this.#mostOfOne = mostOfOne
  }

  /** Takes a place, or says why there is none. */
  take(address: string | undefined): Refusal | Place {
    if (this.#count >= this.#most) return full(503, 'Too many connections')
    const network = this.#mostOfOne === undefined ? '' : networkOf(address)
    const taken = this.#taken.get(network) ?? 0
    if (this.#mostOfOne !== undefined) {
      if (taken >= this.#mostOfOne) return full(429, 'Too many connections from your address')
      this.#taken.set(network, taken + 1)
    }
    this.#count++
    return new Place(this, network)
  }

  /** One of this network has left. */
  left(network: string): void {
    this.#count--
    const left = (this.#taken.get(network) ?? 0) - 1
    if (left > 0) this.#taken.set(network, left)
    else this.#taken.delete(network)
  }
}

export class Place {
  // until it is given back
  #of: Places | undefined
  readonly #network: string

  constructor(of: Places, network: string) {
    this.#of = of
    this.#network = network
  }

  /** Gives it back; once. */
  leave(): void {
    const of = this.#of
    this.#of = undefined
    of?.left(this.#network)
  }
}

function full(status: 429 | 503, message: string): Refusal {
  return { status, message, headers: { 'Retry-After': '30' } }
}
