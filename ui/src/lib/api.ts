/** Talks to the server: one function a verb, one kind of error. */
import type { Session } from './types'

export interface Trouble { where: string; message: string }

/** What went wrong, in the server's words: what, where, and what next. */
export class Failure extends Error {
  constructor(
    readonly status: number,
    readonly kind: string,
    message: string,
    readonly fields: Trouble[] = [],
  ) {
    super(message)
  }
}

export type Query = Record<string, string | number | boolean | null | undefined>

let csrf = 'login'
let signedOut: () => void = () => {}

/** Remember the session's token; every request that changes something carries it. */
export function carry(session: Session): Session {
  csrf = session.csrf ?? 'login'
  return session
}

export function onSignedOut(then: () => void): void {
  signedOut = then
}

export function address(path: string, query: Query = {}): string {
  const asked = new URLSearchParams()
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== null && value !== '') asked.set(name, String(value))
  const text = asked.toString()
  return `/api/${path}${text && `?${text}`}`
}

async function answer<T>(response: Response, path: string): Promise<T> {
  if (response.status === 204) return undefined as T
  const text = await response.text()
  let body: { error?: { kind: string; message: string; fields?: Trouble[] } } | undefined
  try {
    body = JSON.parse(text)
  } catch {
    body = undefined
  }
  if (response.ok && body !== undefined) return body as T
  if (response.status === 401 && path !== 'session') signedOut()
  const said = body?.error
  throw new Failure(response.status, said?.kind ?? 'Failed', said?.message ?? `${response.status} ${response.statusText}`, said?.fields)
}

async function ask<T>(method: string, path: string, query: Query, init: RequestInit): Promise<T> {
  let response: Response
  try {
    response = await fetch(address(path, query), { method, credentials: 'same-origin', ...init })
  } catch (error) {
    if (init.signal?.aborted) throw error
    throw new Failure(0, 'Offline', '')
  }
  return answer<T>(response, path)
}

export const get = <T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> =>
  ask<T>('GET', path, query, signal ? { signal } : {})

export const send = <T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, query: Query = {}, body?: unknown): Promise<T> =>
  ask<T>(method, path, query, {
    headers: { 'X-Claqueur-CSRF': csrf, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })

/** Send a file as it is; `XMLHttpRequest`, because `fetch` does not say how far it has got. */
export function upload<T>(path: string, query: Query, file: File, progress: (share: number) => void): { done: Promise<T>; stop: () => void } {
  const request = new XMLHttpRequest()
  const done = new Promise<T>((resolve, reject) => {
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total)
    request.onerror = () => reject(new Failure(0, 'Offline', ''))
    request.onabort = () => reject(new Failure(0, 'Stopped', ''))
    request.onload = () => {
      const response = new Response(request.status === 204 ? null : request.responseText, { status: request.status || 500 })
      answer<T>(response, path).then(resolve, reject)
    }
    request.open('POST', address(path, query))
    request.setRequestHeader('X-Claqueur-CSRF', csrf)
    request.setRequestHeader('Content-Type', 'application/octet-stream')
    request.send(file)
  })
  return { done, stop: () => request.abort() }
}
