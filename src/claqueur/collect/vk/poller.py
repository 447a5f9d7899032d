"""Rounds: what is due is read, again and again, until the period is over.

A round belongs to a poll of the schedule. It is done when all that was due has been read, and
what was read in it already is not read again after a restart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from claqueur.collect.vk.calls import Call
from claqueur.collect.vk.client import VkClient
from claqueur.collect.vk.pages import page_name
from claqueur.collect.vk.reader import Reader
from claqueur.collect.vk.readings import (
    COMMENTS,
    LIKES,
    MEMBERS,
    PAGE,
    REPOSTS,
    WALL,
    WHOLE_WALL,
    first_call,
    page_call,
    pages_of,
)
from claqueur.collect.vk.schedule import Plan, Schedule, plan_of
from claqueur.collect.vk.state import Post, State, save_checkpoint
from claqueur.errors import SettingError
from claqueur.evidence_store import EvidenceWriter
from claqueur.progress import SILENT, Progress

_PAGES_A_CALL = 500


@dataclass
class Poller:
    """Collects pages on a schedule.

    Attributes
    ----------
    writer
        Where notes go; None for a look at the plan, of which nothing is kept.
    after_round
        Called after every round, for example to bring what was read into tables.
    owners
        The pages, once they are resolved.
    """

    client: VkClient
    state: State
    schedule: Schedule
    writer: EvidenceWriter | None = None
    progress: Progress = SILENT
    after_round: Callable[[], None] = lambda: None
    owners: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._reader = Reader(self.client, self.state, self.schedule.since_ms, self.progress)
        self._clock = self.client.clock

    # Before the first round

    def resolve(self, names: Sequence[str]) -> None:
        """Find the pages.

        Raises
        ------
        SettingError
            If there is no such page.
        """
        asked = [(PAGE, [page_call([page_name(name)])]) for name in names]
        done = {reading.first.call.params["group_ids"]: reading for reading in self._read(asked)}
        for name in names:
            reading = done.get(page_name(name))
            groups = [] if reading is None or reading.hidden else reading.first.response["groups"]
            if not groups:
                raise SettingError(
                    f"--page {name}: there is no such page on VK (or it cannot be seen with this "
                    "token); look at its address in a browser"
                )
            self._add_page(name, groups[0])

    def _add_page(self, name: str, group: dict[str, Any]) -> None:
        owner = -int(group["id"])
        if owner not in self.owners:
            self.owners.append(owner)
        if group.get("deactivated"):
            self.progress.note(f"{name}: is blocked or deleted; what is not visible stays unknown")
        elif group.get("is_closed"):
            self.progress.note(f"{name}: is closed; what is not visible stays unknown, not zero")

    def first_due(self, *, once: bool, begun_ms: int | None = None) -> int:
        """For when the first round is due.

        Parameters
        ----------
        once
            Whether everything is read once instead of polling: then since the pages were found,
            or since ``begun_ms`` where such a reading was cut short.
        """
        if once:
            found = [self.state.page(owner).read[PAGE] for owner in self.owners]
            return min(found) if begun_ms is None else begun_ms
        return min(self.schedule.round_at(self._clock.now_ms()), self.schedule.until_ms)

    def survey(self, due_ms: int) -> Plan:
        """Look at the walls, and estimate what the schedule will take."""
        self._walls(due_ms)
        return plan_of(
            self.schedule, self.state, list(self.posts()), self._clock.now_ms(),
            batches=self.client.batches, rate=self.client.rate,
        )  # fmt: skip

    def posts(self) -> Iterator[Post]:
        """The posts that are followed."""
        owners = set(self.owners)
        for post in self.state.posts.values():
            if post.owner in owners and self.schedule.follows(post):
                yield post

    # Rounds

    def run(self) -> None:
        """Read rounds until the period is over, and everything once more at its end."""
        while (now := self._clock.now_ms()) < self.schedule.until_ms:
            due_ms = self.schedule.round_at(now)
            if self.state.rounds.get("done", -1) < due_ms:
                self._gap(now)
                self.round(due_ms)
            following = min(due_ms + self.schedule.poll_ms, self.schedule.until_ms)
            self.progress.stage(f"waiting for the next poll ({_clock_time(following)})")
            self._clock.wait_until(following)
        self.once(self.schedule.until_ms)

    def once(self, due_ms: int) -> None:
        """Read everything once; a reading of everything that was cut short is finished."""
        if self.state.rounds.get("done", -1) < due_ms:
            self.round(due_ms, all_of_them=True)

    def round(self, due_ms: int, *, all_of_them: bool = False) -> None:
        """Read what is due since ``due_ms``; wait for another day where a share is used up."""
        if self.state.rounds.get("round") != due_ms:
            self._note("round", due_ms=due_ms)
        self.state.rounds["round"] = due_ms
        while True:
            self._reader.undone = 0
            self._pages(due_ms)
            self._walls(due_ms, all_of_them=all_of_them)
            self._lists(due_ms, all_of_them=all_of_them)
            self._members(due_ms)
            renewed = max(map(self.client.capped_until, _CAPPED), default=0)
            if not (all_of_them and self._reader.undone and renewed):
                break
            self._save()
            self.progress.stage(f"waiting until VK allows more ({_clock_time(renewed)})")
            self._clock.wait_until(renewed)
        self._done(due_ms)

    def _done(self, due_ms: int) -> None:
        if self._reader.undone:
            self.progress.note(f"{self._reader.undone:,} lists could not be read in this round")
        self._note("done", due_ms=due_ms, undone=self._reader.undone)
        self.state.rounds["done"] = due_ms
        self._save()
        self.after_round()

    def _pages(self, due_ms: int) -> None:
        """Counters of the pages themselves."""
        asked = [o for o in self.owners if self.state.page(o).read.get(PAGE, -1) < due_ms]
        for begin in range(0, len(asked), _PAGES_A_CALL):
            names = [str(-owner) for owner in asked[begin : begin + _PAGES_A_CALL]]
            self._read([(PAGE, [page_call(names)])])

    def _walls(self, due_ms: int, *, all_of_them: bool = False) -> None:
        """New posts and counters: the beginning of each wall, and more where more is due."""
        pages = [self.state.page(owner) for owner in self.owners]
        fresh = [
            page.owner for page in pages
            if max(page.read.get(WALL, -1), page.read.get(WHOLE_WALL, -1)) < due_ms
            and 0 <= page.whole_since_ms <= self.schedule.since_ms and not all_of_them
        ]  # fmt: skip
        posts = self._by_page()
        depths = {o: self.schedule.wall_depth(posts.get(o, []), due_ms) for o in fresh}
        self._read([(WALL, [first_call(WALL, o, count=depths[o])]) for o in fresh])
        posts = self._by_page()
        deep = [
            page.owner for page in pages
            if self.schedule.whole_wall_due(page, posts.get(page.owner, []), due_ms)
            or (all_of_them and page.read.get(WHOLE_WALL, -1) < due_ms)
        ]  # fmt: skip
        self._read([(WHOLE_WALL, [first_call(WHOLE_WALL, owner)]) for owner in deep])

    def _by_page(self) -> dict[int, list[Post]]:
        posts: dict[int, list[Post]] = {}
        for post in self.posts():
            posts.setdefault(post.owner, []).append(post)
        return posts

    def _lists(self, due_ms: int, *, all_of_them: bool) -> None:
        """Likers of the posts that are due, and comments and reposts where they have moved."""
        wanted: list[tuple[str, Sequence[Call]]] = []
        posts = sorted(self.posts(), key=lambda post: (post.owner, post.number))
        for post in posts:
            for kind in self.schedule.lists_due(post, due_ms, all_of_them=all_of_them):
                first = first_call(kind, post.owner, post.number)
                wanted.append((kind, pages_of(first, post.likes) if kind == LIKES else [first]))
        if wanted:
            self.progress.stage(f"reading {len(wanted):,} lists", len(wanted))
            self._read(wanted)

    def _members(self, due_ms: int) -> None:
        pages = map(self.state.page, self.owners)
        due = [page.owner for page in pages if self.schedule.members_due(page, due_ms)]
        if due:
            self.progress.stage("reading lists of members")
            self._read([(MEMBERS, [first_call(MEMBERS, owner)]) for owner in due])

    def _read(self, wanted: Sequence[tuple[str, Sequence[Call]]]) -> list[Any]:
        return self._reader.read_all(wanted)

    # What is written down

    def _gap(self, now_ms: int) -> None:
        """Say where more than a poll went by without a reading."""
        last = self.state.rounds.get("done")
        if last is not None and now_ms - last > 2 * self.schedule.poll_ms:
            hours = (now_ms - last) / 3_600_000
            self.progress.note(f"nothing was read for {hours:.1f} hours: intervals are as wide")
            self._note("gap", from_ms=last)

    def _note(self, kind: str, **facts: Any) -> None:
        if self.writer:
            self.writer.note(kind, self._clock.now_ms(), **facts)

    def _save(self) -> None:
        if self.writer:
            save_checkpoint(self.state, self.writer)

    def not_visible(self) -> list[str]:
        """What nobody, or not we, may see: so many lists of each kind."""
        counts: dict[str, int] = {}
        hidden = [kind for post in self.posts() for kind in post.hidden]
        hidden += [kind for owner in self.owners for kind in self.state.page(owner).hidden]
        for kind in hidden:
            counts[kind] = counts.get(kind, 0) + 1
        return [f"{count:,} × {_KINDS.get(kind, kind)}" for kind, count in sorted(counts.items())]


_CAPPED = (
    "wall.get", "likes.getList", "wall.getComments", "wall.getReposts", "groups.getMembers",
    "groups.getById",
)  # fmt: skip
_KINDS = {
    LIKES: "list of likers", COMMENTS: "comments of a post", REPOSTS: "reposts of a post",
    MEMBERS: "list of members", WALL: "wall", WHOLE_WALL: "wall",
}  # fmt: skip


def _clock_time(moment_ms: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(moment_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
