"""Pages and their posts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from claqueur.simulation.chance import Floats, Ints, lognormal
from claqueur.simulation.clock import DAY, HOUR, Clock, draw_days, draw_seconds_of_day
from claqueur.simulation.scenario import Scenario
from claqueur.simulation.texts import Texts

WARM_UP_DAYS = 3
"""Days before the span in which pages publish, so that the first feeds are not empty."""


@dataclass(frozen=True)
class Pages:
    """Columns of length P, one row a page, in the order of the scenario's groups.

    Attributes
    ----------
    ids
        Owner ids from ``-1001`` downwards.
    kind
        ``official``, ``institution`` or ``other``.
    group, name
        The group's name; with a number, the page's own; an institution's is its ``institution_id``.
    topic
        Index into the scenario's topics.
    posts_per_day, popularity
        Popularity is relative, heavy-tailed within a group.
    """

    ids: list[str]
    kind: list[str]
    group: list[str]
    name: list[str]
    topic: Ints
    posts_per_day: Floats
    popularity: Floats

    def of_kind(self, kind: str) -> Ints:
        """Indices of the pages of one kind, rising."""
        return np.flatnonzero([own == kind for own in self.kind])

    def of_groups(self, names: tuple[str, ...]) -> Ints:
        """Indices of the pages of some groups, rising."""
        return np.flatnonzero([group in names for group in self.group])


@dataclass(frozen=True)
class Posts:
    """Columns of length N, one row a post, rising in ``created``.

    Attributes
    ----------
    page
        Index into the pages.
    created
        Whole seconds of the world's clock.
    quality
        How much it draws likes, median 1, heavy-tailed.
    text
        Its text.
    """

    page: Ints
    created: Ints
    quality: Floats
    text: list[str]

    def __len__(self) -> int:
        return len(self.created)


def make_pages(scenario: Scenario, rng: np.random.Generator) -> Pages:
    """The pages of a scenario."""
    groups = [group for group in scenario.pages for _ in range(group.count)]
    names = [f"{group.name}-{i + 1}" for group in scenario.pages for i in range(group.count)]
    spread = lognormal(rng, 1, scenario.posting.popularity_sigma, len(groups))
    # The official pages' popularity is the scenario's own choice and not left to chance.
    spread[[group.kind == "official" for group in groups]] = 1
    return Pages(
        ids=[str(-1001 - i) for i in range(len(groups))],
        kind=[group.kind for group in groups],
        group=[group.name for group in groups],
        name=names,
        topic=np.array([scenario.topics.index(group.topic) for group in groups]),
        posts_per_day=np.array([group.posts_per_day for group in groups]),
        popularity=spread * [group.popularity for group in groups],
    )


def pages_about(scenario: Scenario, pages: Pages, topics: tuple[str, ...]) -> Ints:
    """Indices of the pages on some topics, rising."""
    return np.flatnonzero(np.isin(np.array(scenario.topics)[pages.topic], topics))


def ordinary_posts(
    scenario: Scenario, clock: Clock, pages: Pages, texts: Texts, rng: np.random.Generator
) -> Posts:
    """What the pages publish of their own accord, warm-up included, in no order."""
    counts = rng.poisson(pages.posts_per_day * (clock.days + WARM_UP_DAYS))
    page = np.repeat(np.arange(len(counts)), counts)
    seconds = draw_seconds_of_day(rng, scenario.rhythm.page_hours, len(page))
    round_time = rng.random(len(page)) < scenario.posting.round_time_share
    # A scheduler publishes a few seconds after the half hour it was set to.
    scheduled = seconds // (HOUR / 2) * (HOUR / 2) + rng.integers(1, 20, len(page))
    seconds = np.where(round_time, scheduled, seconds)
    weekdays = scenario.rhythm.weekdays
    day = draw_days(rng, clock, weekdays, len(page), before=WARM_UP_DAYS)
    created = day * DAY + seconds
    topics = [scenario.topics[topic] for topic in pages.topic[page]]
    return Posts(
        page=page,
        created=created.astype(np.int64),
        quality=lognormal(rng, 1, scenario.feed.quality_sigma, len(page)),
        text=[texts.post(topic, rng) for topic in topics],
    )


def in_order(parts: list[Posts], scenario: Scenario, clock: Clock, pages: Pages) -> Posts:
    """All posts up to the end of the span by time, with the news shocks in their quality."""
    created = np.concatenate([part.created for part in parts])
    page = np.concatenate([part.page for part in parts])
    text = [line for part in parts for line in part.text]
    quality = np.concatenate([part.quality for part in parts])
    quality = quality * shock_factor(scenario, clock, pages.topic[page], created)
    rows = np.lexsort((page, created))
    rows = rows[created[rows] < clock.end]
    return Posts(page[rows], created[rows], quality[rows], [text[row] for row in rows])


def shock_factor(scenario: Scenario, clock: Clock, topic: Ints, time: Ints) -> Floats:
    """By how much news raise the interest in a topic at a time, one value a row."""
    factor = np.ones(len(topic))
    for shock in scenario.shocks:
        during = (time >= clock.start_of(shock.first_day)) & (
            time < clock.start_of(shock.last_day) + DAY
        )
        factor[during & (topic == scenario.topics.index(shock.topic))] *= shock.factor
    return factor
