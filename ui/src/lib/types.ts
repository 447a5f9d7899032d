/** What the server answers, as its OpenAPI description says it. */

export type Time = string
export interface Page<T> { total: number; offset: number; limit: number; rows: T[] }
export interface May { run: boolean; review: boolean; publish: boolean; identities: boolean; rename: boolean }
export interface Session {
  signed_in: boolean
  mode: 'token' | 'users'
  user: string | null
  role: 'analyst' | 'reviewer' | 'reader' | null
  csrf: string | null
  identities: boolean | null
  may: May | null
  version: string | null
}

export interface CaseBrief {
  case: string; name: string; id: string; created: Time | null
  events: boolean; objects: boolean; counters: boolean
  imports: number; runs: number; latest_run: string | null; jobs_running: number; problem: string | null
}
export interface Cases { folder: string; may_create: boolean; cases: CaseBrief[] }
export type Settings = Record<string, Record<string, unknown>>
export interface CaseFull extends CaseBrief {
  zone: string; identities: boolean; settings: Settings; latest: RunBrief | null
  next: 'data' | 'run' | 'review' | 'publish' | 'done'
}

export interface Refusal { reason: string; rows: number; first: string[] }
export interface Upload { id: string; name: string; bytes: number; time: Time; by: string; state: 'ready' | 'importing' }
export interface Import {
  time: Time; timezone: string; delivered: number; added: number; added_to: Record<string, number>
  inputs: { file: string; bytes: number; sha256: string; format: string; columns: Record<string, string> }[]
  refused: Refusal[]; noted: Refusal[]
}
export interface Data {
  zone: string; upload_at_most: number
  events: null | {
    rows: number; accounts: number; objects: number; pages: number | null; actions: string[]
    first_time: Time | null; last_time: Time | null; with_text: boolean
  }
  objects: null | { rows: number; objects: number }
  counters: null | { rows: number; objects: number }
  imports: Import[]
  uploads: Upload[]
}
export interface Reading {
  format?: string; map?: Record<string, string>; timezone?: string; time_unit?: string
  encoding?: string; rank_order?: string
}
export interface Format { name: string; help: string; certainty: number }
export interface Preview {
  id: string; name: string; kind: string; format: string; holds: string; certainty: number; formats: Format[]
  columns: string[]; mapping: Record<string, string>
  ours: { name: string; needed: boolean; help: string }[]
  rows: (string | null)[][]; masked: string[]; trouble: string | null
}

export interface Field {
  name: string; flag: string; type: 'string' | 'integer' | 'number' | 'boolean' | 'strings'; nullable: boolean
  default: unknown; value: unknown; help: string; unit: string; choices: string[]
}
export interface Section { name: string; title: string; help: string; fields: Field[] }
export interface SettingsForm { sections: Section[]; zones: string[]; formats: Format[] }

export interface RunBrief {
  run: string; created: Time; claqueur: string; calibrated: boolean; compared: boolean; current: boolean
  groups: number; members: number; layers: string[]; events: number; accounts: number; directive_items: number
  findings: number; reviewed: number; accepted: number; seconds: number; settings: Settings; problem: string | null
}
export interface NetworkBrief {
  network: number; layer: string; action: string; window_ms: number | null
  pairs: number; groups: number; accounts: number; name: string
}
export interface RunFull extends RunBrief {
  lines: string[]; zone: string; networks: NetworkBrief[]; set_aside: Refusal[]
  inputs: { file: string; bytes: number; format: string }[]
  versions: Record<string, string>; stages: Record<string, number>; not_registered: string[]
}
export interface Compared {
  runs: RunBrief[]
  settings: { section: string; name: string; values: unknown[]; same: boolean }[]
  results: { name: string; values: (number | null)[] }[]
  overlap: { group: number; size: number; others: { run: string; group: number | null; common: number; jaccard: number }[] }[]
}

