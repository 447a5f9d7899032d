"""When what is read, and how many requests that takes.

Time is cut into polls, counted from 1970 so that a restart finds the same ones. A post is read at
every poll in its first day, at every second one in its second day, at every fourth in its third
and fourth, at every eighth in its fifth to eighth, and so on: the pause grows with the age, up to
a day. Posts are therefore read where likes come, and old ones are not forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from claqueur.collect.vk.calls import MOST_CALLS
from claqueur.collect.vk.readings import COMMENTS, LIKES, MEMBERS, REPOSTS, WHOLE_WALL, most_of
from claqueur.collect.vk.state import Page, Post, State

DAY_MS = 86_400_000
_FOR_EVER = 36_500
_NEW_POSTS = 10
WALL_GET_A_DAY = 5_000
"""How often VK lets a token call wall.get in a day."""


@dataclass(frozen=True)
class Schedule:
    """What is collected, of when, how often.

    Attributes
    ----------
    since_ms, until_ms
        Posts published in [since, until) are followed, and collecting ends at until.
    poll_ms
        The shortest pause between two readings of a post.
    members
        Whether lists of members are read too, once a day.
    """

    since_ms: int
    until_ms: int
    poll_ms: int
    members: bool = False

    def round_at(self, moment_ms: int) -> int:
        """The beginning of the poll a moment lies in."""
        return moment_ms - moment_ms % self.poll_ms

    def pause_ms(self, age_ms: int) -> int:
        """How long a post of some age is left alone: a number of polls, a power of two."""
        return self._polls(age_ms) * self.poll_ms

    def _polls(self, age_ms: int) -> int:
        days = age_ms // DAY_MS
        longest = max(DAY_MS // self.poll_ms, 1)
        wanted = 1 if days < 1 else 1 << int(days).bit_length()
        return int(min(wanted, 1 << (longest.bit_length() - 1)))

    def follows(self, post: Post) -> bool:
        """Whether a post is of the period."""
        return self.since_ms <= post.created_ms < self.until_ms

    def due(self, post: Post, due_ms: int, *, all_of_them: bool = False) -> bool:
        """Whether the list of likers is to be read in the round that began at ``due_ms``."""
        last = post.read.get(LIKES)
        if last is None:
            return True
        if last >= due_ms:
            return False
        if all_of_them:
            return True
        pause = self.pause_ms(due_ms - post.created_ms)
        # On the grid, so that posts of one age meet in the same round; or late, after a gap.
        return due_ms % pause == 0 or due_ms - last >= pause

    def lists_due(self, post: Post, due_ms: int, *, all_of_them: bool = False) -> list[str]:
        """The kinds of lists of a post that are to be read in a round.

        Comments and reposts are dated: they are read where their counter has moved since.
        """
        kinds = [LIKES] if self.due(post, due_ms, all_of_them=all_of_them) else []
        return [*kinds, *(kind for kind in (COMMENTS, REPOSTS) if _moved(post, kind, due_ms))]

    def members_due(self, page: Page, due_ms: int) -> bool:
        """Whether a page's list of members is to be read in a round."""
        last = page.read.get(MEMBERS)
        if not self.members or (last is not None and last >= due_ms):
            return False
        return last is None or due_ms // DAY_MS > last // DAY_MS

    def wall_depth(self, posts: list[Post], due_ms: int) -> int:
        """How many posts from a wall's beginning are to be read: down to the oldest that is due.

        Parameters
        ----------
        posts
            Those of the page.
        """
        newest_first = sorted(posts, key=lambda post: -post.created_ms)
        due = [at for at, post in enumerate(newest_first) if self.due(post, due_ms)]
        return min((due[-1] + 1 if due else 0) + _NEW_POSTS, most_of("wall.get"))

    def whole_wall_due(self, page: Page, posts: list[Post], due_ms: int) -> bool:
        """Whether more of a wall is to be read than its beginning.

        So it is where it never was, and where posts are due that lie deeper.
        """
        if not 0 <= page.whole_since_ms <= self.since_ms:
            return True
        if page.read.get(WHOLE_WALL, 0) >= due_ms:
            return False
        return any(post.seen_ms < due_ms and self.due(post, due_ms) for post in posts)


