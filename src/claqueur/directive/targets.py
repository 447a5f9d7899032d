"""Declared targets: posts, or a page since a date, and everything checked before a test.

Targets are declared by whoever knows the directive. They are never derived from the accounts
that are tested, and a list of accounts is never an input.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from claqueur.detectors import actions_on_posts
from claqueur.errors import SettingError
from claqueur.kernels.co_action import I64, Bool
from claqueur.settings import Targets
from claqueur.store import Events

NO_PAGE = ""
"""Page of posts without an owner."""

_NUMBER = re.compile(r"(\d+)\D*$")
_SHOWN = 3


@dataclass(frozen=True)
class Matrix:
    """Who liked what: posts in the order of page and publication, each account a post once.

    Attributes
    ----------
    account, post : (likes,) int64
    page_start : (pages + 1,) int64
        Posts of each page.
    pages
        Their ids.
    object_ : (posts,) int64
        Code of each post.
    """

    account: I64
    post: I64
    page_start: I64
    pages: list[str]
    object_: I64

    def of_pages(self, chosen: Sequence[int]) -> tuple[I64, I64, I64, I64]:
        """Likes on some pages alone: accounts, posts numbered anew, page_start, old numbers."""
        sizes = np.diff(self.page_start)[list(chosen)]
        parts = [np.arange(*self.page_start[page : page + 2]) for page in chosen]
        old = np.concatenate([np.empty(0, np.int64), *parts]).astype(np.int64)
        new = np.full(int(self.page_start[-1]) + 1, -1)
        new[old] = np.arange(len(old))
        at = new[self.post]
        kept = at >= 0
        return self.account[kept], at[kept], np.append(0, np.cumsum(sizes)), old


@dataclass(frozen=True)
class Declared:
    """A hypothesis: these targets, beside these pages.

    Attributes
    ----------
    target, topical, after : (posts,) bool
        Posts that are targets; on a topic, where one is known; and published since the date.
    own, reference
        Pages with targets, and those declared for reference, as places among the pages.
    whole
        Whether the target is a page, and not posts.
    record
        What was declared, as plain values.
    """

    matrix: Matrix
    target: Bool
    topical: Bool | None
    after: Bool | None
    own: list[int]
    reference: list[int]
    whole: bool
    record: dict[str, Any]


def declare(events: Events, settings: Targets, zone: str, actions: tuple[str, ...]) -> Declared:
    """Find the declared targets in the events, and refuse what cannot be tested.

    Parameters
    ----------
    zone
        Time zone of the date.
    actions
        Kinds of actions that count as likes; all but ``follow`` when empty.

    Raises
    ------
    SettingError
        If targets are accounts, none is in the data, or a page, date or topic is unknown.
    """
    kept = events.of_actions(actions_on_posts(events, actions))
    matrix, published = matrix_of(events, kept)
    wanted = named_posts(settings)
    if settings.target_page:
        own = [_page(matrix, settings.target_page, "target-page")]
        known = 0
    else:
        chosen = _known(wanted, events, matrix)
        own = sorted({_page_of(matrix, post) for post in chosen})
        known = len(chosen)
    after = _after(matrix, events, settings, zone)
    target = np.zeros(len(matrix.object_), bool)
    if settings.target_page:
        target = _on(matrix, own) & (after if after is not None else True)
    else:
        target[chosen] = True
    record = {
        "posts_named": len(wanted),
        "posts_unknown": len(wanted) - known if wanted else 0,
        "page": settings.target_page or None,
        "since": settings.since or None,
        "topic": list(settings.topic),
        "targets": int(target.sum()),
        "posts_on_their_pages": int(_on(matrix, own).sum()),
    }
    reference = _reference(matrix, settings, own)
    record["pages_of_targets"], record["reference_pages"] = len(own), len(reference)
    topical = _topical(events, published, matrix, settings.topic)
    whole = bool(settings.target_page)
    declared = Declared(matrix, target, topical, after, own, reference, whole, record)
    if _everything(declared):
        return _as_whole(declared)
    return declared


def _everything(declared: Declared) -> bool:
    """Whether posts were named, yet they are all there are on their page, or since the date."""
    others = _on(declared.matrix, declared.own) & ~declared.target
    if declared.after is not None:
        others &= declared.after
    return not declared.whole and not others.any()


def _as_whole(declared: Declared) -> Declared:
    """The same as a whole page since the date, where that can be."""
    if declared.after is None or len(declared.own) > 1:
        raise SettingError(
            "the targets are all posts of their page, and which of them an account liked then "
            "says nothing: not testable this way. Name the page and the date of the order "
            "instead: --target-page PAGE --since 2019-02-08, with other pages collected"
        )
    target = _on(declared.matrix, declared.own) & declared.after
    record = {**declared.record, "page": declared.matrix.pages[declared.own[0]]}
    record["targets"] = int(target.sum())
    return Declared(
        declared.matrix, target, None, declared.after, declared.own, declared.reference, True,
        record,
    )  # fmt: skip


def matrix_of(events: Events, frame: pl.DataFrame) -> tuple[Matrix, pl.DataFrame]:
    """Lay out who liked what, and the rows in which pages publish their own posts."""
    likes, own = frame, events.frame.clear()
    if "owner_id" in frame.columns:
        likes = frame.filter(~publishes(events, frame))
        # Pages publish by an action of their own, which may not be among those that count.
        own = events.frame.filter(publishes(events, events.frame))
    likes = likes.select("account_id", "object_id").unique(maintain_order=True)
    posts = _ordered(events, frame, own)
    place = np.full(len(events.names["object_id"]), -1)
    place[posts["object_id"].to_numpy()] = np.arange(posts.height)
    page = posts["page"].to_numpy()
    ids = events.names["owner_id"].to_list() if "owner_id" in events.names else []
    codes = np.unique(page)
    return Matrix(
        account=likes["account_id"].to_numpy().astype(np.int64),
        post=place[likes["object_id"].to_numpy()],
        page_start=np.append(np.searchsorted(page, codes), len(page)),
        pages=[ids[code] if code < len(ids) else NO_PAGE for code in codes.tolist()],
        object_=posts["object_id"].to_numpy().astype(np.int64),
    ), own


def publishes(events: Events, frame: pl.DataFrame) -> pl.Series:
    """Whether a row's account is the page its object belongs to."""
    owners = pl.DataFrame({"id": events.names["owner_id"]}).with_row_index("owner")
    accounts = pl.DataFrame({"id": events.names["account_id"]}).with_row_index("account")
    same = owners.join(accounts, on="id")
    account_of = np.full(owners.height + 1, -1)
    account_of[same["owner"].to_numpy()] = same["account"].to_numpy()
    owner = frame["owner_id"].fill_null(owners.height).to_numpy()
    return pl.Series(account_of[owner] == frame["account_id"].to_numpy())


