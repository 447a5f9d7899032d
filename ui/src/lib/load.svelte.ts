/** Ask the server whenever what is asked for changes; an answer that came too late is dropped. */
import { untrack } from 'svelte'
import { Failure } from './api'

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

/** `ask` is followed like any other effect: what it reads before its first `await` is asked for anew. */
export function load<T>(ask: (signal: AbortSignal) => Promise<T> | null): Loaded<T> {
  let data = $state.raw<T | null>(null)
  let error = $state.raw<Failure | null>(null)
  let busy = $state(true)
  let turn = $state(0)
  $effect(() => {
    void turn
    const stop = new AbortController()
    const asked = ask(stop.signal)
    untrack(() => {
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
