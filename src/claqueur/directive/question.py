"""One item of a directive laid onto the data: pages, posts, days; what every test looks at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl

from claqueur.directive.collected import Collected
from claqueur.directive.hypothesis import Directive, Item
from claqueur.directive.windows import (
    DAY_MS,
    Comparison,
    Windows,
    explains_everything,
    local_day,
    plan,
)
from claqueur.errors import SettingError
from claqueur.kernels.co_action import F64, I64, Bool
from claqueur.nulls.randomisation import Beyond, beyond, page_changes
from claqueur.store import Events

FEWEST_CONTROLS = 5
"""Control pages without which Student's t over pages is not asked."""

HIDDEN = "nobody who acted can be seen, only counts"

FRESH_MS = 3 * DAY_MS
"""How old a post may be when it is acted on for the tests of who acts and who comes back."""

BEYOND_PAGES = (
    "that the target pages are a random choice among them and the control pages, and the order's "
    "date among earlier ones; what all pages share on a date is taken out"
)
LIKE_CONTROLS = (
    "that the change on the target pages is that of a further page like the control pages "
    "(Student's t over pages, with the variance within and between pages)"
)


@dataclass(frozen=True)
class Question:
    """An item and the data it is asked of.

    Attributes
    ----------
    targets, controls, reference, institutions : (…,) int64
        Places of pages that were collected.
    named : (n,) int64
        Rows of the target posts that were collected, where posts were named.
    unknown_posts
        Named posts that are not in the data.
    planted
        Whether to lay invented participants over the data, to say what could have been seen.
    events
        For the exact test of participation; None where no account can be seen.
    """

    directive: Directive
    item: Item
    data: Collected
    events: Events | None
    windows: Windows
    targets: I64
    controls: I64
    reference: I64
    institutions: I64
    named: I64
    unknown_posts: int
    seed: int
    planted: bool = True

    @property
    def zone(self) -> str:
        """Time zone of days and hours."""
        return self.directive.zone

    @cached_property
    def created(self) -> I64:
        """Publication of every post, (posts,) int64."""
        return self.data.posts["created_ms"].to_numpy()

    @cached_property
    def page(self) -> I64:
        """Page of every post, (posts,) int64."""
        return self.data.posts["page"].to_numpy()

    @cached_property
    def usable(self) -> Bool:
        """Posts that are looked at, (posts,) bool.

        Where posts were named, the targets' other posts since the date are none of them: what
        happened there is no answer to a list of posts.
        """
        kept = self.windows.usable(self.created)
        if len(self.named):
            others = np.isin(self.page, self.targets) & (self.created >= self.windows.start_ms)
            others[self.named] = False
            kept &= ~others
        return kept

    @cached_property
    def acts(self) -> pl.DataFrame:
        """Actions of the ordered kinds; of all where the table does not tell them apart."""
        acts = self.data.acts.filter(pl.col("action").is_in([*self.item.action, ""]))
        return self.outside_pauses(acts)

    def outside_pauses(self, acts: pl.DataFrame) -> pl.DataFrame:
        """Actions that did not come while a short declared cause went on."""
        for span in self.windows.interrupted:
            inside = (pl.col("t_min_ms") >= span.begin_ms) & (pl.col("t_max_ms") < span.end_ms)
            acts = acts.filter(~inside.fill_null(False))
        return acts

    @cached_property
    def fresh(self) -> pl.DataFrame:
        """Those actions that came within days of publication, as far as times are known.

        Who discovers a page goes back through its posts in one sitting: that is neither coming
        back nor joining in.
        """
        acts = self.acts
        born = pl.Series(self.created[acts["post"].to_numpy()], dtype=pl.Int64)
        return acts.filter((pl.col("t_min_ms") - born < FRESH_MS).fill_null(True))

    def explained(self, *, by_interest: bool) -> tuple[str, ...]:
        """Declared causes that would show in a measure as well.

        Parameters
        ----------
        by_interest
            Whether more interest alone would show; an appeal shows in everything.
        """
        return tuple(
            cause.name
            for cause in self.windows.coinciding
            if by_interest or explains_everything(cause)
        )

    def targets_after(self) -> Bool:
        """Posts that are targets and were published after the date, (posts,) bool."""
        after = self.windows.order.after.holds(self.created) & self.usable
        if len(self.named):
            named = np.zeros(len(self.created), bool)
            named[self.named] = True
            return named & self.usable & (self.created >= self.windows.start_ms)
        return np.isin(self.page, self.targets) & after

    def beyond(
        self,
        page: I64,
        moment_ms: I64,
        value: F64,
        treated: I64 | None = None,
        controls: I64 | None = None,
    ) -> Beyond | None:
        """Hold observations of the target pages against those of the controls and earlier dates.

        Parameters
        ----------
        page, moment_ms, value : (n,)
            Observations: where, when (publication of the post), how much.
        """
        treated = self.targets if treated is None else treated
        controls = self.controls if controls is None else controls
        kept = self.windows.usable(moment_ms) & np.isfinite(value)
        page, moment_ms, value = page[kept], moment_ms[kept], value[kept]
        order, *placebos = [
            page_changes(
                page, value, each.before.holds(moment_ms), each.after.holds(moment_ms),
                len(self.data.pages),
            )
            for each in (self.windows.order, *self.windows.placebos)
        ]  # fmt: skip
        return beyond(order, placebos, treated, controls, self.seed)

    def comparisons(self) -> Sequence[Comparison]:
        """The order's comparison first, then the placebos."""
        return (self.windows.order, *self.windows.placebos)


