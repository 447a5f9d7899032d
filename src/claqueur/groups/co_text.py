"""Comments: groups whose members use the same texts, with their error, as tables.

A template becomes an object: who wrote something made from it acted on it. Only rare templates
count (:mod:`claqueur.texts.rarity`). Where comments have times, keeping step in using them is
tested beside, as for any other object; each account's smaller p-value then counts twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from scipy.stats import poisson

from claqueur.detectors import Layer
from claqueur.groups.confirm import LEVEL, Confirmed, confirm
from claqueur.groups.copies import (
    FEWEST,
    KEEPS,
    PARTS,
    Comments,
    TextSet,
    confirm_copies,
    copying,
)
from claqueur.groups.errors import histogram, with_errors
from claqueur.groups.lockstep import has_time
from claqueur.groups.network import Grouped
from claqueur.kernels.co_action import F64, I64, Bool
from claqueur.model import CO_TEXT, TEXT
from claqueur.nulls.fdr import benjamini_hochberg, benjamini_yekutieli
from claqueur.nulls.habits import NULLS
from claqueur.nulls.publication import publishes
from claqueur.nulls.timeline import timeline
from claqueur.progress import Progress
from claqueur.store import Events
from claqueur.texts.corpus import Corpus
from claqueur.texts.rarity import Rarity, rarity
from claqueur.texts.templates import FEWEST_WORDS, Templates, find_templates, users_of


@dataclass(frozen=True)
class Texts:
    """Comments of a frame and what they were made from.

    Attributes
    ----------
    rows
        Coded rows with words, in the order of (object, time, account).
    corpus, templates, rarity
        Of their texts.
    template : (n,) int64
        Template of every row, -1 where there is none that two accounts used; numbered by how
        many accounts did, the most used first.
    number : (k,) int64
        For each of these its number in ``templates``.
    """

    rows: pl.DataFrame
    corpus: Corpus
    templates: Templates
    rarity: Rarity
    template: I64
    number: I64

    @property
    def names(self) -> pl.Series:
        """Ids of the templates, in the order of their numbers."""
        width = max(len(str(len(self.number))), 4)
        return pl.Series(
            [f"text-{n:0{width}}" for n in range(1, len(self.number) + 1)], dtype=pl.String
        )

    @property
    def rare(self) -> Bool:
        """Which of them are rare, (k,) bool."""
        found: Bool = self.rarity.rare[self.number]
        return found

    @property
    def long_enough(self) -> Bool:
        """Which rows say enough to count, (n,) bool."""
        found: Bool = self.corpus.words.size[self.corpus.form] >= FEWEST_WORDS
        return found


@dataclass(frozen=True)
class Worded:
    """What was found in comments.

    Attributes
    ----------
    events
        The rows of rare templates as events on them.
    sets
        Templates of each group in the order of the groups' numbers.
    timed
        Accounts whose use of templates could be tested by time.
    posts
        Ids of the posts that were commented on, by their code.
    """

    texts: Texts
    comments: Comments
    confirmed: Confirmed
    events: Events
    layer: Layer
    grouped: Grouped
    sets: list[TextSet]
    timed: int
    posts: pl.Series


def with_text(frame: pl.DataFrame, events: Events) -> pl.DataFrame:
    """Coded rows that carry text and are no page's own post."""
    if "text" not in frame.columns:
        return frame.clear()
    said = frame["text"].is_not_null()
    return frame.filter(said & ~pl.Series(publishes(events, frame)))


def find_texts(
    frame: pl.DataFrame, events: Events, seed: int, progress: Progress, first_id: int = 1
) -> Worded:
    """Find groups that use the same texts.

    Parameters
    ----------
    frame
        Coded rows, of which each has a text (:func:`with_text`).
    first_id
        Number of the first group.
    """
    texts = read_texts(frame, progress)
    n = len(events.names["account_id"])
    # The last one is for what was made from no template, which is numbered -1.
    counted = np.where(np.append(texts.rare, False)[texts.template], texts.template, -1)
    own = texts.rows.select("account_id", "object_id").filter(pl.Series(texts.long_enough))
    comments = Comments.of(
        own["account_id"].to_numpy().astype(np.int64),
        counted[texts.long_enough],
        own["object_id"].to_numpy().astype(np.int64),
        n,
    )
    worded = _events_on(texts, counted, events)
    timed = _by_time(worded, seed, progress)
    tested = copying(comments, seed, progress)
    confirmed, sets = confirm_copies(comments, replace(tested, p=_both(tested.p, timed)), seed)
    progress.stage("describing groups")
    of_account = np.zeros(n, np.int64)
    grouped_ = confirmed.group > 0
    of_account[confirmed.accounts[grouped_]] = confirmed.group[grouped_] + first_id - 1
    layer = Layer(
        TEXT, None, worded.frame, events.names["account_id"],
        _pairs(comments, sets, of_account, first_id), {}, CO_TEXT,
    )  # fmt: skip
    grouped = with_errors(layer, of_account, confirmed, worded, first_id)
    by_time = int((~np.isnan(timed)).sum())
    posts = events.names["object_id"]
    return Worded(texts, comments, confirmed, worded, layer, grouped, sets, by_time, posts)


