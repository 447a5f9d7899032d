/** Words in the language of the reader, from the one catalogue; numbers and times as they are written there. */
import { catalogue, type Key } from './catalogue'
import { keep, remembered, room } from './state.svelte'

export type Language = 'en' | 'ru'
export const languages: Record<Language, string> = { en: 'English', ru: 'Русский' }
const LANGUAGE = 'claqueur-language'

function first(): Language {
  const said = remembered(LANGUAGE) || navigator.language
  return said.startsWith('ru') ? 'ru' : 'en'
}

let language = $state<Language>(first())

export const speaking = {
  get now(): Language {
    return language
  },
}

export function speak(other: Language): void {
  language = other
  keep(LANGUAGE, other)
  document.documentElement.lang = other
}

const rules = { en: new Intl.PluralRules('en'), ru: new Intl.PluralRules('ru') }
const order = { en: ['one', 'other'], ru: ['one', 'few', 'many'] }

/** A form for each kind of number is parted by "|": two in English, three in Russian. */
function form(text: string, n: number): string {
  const forms = text.split('|')
  if (forms.length === 1) return text
  const at = order[language].indexOf(rules[language].select(n))
  return forms[at < 0 ? forms.length - 1 : at] ?? text
}

export type Values = Record<string, string | number>

export function t(key: Key, values: Values = {}): string {
  const text = catalogue[key][language === 'en' ? 0 : 1]
  const chosen = typeof values.n === 'number' ? form(text, values.n) : text
  return chosen.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name]
    return typeof value === 'number' ? num(value) : (value ?? '')
  })
}

/** A word the server uses as a name, in the reader's language if the catalogue has it. */
export function named(kind: string, word: string): string {
  const key = `${kind}.${word}`
  return key in catalogue ? t(key as Key) : word
}

export function num(value: number, digits = 0): string {
  return new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value)
}

export function percent(share: number, digits = 0): string {
  return new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: digits }).format(share)
}

export function bytes(size: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte']
  const step = size < 1 ? 0 : Math.min(3, Math.floor(Math.log10(size) / 3))
  return new Intl.NumberFormat(language, { style: 'unit', unit: units[step]!, unitDisplay: 'short', maximumFractionDigits: step > 1 ? 1 : 0 }).format(size / 1000 ** step)
}

/** A probability: small ones as a power of ten, none ever as nought. */
export function chance(p: number | null | undefined): string {
  if (p === null || p === undefined) return '–'
  if (p === 0) return '< 10⁻³⁰⁰'
  if (p >= 0.001) return num(p, 3)
  const power = Math.floor(Math.log10(p))
  const raised = String(Math.abs(power)).replace(/\d/g, (d) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(d)]!)
  return `${num(p / 10 ** power, 1)} × 10⁻${raised}`
}

const zone = () => room.case?.zone || 'UTC'

function written(time: string | number, options: Intl.DateTimeFormatOptions, inZone = zone()): string {
  const date = new Date(time)
  if (Number.isNaN(date.getTime())) return String(time)
  try {
    return new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : 'ru', { timeZone: inZone, ...options }).format(date)
  } catch {
    return new Intl.DateTimeFormat(language, { timeZone: 'UTC', ...options }).format(date)
  }
}

const DAY = { year: 'numeric', month: 'short', day: 'numeric' } as const
export const day = (time: string | number | null | undefined): string => (time === null || time === undefined ? '–' : written(time, DAY))
export const plainDay = (date: string): string => written(date, DAY, 'UTC')
export const moment = (time: string | number | null | undefined, seconds = false): string =>
  time === null || time === undefined
    ? '–'
    : written(time, { ...DAY, hour: '2-digit', minute: '2-digit', ...(seconds ? { second: '2-digit' } : {}), hourCycle: 'h23' })

export function span(a: string | null, b: string | null): string {
  const [from, to] = [a, b].map((time) => (time ? new Date(time) : null))
  if (!from || !to) return day(a ?? b)
  return new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : 'ru', { timeZone: zone(), ...DAY }).formatRange(from, to)
}

/** A length of time given in milliseconds. */
export function lasting(ms: number): string {
  const seconds = ms / 1000
  const [value, unit] =
    seconds < 120 ? [seconds, 'second'] : seconds < 7200 ? [seconds / 60, 'minute'] : seconds < 172800 ? [seconds / 3600, 'hour'] : [seconds / 86400, 'day']
  return new Intl.NumberFormat(language, { style: 'unit', unit: unit as string, unitDisplay: 'short', maximumFractionDigits: 1 }).format(value as number)
}

/** Monday first. */
export function weekdays(style: 'short' | 'long' = 'short'): string[] {
  const names = new Intl.DateTimeFormat(language, { weekday: style, timeZone: 'UTC' })
  return [1, 2, 3, 4, 5, 6, 7].map((n) => names.format(Date.UTC(2024, 0, n)))
}

/** How certain a finding is, its number with it. */
export function certain(group: { certainty: string; q_value: number | null }): string {
  return named('certainty', group.certainty)
}
