"""What an adversary knows without the release: public lists, Claqueur itself, some members.

Everybody who acted on the groups' pages is a candidate. Four adversaries rank them:

- one who runs Claqueur's own test on the lists of likers, without any time, and counts how much
  everybody did, in how many weeks;
- one who besides learns from those it confirms what members look like, and looks for more;
- one who knows a fifth of the members, as those who gave an order know their own staff, and learns
  from them;
- one with polls worse than the newsroom's, which gave most members, and a few others with them.

What they see is weighed, and turned into chances, with the truth at hand. Nobody can judge their
own evidence that well, so what they know without the release is never made too little. Somebody
with polls as good as the newsroom's finds the groups as the newsroom did, and gains nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from claqueur.groups.engage import confirm_untimed
from claqueur.groups.untimed import incidence_of
from claqueur.kernels.co_action import F64, I64, Bool
from claqueur.progress import SILENT, Progress
from claqueur.publish.release.attack.newton import least
from claqueur.publish.release.populations import Populations
from claqueur.publish.release.schema import WORKING
from claqueur.store import Events

MOST_CANDIDATES = 20_000
"""Candidates beside the members; of more a part is drawn."""

KNOWN_SHARE = 0.2
"""Members whom the third adversary knows."""

COUNTED = 3
"""What every adversary looks at: the test's evidence, how much somebody did, in how many weeks."""

DRAWS = 3
"""How often these are drawn anew."""

FEWEST_TO_LEARN = 5
HIGHEST_LOG_E, LOWEST_LOG_E = 12.0, -6.0
"""Evidence beyond which accounts are equally sure, and that of who cannot be tested."""

NAMED_SHARE, NAMED_WRONGLY = 0.85, 0.05
"""Members whom the fourth names, and the share of others among those it names."""

LISTS, LEARNED, KNOWN, POLLS = (
    "Claqueur on lists of likers",
    "the same, and what it found learned from",
    "a fifth of the members known",
    "polls of their own that gave most members",
)


@dataclass(frozen=True)
class Candidates:
    """Accounts that might be members, and who is.

    Attributes
    ----------
    accounts : (n,) int64
        Codes, rising.
    group : (n,) int64
        Number of the public group of each, 0 for none.
    """

    accounts: I64
    group: I64

    @property
    def member(self) -> Bool:
        """Who is a member, (n,) bool."""
        found: Bool = self.group > 0
        return found

    def places(self, accounts: pl.Series) -> I64:
        """Places of accounts, -1 for those who are none."""
        codes = accounts.to_numpy()
        if not len(self.accounts):
            return np.full(len(codes), -1)
        at = np.searchsorted(self.accounts, codes).clip(0, len(self.accounts) - 1)
        return np.where(self.accounts[at] == codes, at, -1)


@dataclass(frozen=True)
class Adversary:
    """Somebody's log-odds for every candidate, and whom they know already.

    Attributes
    ----------
    log_odds : (n,) float64
    known : (n,) bool
        Members they know; nothing is to be gained there.
    """

    name: str
    log_odds: F64
    known: Bool


def candidates(
    people: Populations, members: dict[int, I64], pages: list[int], seed: int = 1
) -> Candidates:
    """Members, and everybody else who acted on their pages; at most so many others.

    Parameters
    ----------
    members
        Codes of accounts by public group.
    """
    acting = people.on(pages)["account"].unique().sort().to_numpy()
    ours = np.concatenate([np.empty(0, np.int64), *members.values()])
    others = np.setdiff1d(acting, ours)
    if len(others) > MOST_CANDIDATES:
        rng = np.random.default_rng([seed, 61])
        others = rng.choice(others, MOST_CANDIDATES, replace=False)
    accounts = np.unique(np.concatenate([ours, others]))
    group = np.zeros(len(accounts), np.int64)
    for number, codes in members.items():
        group[np.isin(accounts, codes)] = number
    return Candidates(accounts, group)


def adversaries(
    events: Events,
    people: Populations,
    who: Candidates,
    pages: list[int],
    seed: int = 1,
    progress: Progress = SILENT,
) -> list[Adversary]:
    """All of them."""
    log_e, confirmed = own_test(events, people, who, pages, seed, progress)
    looks = np.column_stack([log_e, features(people, who, pages)])
    nobody = np.zeros(len(who.accounts), bool)
    found = [Adversary(LISTS, calibrated(looks[:, :COUNTED], who.member), nobody)]
    if confirmed.sum() >= FEWEST_TO_LEARN:
        found.append(Adversary(LEARNED, _learning(looks, confirmed, who.member), nobody))
    for draw in range(DRAWS):
        found.append(_knowing(looks, who, [seed, 62, draw]))
        found.append(_polling(looks, who, [seed, 63, draw]))
    return found


def _learning(looks: F64, label: Bool, member: Bool, among: Bool | None = None) -> F64:
    """Log-odds of somebody who learns from some accounts what members look like."""
    learned = logistic(looks, label)
    return calibrated(np.column_stack([looks[:, :COUNTED], learned]), member, among)


