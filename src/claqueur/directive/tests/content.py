"""Content: did the addressed institutions publish more about the event, together, and alike?

For items that have institutions publish posts of their own. They are looked at together, at least
three, never one by one. Volume is held against control pages; publishing within the hour, and
similar texts within a day, against the same posts with each page's days moved along: that keeps
every page's hours and its own run of days, and takes away what the pages have in common.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from claqueur.directive.finding import Finding, unavailable
from claqueur.directive.hypothesis import FEWEST_INSTITUTIONS
from claqueur.directive.question import BEYOND_PAGES, Question
from claqueur.directive.tests.aggregates import HOUR_MS, missing_comparison
from claqueur.directive.windows import DAY_MS, Span
from claqueur.kernels.co_action import F64, I64, Bool
from claqueur.nulls.randomisation import LEVEL, POWER
from claqueur.nulls.shifts import shifted_pairs
from claqueur.text import shingles, similar_pairs

NAME = "content"
VOLUME, ABOUT = "posts a day", "posts a day about the event"
TOGETHER = "published within the hour of another institution"
ALIKE = "similar text as another institution's within a day"

SIMILAR = 0.5
"""Jaccard similarity of five-letter shingles from which two texts are called similar."""

MOST_OF_ONE = 0.5
"""No page may have more than this share of the posts of all."""

MOST_POSTS = 5_000
ADEQUATE_RATIO, ADEQUATE_PAIRS = 1.6, 3.0

MOVED = (
    "that each institution publishes at its own hours and on its own run of days, with days moved "
    "along within the window independently of the others'"
)


@dataclass(frozen=True)
class Content:
    """Volume, near-simultaneity and shared text of institutions' own posts."""

    name: str = NAME
    order: int = 15
    help: str = "institutions' own posts: volume, near-simultaneity, shared text"

    def findings(self, question: Question) -> Sequence[Finding]:
        """Empty where the item asks for no posts."""
        if not question.item.publishes:
            return []
        measures = [VOLUME, TOGETHER, ALIKE]
        if why := _not_pooled(question):
            return [unavailable(self.name, measure, why) for measure in measures]
        volume = _volume(question, VOLUME, np.ones(len(question.created), bool), counts=True)
        about = _about(question)
        return [volume, *([about] if about else []), *_coincidences(question)]


def _not_pooled(question: Question) -> str:
    """Why the institutions cannot be looked at together."""
    known = len(question.targets)
    if known < FEWEST_INSTITUTIONS:
        return (
            f"at least {FEWEST_INSTITUTIONS} pages of addressed institutions are pooled, so that "
            f"none is looked at alone, and {known} were collected"
        )
    after = _after(question)
    each = np.bincount(question.page[after])
    if not len(after):
        return f"they published nothing in the days after {question.item.start}"
    if each.max() > MOST_OF_ONE * len(after):
        return "one institution has most of the posts, so pooling would not hide it"
    return ""


def _after(question: Question) -> I64:
    """Posts of the institutions after the date, by time."""
    return _own(question, question.windows.order.after)


def _own(question: Question, span: Span) -> I64:
    inside = span.holds(question.created) & question.usable
    own = np.flatnonzero(inside & np.isin(question.page, question.targets))
    return own[np.argsort(question.created[own], kind="stable")]


def _about(question: Question) -> Finding | None:
    """The same of posts whose text has a word of the topic."""
    words = question.item.topic
    if not words:
        return None
    text = question.data.posts["text"].fill_null("").str.to_lowercase()
    hit = np.zeros(len(text), bool)
    for word in words:
        hit |= text.str.contains(word.lower(), literal=True).to_numpy()
    return _volume(question, ABOUT, hit, counts=True)


def _volume(question: Question, measure: str, chosen: Bool, *, counts: bool) -> Finding:
    """Posts a day of all institutions beyond control pages."""
    if why := missing_comparison(question):
        return unavailable(NAME, measure, why)
    page, moment, value = _daily(question, chosen)
    found = question.beyond(page, moment, value)
    if found is None:
        return unavailable(NAME, measure, "too few days or control pages")
    before, after = _rates(question, chosen)
    visible = None
    if found.visible is not None:
        # On the scale of square roots of daily counts, from the rate there was before.
        visible = _root_ratio(before, found.visible)
    return Finding(
        test=NAME,
        measure=measure,
        statistic="difference-in-differences of square roots of daily counts, studentised",
        value=found.statistic,
        effect=_root_ratio(before, found.effect),
        unit="ratio",
        low=_root_ratio(before, found.low),
        high=_root_ratio(before, found.high),
        level=found.level,
        p_value=found.p_value,
        null=BEYOND_PAGES,
        page_p=found.page_p,
        visible=visible,
        adequate=visible is not None and visible <= ADEQUATE_RATIO,
        counts=counts,
        explained_by=question.explained(by_interest=True),
        controls=tuple(_root_ratio(before, change) or 0.0 for change in found.controls),
        numbers={
            "institutions": len(question.targets),
            "control_pages": len(found.controls),
            "posts_a_day_before": before,
            "posts_a_day_after": after,
            "before_p": found.before_p,
            "smallest_p": found.smallest_p,
        },
    )


