"""A blinded sample: members and accounts like them, judged by two who do not know which is which.

What is drawn follows from the run, the tables and a seed, which stand in the log of custody with
every judgement; no account does. Only two judgements of everything give a precision: the share of
sampled members whom both take for acting in lockstep, with its Clopper-Pearson interval.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from claqueur import custody
from claqueur.case import Case
from claqueur.chances import chance_interval
from claqueur.errors import CaseError, SettingError
from claqueur.model import FOLLOW, POST
from claqueur.store import Events

LOCKSTEP, ORGANIC, UNSURE = "lockstep", "organic", "unsure"
JUDGEMENTS = (LOCKSTEP, ORGANIC, UNSURE)
REVIEWERS = 2
FEWEST, MOST = 5, 500
NEAR_MS = 600_000
"""Others who act on the same post within so long are company."""
COMPANY = (1, 3, 10, 30)
"""Where the classes of company begin, after none."""
ACTS_SHOWN = 60

I64 = NDArray[np.int64]


@dataclass(frozen=True)
class Sample:
    """What was drawn and what was said of it.

    Attributes
    ----------
    number
        Of the record in the log of custody.
    judged
        Judgements by user and place.
    """

    number: int
    seed: int
    members: int
    controls: int
    user: str
    time: str
    judged: dict[str, dict[int, str]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Cards in all."""
        return self.members + self.controls

    @property
    def through(self) -> list[str]:
        """The first reviewers who have judged everything."""
        return [user for user, own in self.judged.items() if len(own) == self.size][:REVIEWERS]

    @property
    def complete(self) -> bool:
        """Whether two are through; nothing is changed after that."""
        return len(self.through) == REVIEWERS


@dataclass(frozen=True)
class Card:
    """What is seen of one account: when it acted, and in whose company; not who it is."""

    place: int
    actions: int
    days: int
    objects: int
    hours: list[int]
    weekdays: list[int]
    company: list[int]
    acts: list[dict[str, Any]]


def draw(case: Case, run: Path, members: int, user: str = "") -> Sample:
    """Draw a sample of a run's members and as many matched others; written down when it returns.

    Raises
    ------
    SettingError
        If the number of members is out of range.
    CaseError
        If the run has no members, or the case no events.
    """
    if not FEWEST <= members <= MOST:
        raise SettingError(f"members {members}: draw from {FEWEST} to {MOST}")
    seed = secrets.randbelow(1 << 31)
    drawn = _Drawn.of(case, run, seed, members)
    custody.append(
        case.folder, custody.SAMPLED, user=user, run=run.name, seed=seed, asked=members,
        members=int(drawn.member.sum()), controls=int((~drawn.member).sum()),
    )  # fmt: skip
    found = sample(case, run)
    if found is None:
        raise CaseError(f"{run}: the sample was written down and is not there; check the case")
    return found


def sample(case: Case, run: Path) -> Sample | None:
    """The latest sample of a run, with all judgements."""
    entries = custody.entries(case.folder)
    drawn = [e for e in entries if e.kind == custody.SAMPLED and e.facts["run"] == run.name]
    if not drawn:
        return None
    last = drawn[-1]
    judged: dict[str, dict[int, str]] = {}
    for entry in entries:
        if entry.kind == custody.JUDGED and entry.facts["sample"] == last.number:
            own = judged.setdefault(entry.facts["user"], {})
            own[entry.facts["place"]] = entry.facts["judgement"]
    facts = last.facts
    return Sample(
        last.number, facts["seed"], facts["members"], facts["controls"], facts["user"],
        custody.moment(last), judged,
    )  # fmt: skip


def judge(case: Case, run: Path, place: int, judgement: str, user: str = "") -> Sample:
    """Write down what somebody thinks of one card; on the disk when this returns.

    Raises
    ------
    SettingError
        If there is no such card or judgement.
    CaseError
        If there is no sample, or two reviewers are through already.
    """
    found = sample(case, run)
    if found is None:
        raise CaseError(f"{run.name}: has no sample; draw one first")
    if found.complete:
        raise CaseError(
            f"{run.name}: two reviewers are through, so nothing is changed; draw another sample"
        )
    if judgement not in JUDGEMENTS:
        raise SettingError(f"judgement {judgement!r}: use {', '.join(JUDGEMENTS)}")
    if not 0 <= place < found.size:
        raise SettingError(f"card {place}: there are {found.size}, numbered from 0")
    custody.append(
        case.folder, custody.JUDGED, user=user, run=run.name, sample=found.number, place=place,
        judgement=judgement,
    )  # fmt: skip
    found.judged.setdefault(custody.acting_user(user), {})[place] = judgement
    return found