def _knowing(looks: F64, who: Candidates, seed: list[int]) -> Adversary:
    """Somebody who knows some members, drawn at random, and learns from them."""
    members = np.flatnonzero(who.member)
    some = max(round(KNOWN_SHARE * len(members)), 1)
    known = np.zeros(len(who.accounts), bool)
    known[np.random.default_rng(seed).choice(members, some, replace=False)] = True
    return Adversary(KNOWN, _learning(looks, known, who.member, ~known), known)


def _polling(looks: F64, who: Candidates, seed: list[int]) -> Adversary:
    """Somebody whose own polls gave most members, and some others who look like them."""
    rng = np.random.default_rng(seed)
    named = who.member & (rng.random(len(who.accounts)) < NAMED_SHARE)
    others = np.flatnonzero(~who.member)
    wrong = min(round(NAMED_WRONGLY / (1 - NAMED_WRONGLY) * named.sum()), len(others))
    active = np.exp(looks[others, 1])
    named[rng.choice(others, wrong, replace=False, p=active / active.sum())] = True
    seen = np.column_stack([looks[:, :COUNTED], named])
    return Adversary(POLLS, calibrated(seen, who.member), named & False)


def own_test(
    events: Events,
    people: Populations,
    who: Candidates,
    pages: list[int],
    seed: int,
    progress: Progress,
) -> tuple[F64, Bool]:
    """Evidence of Claqueur's test without times for every candidate, and whom it confirms."""
    frame = events.frame.filter(pl.col("account_id").cast(pl.Int64).is_in(who.accounts.tolist()))
    if "owner_id" in frame.columns:
        page = pl.col("owner_id").cast(pl.Int64).fill_null(-1)
        frame = frame.filter(page.is_in(pages))
    posts = people.acts["object"].unique()
    frame = frame.filter(pl.col("object_id").cast(pl.Int64).is_in(posts.implode()))
    likes = incidence_of(frame, events)
    found = confirm_untimed(likes, seed, progress)
    log_e = found.all_log_e[who.accounts]
    log_e = np.clip(np.where(np.isnan(log_e), LOWEST_LOG_E, log_e), LOWEST_LOG_E, HIGHEST_LOG_E)
    return log_e, np.isin(who.accounts, found.accounts)


def features(people: Populations, who: Candidates, pages: list[int]) -> F64:
    """What can be seen of every candidate on the pages: how much, in how many weeks, which, when.

    Returns
    -------
    (n, m) float64; the first two columns are the logarithm of actions, and weeks.
    """
    acts = people.on(pages)
    acts = acts.with_columns(place=pl.Series(who.places(acts["account"]))).filter(
        pl.col("place") >= 0
    )
    n, place = len(who.accounts), acts["place"].to_numpy()
    total = np.bincount(place, minlength=n).astype(float)
    columns = [np.log1p(total), np.zeros(n)]
    weeks = acts["week"].drop_nulls().unique().sort()
    by_week = [
        np.bincount(place[(acts["week"] == week).fill_null(False).to_numpy()], minlength=n)
        for week in weeks
    ]
    if by_week:
        active = np.column_stack(by_week) > 0
        columns[1] = active.sum(axis=1)
        columns += [*active.T, *np.log1p(np.column_stack(by_week)).T]
    working = np.bincount(place[(acts["part"] == WORKING).fill_null(False).to_numpy()], minlength=n)
    spoken = np.bincount(place[acts["text"].is_not_null().to_numpy()], minlength=n)
    columns += [working / np.maximum(total, 1), np.log1p(spoken)]
    return np.column_stack(columns).astype(float)


def logistic(looks: F64, label: Bool, penalty: float = 1.0) -> F64:
    """Log-odds of a label by ridge logistic regression, (n,) float64.

    Parameters
    ----------
    looks : (n, m) float64
    label : (n,) bool
    """
    spread = looks.std(axis=0)
    scaled = (looks - looks.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    sign = np.where(label, 1.0, -1.0)
    width = scaled.shape[1]

    padded = np.column_stack([scaled, np.ones(len(scaled))])
    shrinking = np.append(np.full(width, penalty), 0.0)

    def loss(weights: F64) -> tuple[float, F64, F64]:
        margin = sign * (padded @ weights)
        wrong = 1 / (1 + np.exp(np.clip(margin, -500, 500)))
        slope = -padded.T @ (sign * wrong) + shrinking * weights
        curve = (padded * (wrong * (1 - wrong))[:, None]).T @ padded + np.diag(shrinking)
        value = np.logaddexp(0, -margin).sum() + (shrinking * weights**2).sum() / 2
        return float(value), slope, curve

    log_odds: F64 = padded @ least(loss, width + 1)
    return log_odds


def calibrated(looks: F64, member: Bool, among: Bool | None = None) -> F64:
    """Log-odds that are right on the whole, with the truth at hand."""
    chosen = np.ones(len(member), bool) if among is None else among
    found = np.full(len(member), 50.0)
    found[chosen] = logistic(looks[chosen], member[chosen], penalty=0.1)
    return found
