import type { Cause, Item, Record_ } from '../../lib/types'

/** An item with nothing said yet. */
export const item = (number: string): Item => ({
  number, text: '', translation: '', issuer: '', addressed: [{ kind: '', pages: [] }], action: [], start: null, end: null,
  target_pages: [], target_posts: [], deadlines: [], quota: null, quota_of: null, quota_per: null, claimed_total: null,
  topic: [], reference: [], controls: [],
})

export const cause = (): Cause => ({ name: '', kind: 'event', first_day: '', last_day: '', pages: [] })

/** A record as the form needs it: every field there, whatever a draft leaves out. */
export function complete(record: Record_): Record_ {
  return {
    ...record,
    title: record.title ?? '', language: record.language ?? '', zone: record.zone ?? '',
    items: (record.items ?? []).map((each, at) => ({
      ...item(String(at + 1)),
      ...each,
      addressed: (each.addressed ?? []).map((to) => ({ ...to, kind: to.kind ?? '', pages: to.pages ?? [] })),
      controls: (each.controls ?? []).map((control) => ({ ...control, pages: control.pages ?? [], reason: control.reason ?? '' })),
    })),
    causes: (record.causes ?? []).map((each) => ({ ...cause(), ...each, pages: each.pages ?? [] })),
  }
}
