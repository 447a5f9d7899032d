/** Every state has an address: /c/CASE/SCREEN/PART?run=…; the back button works by itself. */
import { tick } from 'svelte'

function read() {
  return { path: location.pathname, query: new URLSearchParams(location.search) }
}

let here = $state.raw(read())

const decoded = (part: string) => {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** Where we are. */
export const place = {
  get parts(): string[] {
    return here.path.split('/').filter(Boolean).map(decoded)
  },
  get case(): string {
    return this.parts[0] === 'c' ? (this.parts[1] ?? '') : ''
  },
  get screen(): string {
    return this.parts[0] === 'c' ? (this.parts[2] ?? '') : ''
  },
  get part(): string {
    return this.parts[3] ?? ''
  },
  get run(): string {
    return here.query.get('run') ?? ''
  },
  get path(): string {
    return here.path
  },
  ask(name: string): string {
    return here.query.get(name) ?? ''
  },
  number(name: string, otherwise = 0): number {
    const said = here.query.get(name)
    const value = said === null ? NaN : Number(said)
    return Number.isFinite(value) ? value : otherwise
  },
}

type Asked = Record<string, string | number | null | undefined>

function written(path: string, query: URLSearchParams): string {
  const text = query.toString()
  return path + (text && `?${text}`)
}

/** The address of a screen of this case; the run that is looked at stays. */
export function to(screen: string, asked: Asked = {}, inCase = place.case): string {
  const query = new URLSearchParams()
  if (place.run && inCase === place.case && asked.run === undefined) query.set('run', place.run)
  for (const [name, value] of Object.entries(asked)) if (value !== null && value !== undefined && value !== '') query.set(name, String(value))
  const path = screen.split('/').filter(Boolean).map(encodeURIComponent).join('/')
  return written(`/c/${encodeURIComponent(inCase)}${path && `/${path}`}`, query)
}

/** This address with some of its questions changed. */
export function changed(asked: Asked): string {
  const query = new URLSearchParams(here.query)
  for (const [name, value] of Object.entries(asked))
    if (value === null || value === undefined || value === '') query.delete(name)
    else query.set(name, String(value))
  return written(here.path, query)
}

let guard: (() => boolean) | null = null

/** Ask before a page with unsaved words is left. */
export function holdBack(may: (() => boolean) | null): void {
  guard = may
}

export function go(address: string, { replace = false, top = true } = {}): void {
  const path = address.split('?')[0]
  const moves = path !== here.path
  if (moves && guard && !guard()) return
  if (moves) guard = null
  history[replace ? 'replaceState' : 'pushState']({}, '', address)
  here = read()
  if (moves && top) void arrive()
}

/** A new screen begins at its top, and its heading is read out. */
async function arrive(): Promise<void> {
  scrollTo(0, 0)
  await tick()
  document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true })
}

export function listen(): void {
  addEventListener('popstate', () => {
    if (guard && location.pathname !== here.path) {
      if (!guard()) return history.pushState({}, '', written(here.path, here.query))
      guard = null
    }
    here = read()
  })
  addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    const link = (event.target as Element | null)?.closest<HTMLAnchorElement | SVGAElement>('a[href]')
    const href = link?.getAttribute('href')
    if (!link || !href?.startsWith('/') || href.startsWith('/api/') || link.hasAttribute('download') || link.getAttribute('target')) return
    event.preventDefault()
    go(href)
  })
}