def _ordered(events: Events, frame: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """Posts by page and publication: by time where all of a page's have one, else by number."""
    none = len(events.names["owner_id"]) if "owner_id" in events.names else 0
    rows = pl.concat([frame, own])
    owner = pl.col("owner_id") if "owner_id" in rows.columns else pl.lit(None, pl.UInt32)
    posts = rows.group_by("object_id").agg(
        page=owner.drop_nulls().first().fill_null(none), first=pl.col("t_min_ms").min()
    )
    born = own.group_by("object_id").agg(born=pl.col("t_min_ms").min())
    posts = posts.join(born, on="object_id", how="left").with_columns(
        time=pl.coalesce("born", "first"),
        number=_numbers(events.names["object_id"].gather(posts["object_id"])),
    )
    dated = pl.col("time").is_not_null().all().over("page")
    numbered = pl.col("number").is_not_null().all().over("page")
    return posts.with_columns(
        time=pl.when(dated).then("time"), number=pl.when(numbered).then("number")
    ).sort("page", "time", "number", "object_id")


def _numbers(ids: pl.Series) -> pl.Series:
    found = (_NUMBER.search(text) for text in ids)
    # Cut to eighteen digits, which an int64 holds.
    return pl.Series([int(match[1][-18:]) if match else None for match in found], dtype=pl.Int64)


def _on(matrix: Matrix, pages: Sequence[int]) -> Bool:
    """Whether posts stand on some pages."""
    on = np.zeros(len(matrix.object_), bool)
    for page in pages:
        on[matrix.page_start[page] : matrix.page_start[page + 1]] = True
    return on


def _page_of(matrix: Matrix, post: int) -> int:
    return int(np.searchsorted(matrix.page_start, post, side="right")) - 1


def _page(matrix: Matrix, name: str, flag: str) -> int:
    if name not in matrix.pages:
        some = ", ".join(page or "(none)" for page in matrix.pages[:_SHOWN])
        raise SettingError(
            f"--{flag} {name}: no post of that page is in the data; "
            f"pages there are written like {some}"
        )
    return matrix.pages.index(name)


def named_posts(settings: Targets) -> list[str]:
    """The posts named one by one and in the file, each once.

    Raises
    ------
    SettingError
        If the file cannot be read, is empty, or holds accounts.
    """
    from_file = read_targets(Path(settings.targets)) if settings.targets else []
    return list(dict.fromkeys([*settings.target, *from_file]))


def read_targets(path: Path) -> list[str]:
    """Posts from a file: one id a line, or a table (CSV, TSV, Parquet) with ``object_id``.

    Raises
    ------
    SettingError
        If it cannot be read, names no post, or is a table of accounts.
    """
    try:
        data = path.read_bytes()
        if data[:4] == b"PAR1":
            return _column(pl.read_parquet(data), path)
        text = data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError, pl.exceptions.PolarsError) as error:
        raise SettingError(f"--targets {path}: cannot be read as a list ({error})") from None
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise SettingError(f"--targets {path}: is empty; write one post id a line")
    names = [name.strip().strip('"') for name in re.split(r"[,;\t|]", lines[0])]
    if "object_id" in names or "account_id" in names:
        mark = next((sign for sign in "\t;|," if sign in lines[0]), ",")
        return _column(pl.read_csv(data, separator=mark, infer_schema=False), path)
    return lines