def _moved(post: Post, kind: str, due_ms: int) -> bool:
    return post.then.get(kind, 0) != post.shown(kind) and post.read.get(kind, 0) < due_ms


@dataclass(frozen=True)
class Plan:
    """What a schedule will take, estimated from what is known of the pages.

    Attributes
    ----------
    posts_now, posts_a_day
        Posts of the period there are, and how many are added a day.
    round_requests
        Requests of one round in which everything known is read.
    day_requests, day_walls
        Requests a day, and those of wall.get among the calls in them.
    days
        How long collecting goes on.
    rate
        Requests a second that are allowed.
    """

    pages: int
    posts_now: int
    posts_a_day: float
    round_requests: int
    day_requests: int
    day_walls: int
    days: float
    rate: int
    poll_ms: int

    def lines(self) -> Iterator[str]:
        """The plan in words, with what will not fit."""
        yield (
            f"{self.pages} pages, {self.posts_now:,} posts of the period so far, about "
            f"{self.posts_a_day:.1f} more a day"
        )
        seconds = self.round_requests / self.rate if self.rate else 0.0
        pace = f"{seconds / 60:.0f} minutes at {self.rate} a second" if self.rate else "no limit"
        yield f"a round that reads everything: about {self.round_requests:,} requests, {pace}"
        if self.days > 0:
            still = (
                "until it is stopped" if self.days > _FOR_EVER else f"{self.days:.1f} days to go"
            )
            yield f"a day: about {self.day_requests:,} requests; {still}"
        if seconds * 1000 > self.poll_ms:
            yield (
                "that is longer than one poll: lists will be read less often than asked for; name "
                "fewer pages or a longer --poll"
            )
        if self.day_walls > WALL_GET_A_DAY:
            yield (
                f"VK allows {WALL_GET_A_DAY:,} calls of wall.get a day and this takes about "
                f"{self.day_walls:,}: the rest of each day would be missing; name fewer pages or a "
                "longer --poll"
            )


def plan_of(
    schedule: Schedule, state: State, posts: list[Post], now_ms: int, *, batches: bool, rate: int
) -> Plan:
    """Estimate what a schedule takes."""
    span = max(min(now_ms, schedule.until_ms) - schedule.since_ms, DAY_MS)
    a_day = len(posts) / span * DAY_MS
    size = MOST_CALLS if batches else 1
    pages = len(state.pages)
    walls = pages + len(posts) // most_of("wall.get")
    lists = sum(_pages_of_lists(post) for post in posts)
    members = sum(-(-page.members // most_of("groups.getMembers")) for page in state.pages.values())
    members *= schedule.members
    rounds = DAY_MS / schedule.poll_ms
    days = max((schedule.until_ms - now_ms) / DAY_MS, 0.0)
    readings = sum(_readings_a_day(schedule, post, now_ms) for post in posts) + a_day * rounds
    each = lists / len(posts) if posts else 1.0
    day_walls = round(pages * rounds + walls * rounds / 4)
    return Plan(
        pages, len(posts), a_day, -(-(walls + lists + members + 1) // size),
        round((readings * each + day_walls + members + rounds) / size), day_walls, days, rate,
        schedule.poll_ms,
    )  # fmt: skip


def _pages_of_lists(post: Post) -> int:
    likes = -(-max(post.likes, 1) // most_of("likes.getList"))
    comments = -(-post.comments // most_of("wall.getComments"))
    return likes + comments + (post.reposts > 0)


def _readings_a_day(schedule: Schedule, post: Post, now_ms: int) -> float:
    return DAY_MS / schedule.pause_ms(max(now_ms - post.created_ms, 0))