def ask(
    directive: Directive, item: Item, data: Collected, events: Events | None, seed: int
) -> Question:
    """Lay an item onto the data.

    Raises
    ------
    SettingError
        If a page of the record is an account that acts on others' posts: Claqueur takes pages and
        posts, never persons.
    """
    _refuse_persons(item, data, events)
    pages = item.institution_pages if item.publishes else item.target_pages
    posts = data.posts["object_id"]
    named = posts.is_in(pl.Series(item.target_posts, dtype=pl.String).implode()).arg_true()
    places = named.to_numpy().astype(np.int64)
    own = data.places(pages)
    if len(places):
        own = np.union1d(own, data.posts["page"].to_numpy()[places])
    page_ids = tuple(data.pages[page] for page in own)
    controls = np.setdiff1d(data.places(item.control_pages), own)
    others = np.setdiff1d(np.arange(len(data.pages)), own)
    reference = data.places(item.reference) if item.reference else others
    return Question(
        directive=directive,
        item=item,
        data=data,
        events=events,
        windows=plan(directive, item, page_ids, data.first_ms, data.last_ms, named=len(places) > 0),
        targets=own,
        controls=controls,
        reference=np.setdiff1d(reference, own),
        institutions=data.places(item.institution_pages),
        named=places,
        unknown_posts=len(set(item.target_posts)) - len(places),
        seed=seed,
    )


def without_controls(question: Question, dropped: Sequence[int]) -> Question:
    """The same without some control pages."""
    return replace(question, controls=np.setdiff1d(question.controls, np.array(dropped)))


def untestable(question: Question) -> str:
    """Why nothing can be asked of these data at all; empty where something can."""
    item, data, windows = question.item, question.data, question.windows
    first, last = (local_day(at, question.zone) for at in (data.first_ms, data.last_ms))
    if windows.start_ms > data.last_ms or (item.end and item.end < first):
        return (
            f"the date {item.start} lies outside the data, which go from {first} to {last}; "
            "collect the days around it, or correct the date and register the record anew"
        )
    if not len(question.targets):
        return "none of its pages or posts is in the data; collect them, or check their ids"
    if not item.publishes and not question.targets_after().any():
        return f"no target was published after {item.start}: there is nothing to look at"
    return ""


def _refuse_persons(item: Item, data: Collected, events: Events | None) -> None:
    """Pages that like, comment or follow like an account are persons to us."""
    if events is None:
        return
    named = {*item.institution_pages, *item.control_pages, *item.reference, *item.target_pages}
    ids = events.names["account_id"]
    known = ids.is_in(pl.Series(sorted(named), dtype=pl.String).implode()).arg_true()
    acting = data.acts.filter(pl.col("account").is_in(known.implode()))["account"].unique()
    fewest = 3  # A page, too, may comment under a post or two of others.
    for code in acting:
        own = data.acts.filter(pl.col("account") == code)
        if own["post"].n_unique() >= fewest and ids[code] not in data.pages:
            raise SettingError(
                f"item {item.number}: {ids[code]} is an account that acts on others' posts and has "
                "no posts here. Name pages and posts; persons are never an input "
                "(docs/directive.md)"
            )
    targets = set(item.target_posts) & set(ids.to_list()) if item.target_posts else set()
    if targets - set(data.posts["object_id"]):
        raise SettingError(
            f"item {item.number}: {min(targets)} is an account of these data and no post; "
            "persons are never an input (docs/directive.md)"
        )