def cards(case: Case, run: Path, found: Sample) -> list[Card]:
    """All cards of a sample."""
    drawn = _drawn(case, run, found)
    zone = case.zone or "UTC"
    return [drawn.card(place, zone) for place in range(len(drawn.account))]


def outcome(case: Case, run: Path, found: Sample) -> dict[str, Any] | None:
    """What two reviewers' judgements come to; None while they are not through."""
    if not found.complete:
        return None
    member = _drawn(case, run, found).member
    said = {user: _said(found.judged[user], found.size) for user in found.through}
    one, other = said.values()
    both = (one == LOCKSTEP) & (other == LOCKSTEP)
    return {
        "reviewers": list(said),
        "precision": _share(both[member]),
        "controls": _share(both[~member]),
        "each": {user: _share((own == LOCKSTEP)[member]) for user, own in said.items()},
        "agreement": float((one == other).mean()),
        "kappa": kappa(one, other),
        "unsure": int(((one == UNSURE) | (other == UNSURE)).sum()),
    }


def kappa(one: NDArray[np.str_], other: NDArray[np.str_]) -> float | None:
    """Cohen's kappa: agreement beyond what chance gives; None where chance alone agrees fully.

    Examples
    --------
    >>> kappa(np.array(["a", "a", "b", "b"]), np.array(["a", "a", "b", "a"]))
    0.5
    """
    by_chance = sum(float((one == each).mean() * (other == each).mean()) for each in set(one))
    if by_chance == 1:
        return None
    return round((float((one == other).mean()) - by_chance) / (1 - by_chance), 6)


def _said(own: Mapping[int, str], size: int) -> NDArray[np.str_]:
    return np.array([own[place] for place in range(size)])


def _share(hit: NDArray[np.bool_]) -> dict[str, Any]:
    if not len(hit):
        return {"share": 0.0, "low": 0.0, "high": 1.0, "of": 0, "yes": 0}
    share, low, high = chance_interval(int(hit.sum()), len(hit))
    return {"share": share, "low": low, "high": high, "of": len(hit), "yes": int(hit.sum())}


def _drawn(case: Case, run: Path, found: Sample) -> _Drawn:
    asked = next(
        entry.facts["asked"]
        for entry in custody.entries(case.folder, custody.SAMPLED)
        if entry.number == found.number
    )
    return _kept(str(case.folder), str(run), found.seed, asked)


@lru_cache(maxsize=4)
def _kept(case: str, run: str, seed: int, asked: int) -> _Drawn:
    from claqueur.case import open_case

    return _Drawn.of(open_case(case), Path(run), seed, asked)


@dataclass(frozen=True)
class _Drawn:
    """Accounts of a sample in the order of their cards.

    Attributes
    ----------
    account : (size,)
        Codes.
    member : (size,)
        Which of them are members.
    acts
        Actions of all of them: ``place``, ``object_id``, ``t_min_ms``, ``company``.
    """

    account: I64
    member: NDArray[np.bool_]
    acts: pl.DataFrame

    @classmethod
    def of(cls, case: Case, run: Path, seed: int, asked: int) -> _Drawn:
        events = case.events()
        if events is None:
            raise CaseError(f"{case.folder}: holds no events, so there is nobody to sample")
        accounts = pl.read_parquet(run / "accounts.parquet")["account_id"].unique().sort()
        known = accounts.filter(accounts.is_in(events.names["account_id"].implode()))
        if known.is_empty():
            raise CaseError(f"{run.name}: has no members, so there is nobody to sample")
        inside = events.names["account_id"].search_sorted(known).to_numpy().astype(np.int64)
        frame = _deeds(events)
        rng = np.random.default_rng(seed)
        members = np.sort(rng.choice(inside, min(asked, len(inside)), replace=False))
        controls = _matched(frame, inside, members, rng)
        order = rng.permutation(len(members) + len(controls))
        account = np.concatenate([members, controls])[order]
        return cls(account, (order < len(members)), _acts(frame, account))

    def card(self, place: int, zone: str) -> Card:
        """What is shown of one of them."""
        own = self.acts.filter(pl.col("place") == place)
        local = pl.col("t_min_ms").cast(pl.Datetime("ms", "UTC")).dt.convert_time_zone(zone)
        dated = own.drop_nulls("t_min_ms").select(
            day=local.dt.date(), hour=local.dt.hour(), weekday=local.dt.weekday() - 1
        )
        steps = np.searchsorted(COMPANY, own["company"].to_numpy(), side="right")
        return Card(
            place, own.height, dated["day"].n_unique(), own["object_id"].n_unique(),
            _counted(dated["hour"], 24), _counted(dated["weekday"], 7),
            np.bincount(steps, minlength=len(COMPANY) + 1).tolist(), _shown(own),
        )  # fmt: skip