export interface Job {
  id: string; case: string; kind: 'import' | 'run' | 'publish' | 'check' | 'report' | 'verify'
  state: 'queued' | 'running' | 'done' | 'failed' | 'cancelled' | 'interrupted'
  by: string; created: Time; started: Time | null; ended: Time | null
  stage: string; done: number; total: number | null; stages: number; notes: string[]
  result: Record<string, unknown> | null; error: { kind: string; message: string } | null
}

export type Verdict = '' | 'accepted' | 'rejected' | 'doubtful'
export type Certainty = 'very strong' | 'strong' | 'clear' | 'weak' | 'not stated'
export interface Group {
  group: number; rank: number; size: number; objects: number; pages: number; episodes: number | null
  pattern: 'sustained' | 'one-off' | 'undated'
  first_time: Time | null; last_time: Time | null; layers: string[]; action: string
  window_ms: number | null; density: number | null; p_value: number | null; q_value: number | null
  certainty: Certainty; text: string; verdict: Verdict; note: string; spark: number[]
}
export interface Groups extends Page<Group> { layers: string[]; patterns: string[] }
export interface Voice {
  comments: number; accounts: number; positive: number | null; negative: number | null
  generic: number | null; fit: number | null
}
export interface Decision { key: string; kind: string; text: string; verdict: Verdict; note: string; user: string; time: Time }
export interface GroupFull extends Group {
  previous: number | null; next: number | null; stability_median: number | null
  layer_p: { timed: number; untimed: number; text: number } | null
  voices: { group: Voice; others: Voice } | null
  pictures: boolean; why: string; sentences: string[]; alternatives: string[]; history: Decision[]
}
export interface Member { member: number; account: string; p_value: number | null; q_value: number | null; stability: number | null; weight: number }
export interface Shared { object: number; id: string; page: string | null; members: number; first_time: Time | null; last_time: Time | null; url: string | null }
interface Picture { available: boolean; why: string }
export interface Matrix extends Picture {
  complete: boolean; accounts: string[]
  objects: { object: number; id: string; members: number; first_ms: number | null }[]
  cells: { member: number[]; object: number[]; time_ms: (number | null)[]; together: (0 | 1)[] }
}
export interface Timeline extends Picture {
  unit: 'hour' | 'day' | 'week'; zone: string; bins_ms: number[]; actions: number[]; members: number[]; objects: number[]
  curves: { object: string; time_ms: number[]; all: number[]; group: number[] }[]
}
export interface Rhythm extends Picture { zone: string; group: number[][]; everybody: number[][] | null }
export interface Coverage extends Picture {
  objects: number; edges: number[]; members: number[]; others: number[]; organic: number[] | null
  features: { feature: string; unit: string; members: number[]; others: number[]; accounts: number }[]
}
export interface Template {
  template: string; frame: string; words: number; comments: number; accounts: number; posts: number
  first_time: Time | null; last_time: Time | null; rarity_bits: number; rare: boolean
}
export interface Comment { member: number; account: string; object: string; time: Time | null; pieces: { text: string; same: boolean }[] }
export interface Evidence {
  member: number; account: string; action: string; object: number; id: string; page: string | null
  time: Time | null; time_min: Time | null; time_max: Time | null; exact: boolean; layer: string
  rank: number | null; poll_time: Time | null; list_count: number | null
}

export interface Meta {
  networks: NetworkBrief[]; network: number; nodes: number; edges: number; seed: number
  groups: {
    group: number[]; size: number[]; x: number[]; y: number[]; radius: number[]; edges: number[]
    layer: number[]; pattern: number[]; certainty: number[]; verdict: number[]
  }
  links: { a: number[]; b: number[]; objects: number[]; accounts: number[]; pairs: number[]; weight: number[] }
  layers: string[]; patterns: string[]; certainties: string[]; verdicts: string[]; bounds: [number, number, number, number]
}
export interface GraphData {
  nodes: number; edges: number; shown_edges: number
  node: { label: string[]; group: number[]; member: number[]; x: number[]; y: number[]; weight: number[] }
  edge: { a: number[]; b: number[]; weight: number[]; layer: number[] }
  layers: string[]
}

