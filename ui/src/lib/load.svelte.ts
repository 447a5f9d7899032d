/** Ask the server whenever what is asked for changes; an answer that came too late is dropped. */
import { untrack } from 'svelte'
import { Failure, get, send, type Query } from './api'

export interface Loaded<T> {
  readonly data: T | null
  readonly error: Failure | null
  readonly busy: boolean
  again(): void
  put(data: T): void
}

export function asFailure(error: unknown): Failure {
  return error instanceof Failure ? error : new Failure(0, 'Failed', error instanceof Error ? error.message : String(error))
}

/** Where, with which questions, and for a POST with which body; nothing is asked for null. */
export type Asked = [path: string, query: Query] | [path: string, query: Query, body: unknown] | null

/** Asks anew when `ask` says something else; a state that only passes through it changes nothing. */
export function load<T>(ask: () => Asked): Loaded<T> {
  let data = $state.raw<T | null>(null)
  let error = $state.raw<Failure | null>(null)
  let busy = $state(true)
  let turn = $state(0)
  const words = $derived(JSON.stringify(ask()))
  $effect(() => {
    void turn
    const now = JSON.parse(words) as Asked
    const stop = new AbortController()
    untrack(() => {
      const asked = now && (now.length > 2 ? send<T>('POST', now[0], now[1], now[2]) : get<T>(now[0], now[1], stop.signal))
      busy = asked !== null
      asked?.then(
        (found) => {
          if (!stop.signal.aborted) [data, error, busy] = [found, null, false]
        },
        (found: unknown) => {
          if (!stop.signal.aborted) [error, busy] = [asFailure(found), false]
        },
      )
    })
    return () => stop.abort()
  })
  return {
    get data() {
      return data
    },
    get error() {
      return error
    },
    get busy() {
      return busy
    },
    again() {
      turn += 1
    },
    put(found: T) {
      ;[data, error] = [found, null]
    },
  }
}
