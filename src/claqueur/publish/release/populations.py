"""Who acted where, and who follows whom: the populations that anybody can identify.

The lists of likers, of comments and of followers are public. So every set of accounts that follows
from them by a rule (who acted on a page in a week, who follows an institution, who used certain
words) can be named by anybody, and what a group has to do with such a set must be watched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from claqueur.directive.hypothesis import Directive
from claqueur.directive.targets import publishes
from claqueur.kernels.co_action import I64
from claqueur.model import FOLLOW, POST, TIME
from claqueur.publish.release.schema import OTHER, WEEKEND, WORKING
from claqueur.store import Events

NO_PAGE = -1
"""Page of what stands on none that is known."""

WEEK_KNOWN_MS = 2 * 86_400_000
PART_KNOWN_MS = 3_600_000
"""Longest intervals within which an action is counted in a week, and in a part of the week."""

HIGHEST, LOWEST = 0.8, 0.2
"""A group is not set against a population of which it covers more, or less."""

ACTS = pl.Schema(
    {
        "account": pl.Int64(),
        "object": pl.Int64(),
        "page": pl.Int64(),
        "week": pl.Date(),
        "part": pl.String(),
        "text": pl.String(),
    }
)
"""One row: an action of an account on somebody's object; codes, and the Monday of its week."""


@dataclass(frozen=True)
class Populations:
    """What is public about all accounts of a case.

    Attributes
    ----------
    acts
        Actions of accounts (``ACTS``).
    follows
        ``account`` and ``page``: who is known to follow which page.
    accounts, objects, pages
        Ids by code.
    institutions
        Codes of the pages of institutions that documents address.
    zone
        Of weeks and hours.
    """

    acts: pl.DataFrame
    follows: pl.DataFrame
    accounts: pl.Series
    objects: pl.Series
    pages: pl.Series
    institutions: tuple[int, ...]
    zone: str

    def codes(self, account_ids: pl.Series) -> I64:
        """Codes of accounts, rising, each once; those of whom nothing is known are left out."""
        known = self.accounts.is_in(account_ids.unique().implode()).arg_true()
        return known.to_numpy().astype(np.int64)

    def on(self, pages: Sequence[int]) -> pl.DataFrame:
        """Actions on some pages."""
        return self.acts.filter(pl.col("page").is_in(list(pages)))

    def followers(self, page: int) -> I64:
        """Accounts that follow a page."""
        own = self.follows.filter(pl.col("page") == page)["account"].unique().sort()
        return own.to_numpy()

    @cached_property
    def follow_counts(self) -> dict[int, int]:
        """Followers of every page."""
        return dict(self.follows.group_by("page").agg(pl.col("account").n_unique()).iter_rows())

    @cached_property
    def known_followers(self) -> int:
        """Accounts of which any follow is known."""
        return self.follows["account"].n_unique()


def covers(members: I64, population: I64) -> float:
    """Which share of a population a group is; 0 of an empty one."""
    if not len(population):
        return 0.0
    return float(np.isin(population, members).mean())


def populations_of(
    events: Events | None, zone: str, directives: Iterable[Directive] = ()
) -> Populations:
    """Lay out a case's events.

    Parameters
    ----------
    directives
        Registered documents, whose institutions are never shown one by one.
    """
    zone = ZoneInfo(zone or "UTC").key
    if events is None:
        none = pl.Series([], dtype=pl.String)
        return Populations(ACTS.to_frame(), _FOLLOWS.to_frame(), none, none, none, (), zone)
    frame = events.frame
    pages = events.names.get("owner_id", pl.Series([], dtype=pl.String))
    action = _decoded(events, "action")
    own = publishes(events, frame) if len(pages) else pl.repeat(False, frame.height, eager=True)
    acted = ~own & (action != FOLLOW) & (action != POST)
    named = {page for each in directives for item in each.items for page in item.institution_pages}
    known = pages.is_in(pl.Series(sorted(named), dtype=pl.String).implode()).arg_true()
    return Populations(
        acts=_acts(frame.filter(acted), zone),
        follows=_follows(events, frame.filter(action == FOLLOW)),
        accounts=events.names["account_id"],
        objects=events.names["object_id"],
        pages=pages,
        institutions=tuple(known.to_list()),
        zone=zone,
    )


_FOLLOWS = pl.Schema({"account": pl.Int64(), "page": pl.Int64()})


def _decoded(events: Events, name: str) -> pl.Series:
    if name not in events.names:
        return pl.repeat("", len(events), dtype=pl.String, eager=True)
    return events.names[name].gather(events.frame[name]).fill_null("")


def _acts(frame: pl.DataFrame, zone: str) -> pl.DataFrame:
    local = pl.col("t_min_ms").cast(TIME).dt.convert_time_zone(zone)
    width = pl.col("t_max_ms") - pl.col("t_min_ms")
    hour, weekday = local.dt.hour(), local.dt.weekday()
    part = (
        pl.when(weekday > 5)
        .then(pl.lit(WEEKEND))
        .when((hour >= 9) & (hour < 18))
        .then(pl.lit(WORKING))
        .otherwise(pl.lit(OTHER))
    )
    has = frame.columns
    return frame.select(
        account=pl.col("account_id"),
        object="object_id",
        page=pl.col("owner_id").cast(pl.Int64).fill_null(NO_PAGE) if "owner_id" in has else NO_PAGE,
        week=pl.when(width <= WEEK_KNOWN_MS).then(local.dt.truncate("1w").dt.date()),
        part=pl.when(width <= PART_KNOWN_MS).then(part),
        text=pl.col("text") if "text" in has else pl.lit(None),
    ).cast(dict(ACTS))  # type: ignore[arg-type]


def _follows(events: Events, frame: pl.DataFrame) -> pl.DataFrame:
    """Follows with the page followed as a code of pages; its object is the page."""
    pages = events.names.get("owner_id", pl.Series([], dtype=pl.String))
    at = pl.DataFrame({"id": pages, "page": np.arange(len(pages), dtype=np.int64)})
    followed = pl.DataFrame(
        {
            "account": frame["account_id"].cast(pl.Int64),
            "id": events.names["object_id"].gather(frame["object_id"]),
        }
    )
    return followed.join(at, on="id").select(_FOLLOWS.names()).unique(maintain_order=True)
