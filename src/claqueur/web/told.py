"""Shapes of answers, for their description; the views give plain values of these shapes."""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel

Plain = dict[str, Any]
Row = TypeVar("Row")


class Page(BaseModel, Generic[Row]):
    """A part of a long list."""

    total: int
    offset: int
    limit: int
    rows: list[Row]


class May(BaseModel):
    """What a session may do."""

    run: bool
    review: bool
    publish: bool
    identities: bool
    rename: bool


class SessionTold(BaseModel):
    """Who is signed in."""

    signed_in: bool
    mode: Literal["token", "users"]
    user: str | None
    role: str | None
    csrf: str | None
    identities: bool | None
    may: May | None
    version: str


class CaseBrief(BaseModel):
    """A case in a list."""

    case: str
    name: str
    id: str
    created: str | None
    events: bool
    objects: bool
    counters: bool
    imports: int
    runs: int
    latest_run: str | None
    jobs_running: int
    problem: str | None


class Cases(BaseModel):
    """All cases."""

    folder: str
    may_create: bool
    cases: list[CaseBrief]


class RunBrief(BaseModel):
    """A run in a list."""

    run: str
    created: str | None
    claqueur: str
    calibrated: bool
    compared: bool
    current: bool
    groups: int
    members: int
    layers: list[str]
    events: int
    accounts: int
    directive_items: int
    findings: int
    reviewed: int
    accepted: int
    seconds: float
    settings: Plain
    problem: str | None


class CaseTold(CaseBrief):
    """A case as a whole."""

    zone: str
    identities: bool
    settings: Plain
    latest: RunBrief | None
    next: str


class LogEntry(BaseModel):
    """A record of the log of custody, in words."""

    n: int
    kind: str
    time: str
    user: str
    what: str


class JobError(BaseModel):
    """Why a job failed."""

    kind: str
    message: str


class Job(BaseModel):
    """Long work."""

    id: str
    case: str
    kind: str
    state: Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]
    by: str
    created: str
    started: str | None
    ended: str | None
    stage: str
    done: int
    total: int | None
    stages: int
    notes: list[str]
    result: Plain | None
    error: JobError | None


class JobList(BaseModel):
    """Jobs, newest first."""

    jobs: list[Job]


class Refusal(BaseModel):
    """Rows that were refused."""

    reason: str
    rows: int
    first: list[str]


class Upload(BaseModel):
    """A file that was dropped."""

    id: str
    name: str
    bytes: int
    time: str
    by: str
    state: Literal["ready", "importing"]


class Input(BaseModel):
    """A file that was brought in."""

    file: str
    bytes: int
    sha256: str
    format: str
    columns: dict[str, str]


class Import(BaseModel):
    """What was brought in at once."""

    time: str
    timezone: str
    delivered: int
    added: int
    added_to: dict[str, int]
    inputs: list[Input]
    refused: list[Refusal]
    noted: list[Refusal]


class Data(BaseModel):
    """What a case holds."""

    zone: str
    upload_at_most: int
    events: Plain | None
    objects: Plain | None
    counters: Plain | None
    imports: list[Import]
    uploads: list[Upload]


class Format(BaseModel):
    """A format of files."""

    name: str
    help: str
    certainty: int


class Ours(BaseModel):
    """A column that may be mapped."""

    name: str
    needed: bool
    help: str


class PreviewTold(BaseModel):
    """What a file seems to be."""

    id: str
    name: str
    kind: str
    format: str
    holds: str
    certainty: int
    formats: list[Format]
    columns: list[str]
    mapping: dict[str, str]
    ours: list[Ours]
    rows: list[list[str | None]]
    masked: list[str]
    trouble: str | None


class Field(BaseModel):
    """A setting."""

    name: str
    flag: str
    type: Literal["string", "integer", "number", "boolean", "strings"]
    nullable: bool
    default: Any
    value: Any
    help: str
    unit: str
    choices: list[str]


class Section(BaseModel):
    """Settings that belong together."""

    name: str
    title: str
    help: str
    fields: list[Field]


class Form(BaseModel):
    """All settings of a run."""

    sections: list[Section]
    zones: list[str]
    formats: list[Format]


class Runs(BaseModel):
    """Runs, newest first."""

    runs: list[RunBrief]


class NetworkTold(BaseModel):
    """A network of a run."""

    network: int
    layer: str
    action: str
    window_ms: int | None
    pairs: int
    groups: int
    accounts: int
    name: str


class RunTold(RunBrief):
    """A run as a whole."""

    lines: list[str]
    zone: str
    networks: list[NetworkTold]
    set_aside: list[Refusal]
    inputs: list[Plain]
    versions: dict[str, str]
    stages: dict[str, float]
    not_registered: list[str]


class Comparison(BaseModel):
    """Runs side by side."""

    runs: list[RunBrief]
    settings: list[Plain]
    results: list[Plain]
    overlap: list[Plain]


class Group(BaseModel):
    """A group in a list."""

    group: int
    rank: int
    size: int
    objects: int
    pages: int
    episodes: int | None
    pattern: str
    first_time: str | None
    last_time: str | None
    layers: list[str]
    action: str
    window_ms: int | None
    density: float | None
    p_value: float | None
    q_value: float | None
    certainty: str
    text: str
    verdict: str
    note: str
    spark: list[int]