def _root_ratio(rate: float, change: float) -> float | None:
    """Ratio of rates that a change of square roots means."""
    if not rate or not math.isfinite(change):
        return None
    root = math.sqrt(rate)
    return (max(root + change, 0.0) / root) ** 2


def _daily(question: Question, chosen: Bool) -> tuple[I64, I64, F64]:
    """Square root of the number of posts of every page on every day, days without one too."""
    windows = question.windows
    begin = windows.order.before.begin_ms
    days = -(-(windows.order.after.end_ms - begin) // DAY_MS)
    pages = np.concatenate([question.targets, question.controls])
    day = (question.created - begin) // DAY_MS
    inside = chosen & (day >= 0) & (day < days) & np.isin(question.page, pages)
    count = np.zeros((len(question.data.pages), days))
    np.add.at(count, (question.page[inside], day[inside]), 1)
    page, number = np.meshgrid(pages, np.arange(days), indexing="ij")
    moment = begin + number.ravel() * DAY_MS + DAY_MS // 2
    # Anscombe: the variance of a Poisson count's root hardly depends on its mean.
    value = np.sqrt(count[page.ravel(), number.ravel()] + 0.375)
    return page.ravel(), moment, value


def _rates(question: Question, chosen: Bool) -> tuple[float, float]:
    """Posts a day of one institution, before and after."""
    order = question.windows.order
    rates = []
    for span in (order.before, order.after):
        posts = _own(question, span)
        days = max(span.days, 1e-9) * len(question.targets)
        rates.append(float(chosen[posts].sum()) / days)
    return rates[0], rates[1]


def _coincidences(question: Question) -> list[Finding]:
    """Posts of different institutions close in time, and close in time and text."""
    after = _after(question)
    if len(after) > MOST_POSTS:
        many = f"{len(after):,} posts are too many to compare with each other"
        return [unavailable(NAME, measure, many) for measure in (TOGETHER, ALIKE)]
    every = np.ones((len(after), len(after)), bool)
    found = [_moved(question, after, TOGETHER, HOUR_MS, every)]
    text = question.data.posts["text"].gather(after)
    if text.null_count() == len(text):
        return [*found, unavailable(NAME, ALIKE, "no text of theirs was collected")]
    alike = similar_pairs([shingles(each) for each in text.fill_null("")], SIMILAR)
    return [*found, _moved(question, after, ALIKE, DAY_MS, alike)]


def _moved(question: Question, posts: I64, measure: str, reach_ms: int, paired: Bool) -> Finding:
    """Pairs of posts of different pages within a reach, and with each page's days moved along."""
    span = question.windows.order.after
    days = round(span.days)
    moment = question.created[posts] - span.begin_ms
    if days < 2:
        return unavailable(NAME, measure, "the window has a single day, and days cannot be moved")
    observed, drawn = shifted_pairs(
        question.page[posts], moment, paired, reach_ms, days, question.seed
    )
    expected = float(drawn.mean())
    before = _own(question, question.windows.order.before)
    seen = float(np.quantile(drawn, 1 - LEVEL) + norm.ppf(POWER) * drawn.std())
    visible = (seen + 0.5) / (expected + 0.5)
    return Finding(
        test=NAME,
        measure=measure,
        statistic="pairs of posts of different institutions",
        value=float(observed),
        effect=(observed + 0.5) / (expected + 0.5),
        unit="ratio",
        p_value=float((1 + (drawn >= observed).sum()) / (1 + len(drawn))),
        null=MOVED,
        visible=visible,
        adequate=visible <= ADEQUATE_PAIRS,
        explained_by=question.explained(by_interest=False),
        numbers={
            "pairs": observed,
            "pairs_expected": expected,
            "posts_after": len(posts),
            "posts_before": len(before),
            "institutions": len(question.targets),
        },
        remarks=("prepared press texts, a common calendar and shared feeds do the same",),
    )


TEST = Content()