export interface Item {
  number: string; text: string; translation: string; issuer: string
  addressed: { kind: string; pages: string[] }[]; action: string[]
  start: string | null; end: string | null; target_pages: string[]; target_posts: string[]; deadlines: string[]
  quota: number | null; quota_of: 'account' | 'institution' | null; quota_per: 'day' | 'week' | 'all' | null
  claimed_total: number | null; topic: string[]; reference: string[]; controls: { pages: string[]; reason: string }[]
}
export interface Cause { name: string; kind: string; first_day: string; last_day: string; pages: string[] }
export interface Record_ {
  format: 1; title: string; language: string; zone: string; items: Item[]; causes: Cause[]
  restricted?: { file: string; sha256: string; found: string; notes: string } | null
}
export interface Registration {
  sha256: string; time: Time; version: number; first_time: Time; stamp: string | null; stamp_time: Time | null
  after_collection: boolean; first_import: Time | null; stamped_late: boolean; reworded: boolean
  changed_since: boolean; remarks: string[]
}
export interface DirectiveBrief {
  name: string; title: string; items: number; state: 'draft' | 'registered' | 'edited' | 'gone'
  problems: number; registration: Registration | null
}
export interface Directives { directives: DirectiveBrief[]; actions: string[]; cause_kinds: string[] }
export interface DirectiveFull extends DirectiveBrief { record: Record_; problems_list: string[]; notes: string[] }
export interface Suggested {
  dates: { day: string; text: string; around: string }[]
  links: { kind: 'page' | 'post' | 'link'; id: string; url: string; around: string }[]
  actions: { action: string; text: string; around: string }[]
  items: { number: string; text: string }[]
}
export interface Effect {
  measure: string; days: string[]; observed: (number | null)[]; controls: (number | null)[]
  expected: (number | null)[]; low: (number | null)[]; high: (number | null)[]
}
export interface Answer {
  key: string; directive: string; title: string; item: string; text: string; translation: string
  answer: string; reason: string | null; why: string | string[] | null
  p_value: number | null; p_adjusted: number | null
  sentences: string[]; effects: Effect[]
}

export interface Finding {
  kind: 'group' | 'directive'; key: string; text: string; group: number | null
  verdict: Verdict; note: string; user: string | null; time: Time | null; decisions: number
}
export interface Review {
  run: string; findings: Finding[]; ready: boolean; current: boolean
  counts: { accepted: number; rejected: number; doubtful: number; open: number }
}
export interface Share { share: number; low: number; high: number; of: number; yes: number }
export interface SampleResult {
  reviewers: string[]; precision: Share; controls: Share; each: Record<string, Share>
  agreement: number; kappa: number | null; unsure: number
}
export interface Sample {
  sample: null | {
    members: number; controls: number; size: number; seed: number; by: string; time: Time
    judged: Record<string, number>; mine: number; complete: boolean
  }
  result: SampleResult | null
}
export type Judgement = '' | 'lockstep' | 'organic' | 'unsure'
export interface Card {
  place: number; actions: number; days: number; objects: number; hours: number[]; weekdays: number[]; company: number[]
  acts: { post: string; time_ms: number | null; company: number }[]; judgement: Judgement
}
export interface Checklist {
  items: { id: string; text: string; done: boolean; note: string; user: string; time: Time | null }[]
  done: number; total: number
}

export interface Package {
  package: string; run: string; time: Time; by: string; digest: string; accepted: number; files: number; bytes: number
  sealed: boolean; recipients: number; gain: number | null; there: boolean
  zip: string; sealed_url: string | null; reports: Record<string, string>
}
export interface Publish {
  ready: boolean; why: string[]; accepted: number; findings: number; languages: string[]; k: number; title: string
  checklist_done: number; checklist_total: number; packages: Package[]
}
export interface Checked {
  allowed: boolean; reasons: string[]; gain: number; upper: number; added: number
  attacks: { adversary: string; pool: string; attack: string; gain: number }[]
  withheld: { what: string; why: string; number: number }[]
  tables: Record<string, number>
}