def read_texts(frame: pl.DataFrame, progress: Progress) -> Texts:
    """Lay out the texts of a frame, and find their templates."""
    corpus, has_words = Corpus.of(frame["text"], progress).spoken()
    rows = frame.filter(pl.Series(has_words))
    templates = find_templates(corpus, progress)
    made = templates.of_form[corpus.form] if len(corpus) else np.zeros(0, np.int64)
    users = users_of(made, rows["account_id"])
    number = users.filter(pl.col("accounts") > 1)["template"].to_numpy()
    place = np.full(len(templates) + 1, -1, np.int64)
    place[number] = np.arange(len(number))
    return Texts(rows, corpus, templates, rarity(corpus, templates), place[made], number)


def _events_on(texts: Texts, template: I64, events: Events) -> Events:
    """Rows as events on templates instead of posts."""
    rows = texts.rows.with_columns(post=pl.col("object_id")).with_columns(
        object_id=pl.Series(template)
    )
    rows = rows.filter(pl.col("object_id") >= 0).with_columns(pl.col("object_id").cast(pl.UInt32))
    rows = rows.drop("text").sort("object_id", "t_min_ms", "account_id", "post")
    return Events(rows, {**events.names, "object_id": texts.names})


def _by_time(worded: Events, seed: int, progress: Progress) -> F64:
    """P-values of accounts that use templates at the same moments, nan where it is untested."""
    dated = worded.frame.filter(has_time(worded.frame))
    if dated.is_empty():
        return np.full(len(worded.names["account_id"]), np.nan)
    found = confirm(timeline(dated.drop("post"), worded), seed, progress)
    return found.p_of(np.arange(len(found.all_log_e)))


def _both(p: F64, timed: F64) -> F64:
    """P-values of both tests; the smaller one counts twice where there are two."""
    either: F64 = np.minimum(2 * np.fmin(p, timed), 1)
    return np.where(np.isnan(timed), p, either)


def _pairs(comments: Comments, sets: list[TextSet], of_account: I64, first_id: int) -> pl.DataFrame:
    """Pairs inside groups that used the same templates, against comments that fall anywhere."""
    number = comments.number.astype(np.float64)
    users = np.bincount(
        comments.template[comments.counted & (comments.template >= 0)],
        minlength=comments.n_templates,
    )
    meets = float((users.astype(np.float64) ** 2).sum()) / max(number.sum(), 1.0) ** 2
    parts = [_pairs_of(comments, own, of_account == k) for k, own in enumerate(sets, first_id)]
    nothing = pl.DataFrame(schema={"a": pl.UInt32, "b": pl.UInt32, "weight": pl.Int64})
    pairs = pl.concat([nothing, *parts]).sort("a", "b")
    a, b = (pairs[end].to_numpy() for end in ("a", "b"))
    expected = number[a] * number[b] * meets
    p = poisson.sf(pairs["weight"].to_numpy() - 1, expected)
    n = int((number > 0).sum())
    q = benjamini_hochberg(p, n * (n - 1) // 2)
    return pairs.with_columns(
        expected=pl.Series(expected), p_value=pl.Series(p), q_value=pl.Series(q)
    )


def _pairs_of(comments: Comments, own: TextSet, members: Bool) -> pl.DataFrame:
    of_set = comments.counted & (comments.template >= 0) & members[comments.account]
    of_set &= own.templates[comments.template]
    used = pl.DataFrame({"a": comments.account[of_set], "t": comments.template[of_set]})
    return (
        used.join(used.rename({"a": "b"}), on="t")
        .filter(pl.col("a") < pl.col("b"))
        .group_by("a", "b")
        .agg(weight=pl.len().cast(pl.Int64))
        .select(pl.col("a").cast(pl.UInt32), pl.col("b").cast(pl.UInt32), "weight")
    )


def account_of_texts(worded: Worded) -> dict[str, Any]:
    """What the record of a run says about the test of comments."""
    confirmed, comments, texts = worded.confirmed, worded.comments, worded.texts
    p = confirmed.tested_p
    return {
        "action": worded.layer.action,
        "level": LEVEL,
        "family": confirmed.family,
        "accounts": int((comments.number > 0).sum()),
        "comments": texts.rows.height,
        "too_short": int((~texts.long_enough).sum()),
        "templates": len(texts.number),
        "rare_templates": int(texts.rare.sum()),
        "rare_bits": texts.rarity.least,
        "fewest_texts": FEWEST,
        "fewest_words": FEWEST_WORDS,
        "parts": PARTS,
        "candidates_tested": confirmed.candidates,
        "tested_by_time": worded.timed,
        "nulls": {"copying (accounts, groups)": KEEPS, **({} if not worded.timed else NULLS)},
        "confirmed": len(confirmed.accounts),
        "confirmed_in_no_group": int((confirmed.group == 0).sum()),
        "confirmed_under_any_dependence": int(
            (benjamini_yekutieli(p, max(len(p), 1)) <= LEVEL).sum()
        ),
        "p_values_by_twentieth": histogram(confirmed),
    }