class GroupPage(Page[Group]):
    """Groups, and by what they can be chosen."""

    layers: list[str]
    patterns: list[str]


class DecisionTold(BaseModel):
    """A decision; without a verdict it took back the one before."""

    key: str
    kind: str
    text: str
    verdict: str
    note: str
    user: str
    time: str


class GroupTold(Group):
    """A group as a whole."""

    previous: int | None
    next: int | None
    stability_median: float | None
    layer_p: dict[str, int] | None
    voices: dict[str, Plain] | None
    pictures: bool
    why: str
    sentences: list[str]
    alternatives: list[str]
    history: list[DecisionTold]


class Member(BaseModel):
    """A member of a group."""

    member: int
    account: str
    p_value: float | None
    q_value: float | None
    stability: float | None
    weight: int


class Shared(BaseModel):
    """An object that a group shares."""

    object: int
    id: str
    page: str | None
    members: int
    first_time: str | None
    last_time: str | None
    url: str | None


class Picture(BaseModel, extra="allow"):
    """What a picture is drawn from."""

    available: bool
    why: str


class Template(BaseModel):
    """A template of a group's comments."""

    template: str
    frame: str
    words: int
    comments: int
    accounts: int
    posts: int
    first_time: str | None
    last_time: str | None
    rarity_bits: float | None
    rare: bool


class Comment(BaseModel):
    """A comment beside its template."""

    member: int | None
    account: str
    object: str | None
    time: str | None
    pieces: list[Plain]


class Act(BaseModel):
    """An action behind a group."""

    member: int
    account: str
    action: str
    object: int
    id: str
    page: str | None
    time: str | None
    time_min: str | None
    time_max: str | None
    exact: bool
    layer: str
    rank: int | None
    poll_time: str | None
    list_count: int | None


class MetaGraph(BaseModel):
    """Groups and what they have in common."""

    networks: list[NetworkTold]
    network: int
    nodes: int
    edges: int
    seed: int
    groups: dict[str, list[float]]
    links: dict[str, list[float]]
    layers: list[str]
    patterns: list[str]
    certainties: list[str]
    verdicts: list[str]
    bounds: list[float]


class Graph(BaseModel):
    """Accounts and edges."""

    nodes: int
    edges: int
    shown_edges: int
    node: dict[str, list[Any]]
    edge: dict[str, list[float]]
    layers: list[str]


class DirectiveBrief(BaseModel):
    """A directive in a list."""

    name: str
    title: str
    items: int
    state: Literal["draft", "registered", "edited", "gone"]
    problems: int
    registration: Plain | None


class Directives(BaseModel):
    """All directives."""

    directives: list[DirectiveBrief]
    actions: list[str]
    cause_kinds: list[str]


class DirectiveTold(DirectiveBrief):
    """A directive as a whole."""

    record: Plain
    problems_list: list[str]
    notes: list[str]


class Checked(BaseModel):
    """What is wrong with a record, and what it leaves open."""

    problems: list[str]
    notes: list[str]


class Suggested(BaseModel):
    """What minutes seem to name."""

    dates: list[Plain]
    links: list[Plain]
    actions: list[Plain]
    items: list[Plain]


class RegistrationTold(BaseModel, extra="allow"):
    """A registration."""

    sha256: str
    time: str
    version: int


class Answers(BaseModel):
    """Answers on items of directives."""

    items: list[Plain]


class FindingTold(BaseModel):
    """A finding, and what was decided."""

    kind: str
    key: str
    text: str
    group: int | None
    verdict: str
    note: str
    user: str
    time: str
    decisions: int


class Review(BaseModel):
    """All findings of a run."""

    run: str
    findings: list[FindingTold]
    counts: dict[str, int]
    ready: bool
    current: bool


class History(BaseModel):
    """Decisions, oldest first."""

    decisions: list[DecisionTold]


class SampleTold(BaseModel):
    """A blinded sample and how far it is."""

    sample: Plain | None
    result: Plain | None


class CardTold(BaseModel):
    """A card of a blinded sample."""

    place: int
    actions: int
    days: int
    objects: int
    hours: list[int]
    weekdays: list[int]
    company: list[int]
    acts: list[Plain]
    judgement: str


class Judged(BaseModel):
    """How far one is."""

    mine: int
    size: int


class CheckTold(BaseModel):
    """An item of the checklist."""

    id: str
    text: str
    done: bool
    note: str
    user: str
    time: str | None


class Checklist(BaseModel):
    """The right-of-reply checklist."""

    items: list[CheckTold]
    done: int
    total: int


class Package(BaseModel):
    """A package that was published."""

    package: str
    run: str
    time: str
    by: str
    digest: str
    accepted: int
    files: int
    bytes: int
    sealed: bool
    recipients: int
    gain: float | None
    there: bool
    zip: str
    sealed_url: str | None
    reports: dict[str, str]


class Publishing(BaseModel):
    """What is published, and what is still to do."""

    ready: bool
    why: list[str]
    accepted: int
    findings: int
    languages: list[str]
    k: int
    title: str
    checklist_done: int
    checklist_total: int
    packages: list[Package]


class Anything(BaseModel, extra="allow"):
    """An object."""
