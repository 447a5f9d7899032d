/** What the whole page shares: who is here, which case, which colours. */
import { carry, get, onSignedOut, send } from './api'
import { place } from './router.svelte'
import type { CaseFull, Cases, Session } from './types'

export const room = $state({
  session: null as Session | null,
  cases: null as Cases | null,
  case: null as CaseFull | null,
  /** Read out by screen readers, and shown for a while. */
  said: '',
})

onSignedOut(() => {
  if (room.session) room.session = { ...room.session, signed_in: false }
})

export async function who(): Promise<void> {
  room.session = carry(await get<Session>('session'))
}

export function signedIn(session: Session): void {
  room.session = carry(session)
}

export async function allCases(): Promise<void> {
  room.cases = await get<Cases>('cases')
}

/** The case that is looked at, asked for anew whenever something in it has changed. */
export async function thisCase(): Promise<void> {
  const name = place.case
  if (!name) return
  const found = await get<CaseFull>(`cases/${encodeURIComponent(name)}`)
  if (name === place.case) room.case = found
}

export async function showIdentities(shown: boolean, reason: string): Promise<void> {
  signedIn(await send<Session>('POST', 'session/identities', { case: place.case }, { shown, reason }))
  await thisCase()
}

let silence = 0

export function say(words: string): void {
  room.said = words
  clearTimeout(silence)
  silence = window.setTimeout(() => (room.said = ''), 6000)
}

export const inCase = () => ({ case: place.case })
export const inRun = () => ({ case: place.case, run: place.run })
export const may = (what: 'run' | 'review' | 'publish' | 'identities' | 'rename'): boolean => room.session?.may?.[what] ?? false

export type Theme = 'auto' | 'light' | 'dark'
const THEME = 'claqueur-theme'

function kept(name: string): string {
  try {
    return localStorage.getItem(name) ?? ''
  } catch {
    return ''
  }
}

export function keep(name: string, value: string): void {
  try {
    localStorage.setItem(name, value)
  } catch {
    // A browser that keeps nothing asks again next time.
  }
}

export const look = $state({
  theme: (['light', 'dark'].includes(kept(THEME)) ? kept(THEME) : 'auto') as Theme,
  /** Counts changes of colours, for what is drawn on canvas. */
  colours: 0,
})

export function paint(theme: Theme): void {
  look.theme = theme
  keep(THEME, theme)
  document.documentElement.dataset.theme = theme
  look.colours += 1
}

export function watchColours(): void {
  document.documentElement.dataset.theme = look.theme
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => (look.colours += 1))
}

/** A colour of the style sheet as the browser resolves it in the present mode. */
export function colour(name: string): string {
  const probe = document.createElement('span')
  probe.style.color = `var(--${name})`
  document.body.append(probe)
  const found = getComputedStyle(probe).color
  probe.remove()
  return found
}

export const remembered = kept