def _deeds(events: Events) -> pl.DataFrame:
    """Actions on posts; neither what pages publish nor who follows whom."""
    wanted = [each for each in events.actions if each not in (FOLLOW, POST)]
    return events.of_actions(wanted).select("account_id", "object_id", "t_min_ms")


def _matched(frame: pl.DataFrame, inside: I64, members: I64, rng: np.random.Generator) -> I64:
    """For every sampled member an account in no group that has about as many actions."""
    activity = np.bincount(frame["account_id"].to_numpy())
    outside = np.setdiff1d(np.flatnonzero(activity), inside)
    order = rng.permutation(outside)
    order = order[np.argsort(activity[order], kind="stable")]
    sizes = activity[order]
    free = np.ones(len(order), dtype=bool)
    chosen: list[int] = []
    for size in rng.permutation(_activity(activity, members))[: len(order)]:
        left = np.flatnonzero(free)
        at = left[np.argmin(np.abs(sizes[left] - size))]
        free[at] = False
        chosen.append(int(order[at]))
    return np.array(chosen, np.int64)


def _activity(activity: I64, accounts: I64) -> I64:
    """Actions of accounts; none where a code is beyond all that act."""
    known = accounts < len(activity)
    return np.where(known, activity[np.where(known, accounts, 0)], 0)


def _acts(frame: pl.DataFrame, account: I64) -> pl.DataFrame:
    places = pl.DataFrame({"account_id": account.astype(np.uint32)}).with_row_index("place")
    own = frame.join(places, on="account_id").sort("place", "t_min_ms", "object_id")
    objects = frame["object_id"].to_numpy()
    times = frame["t_min_ms"].fill_null(-1).to_numpy()
    company = [
        _company(objects, times, int(code), at) for code, at in
        own.select("object_id", "t_min_ms").iter_rows()
    ]  # fmt: skip
    return own.with_columns(company=pl.Series(company, dtype=pl.Int64))


def _company(objects: NDArray[np.uint32], times: I64, code: int, at: int | None) -> int:
    """Others on the same post within the time that counts as near."""
    if at is None:
        return 0
    # Of the same type: all events would be converted for each action else.
    low, high = np.searchsorted(objects, np.array([code, code + 1], objects.dtype))
    own = times[low:high]
    begin, end = np.searchsorted(own, [at - NEAR_MS, at + NEAR_MS + 1])
    return max(int(end - begin) - 1, 0)


def _counted(values: pl.Series, many: int) -> list[int]:
    counts: list[int] = np.bincount(values.to_numpy().astype(np.int64), minlength=many).tolist()
    return counts


def _shown(own: pl.DataFrame) -> list[dict[str, Any]]:
    """Some acts, evenly over all of them; posts are numbered anew on every card."""
    step = max(-(-own.height // ACTS_SHOWN), 1)
    few = own.gather_every(step)
    numbers: Sequence[int] = few["object_id"].rank("dense").to_list()
    return [
        {"post": f"post {number}", "time_ms": at, "company": company}
        for number, at, company in zip(numbers, few["t_min_ms"], few["company"], strict=True)
    ]