def _column(table: pl.DataFrame, path: Path) -> list[str]:
    if "object_id" not in table.columns:
        raise SettingError(
            f"--targets {path}: has no column object_id; its columns are "
            f"{', '.join(table.columns)}. Targets are posts; a list of accounts is never taken"
        )
    ids = table["object_id"].cast(pl.String).drop_nulls().to_list()
    if not ids:
        raise SettingError(f"--targets {path}: names no post")
    return ids


def _known(wanted: list[str], events: Events, matrix: Matrix) -> I64:
    """Places of the named posts that are in the data."""
    objects = events.names["object_id"]
    accounts = set(events.names["account_id"].filter(
        events.names["account_id"].is_in(pl.Series(wanted, dtype=pl.String).implode())
    ))  # fmt: skip
    found = objects.is_in(pl.Series(wanted, dtype=pl.String).implode()).arg_true().to_numpy()
    known = set(objects.gather(found))
    for name in wanted:
        if name in accounts and name not in known:
            raise SettingError(
                f"target {name}: is an account of these data and no post. Targets are posts; "
                "a page is named with --target-page, and accounts are never an input"
            )
    at = np.full(len(objects), -1)
    at[matrix.object_] = np.arange(len(matrix.object_))
    places = at[found]
    if not (places >= 0).any():
        some = ", ".join(objects.gather(matrix.object_[:_SHOWN]))
        raise SettingError(
            f"none of the {len(wanted):,} declared targets is in the data, for example "
            f"{wanted[0]}; posts there are written like {some}"
        )
    return np.sort(places[places >= 0])


def _reference(matrix: Matrix, settings: Targets, own: list[int]) -> list[int]:
    if settings.reference:
        named = [_page(matrix, name, "reference") for name in settings.reference]
        return sorted(set(named) - set(own))
    return [page for page in range(len(matrix.pages)) if page not in own]


def _after(matrix: Matrix, events: Events, settings: Targets, zone: str) -> Bool | None:
    """Which posts were published since the date; None without one."""
    if not settings.since:
        return None
    since = settings.since_date
    moment = datetime(since.year, since.month, since.day, tzinfo=ZoneInfo(zone))
    since_ms = int(moment.astimezone(UTC).timestamp() * 1000)
    first = events.frame.group_by("object_id").agg(pl.col("t_min_ms").min())
    born = np.full(len(events.names["object_id"]), np.iinfo(np.int64).min)
    known = first.drop_nulls()
    born[known["object_id"].to_numpy()] = known["t_min_ms"].to_numpy()
    time = born[matrix.object_]
    undated = time == np.iinfo(np.int64).min
    if undated.any():
        raise SettingError(
            f"--since {settings.since}: {int(undated.sum()):,} of {len(time):,} posts have no "
            "time, so before and after cannot be told; bring the pages' own posts as rows "
            "(account_id the page, with the time of publication), or leave --since out"
        )
    after: Bool = time >= since_ms
    if after.all() or not after.any():
        side = "before" if not after.any() else "after"
        raise SettingError(f"--since {settings.since}: all posts were published {side} it")
    return after


def _topical(
    events: Events, own: pl.DataFrame, matrix: Matrix, words: tuple[str, ...]
) -> Bool | None:
    """Which posts have one of the words in their own text; None without words."""
    if not words:
        return None
    texts = own.drop_nulls("text") if "text" in own.columns else own.clear()
    if texts.is_empty():
        raise SettingError(
            f"--topic {words[0]}: no post has a text; texts come from rows in which a page "
            "publishes (account_id the page itself) with a column text"
        )
    hit = pl.any_horizontal(
        pl.col("text").str.to_lowercase().str.contains(word.lower(), literal=True) for word in words
    )
    about = texts.filter(hit)["object_id"].unique().to_numpy()
    topical = np.zeros(len(events.names["object_id"]), bool)
    topical[about] = True
    found: Bool = topical[matrix.object_]
    if not found.any():
        raise SettingError(f"--topic {', '.join(words)}: no post's text has it")
    return found
