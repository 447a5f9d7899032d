"""Tables of texts: what comments were made from, and members' comments."""

from __future__ import annotations

import numpy as np
import polars as pl

from claqueur.groups.co_text import Worded
from claqueur.kernels.co_action import I64
from claqueur.model import COPIES, TEMPLATES, TIME
from claqueur.texts.wording import Crowd, only_words, with_slots


def text_tables(worded: Worded, first_id: int) -> dict[str, pl.DataFrame]:
    """Tables ``templates`` and ``copies`` of what was found in comments."""
    texts = worded.texts
    group = _groups(worded, first_id)
    rows = worded.events.decoded(texts.rows.drop("object_id")).with_columns(
        template=pl.Series(texts.template),
        object_id=texts.rows["object_id"],
        account=texts.rows["account_id"],
        time=texts.rows["t_min_ms"].cast(TIME),
    )
    return {
        "templates": _templates(worded, rows, group),
        "copies": _copies(worded, rows, group),
    }


def _groups(worded: Worded, first_id: int) -> I64:
    """Group of every template, 0 for none."""
    group = np.zeros(len(worded.texts.number), np.int64)
    for number, own in enumerate(worded.sets, first_id):
        group[np.flatnonzero(own.templates)] = number
    return group


def _templates(worded: Worded, rows: pl.DataFrame, group: I64) -> pl.DataFrame:
    texts = worded.texts
    page = pl.col("owner_id") if "owner_id" in rows.columns else pl.lit(None, pl.String)
    used = (
        rows.filter(pl.col("template") >= 0)
        .group_by("template")
        .agg(
            comments=pl.len(),
            accounts=pl.col("account").n_unique(),
            pages=page.drop_nulls().n_unique(),
            posts=pl.col("object_id").n_unique(),
            first_time=pl.col("time").min(),
            last_time=pl.col("time").max(),
        )
        .sort("template")
    )
    frames = [_frame(worded, number) for number in range(len(texts.number))]
    return (
        used.with_columns(
            group_id=pl.Series(group).replace(0, None),
            template=texts.names,
            frame=pl.Series(frames, dtype=pl.String),
            public_frame=pl.Series(_public(worded, group), dtype=pl.String),
            words=np.diff(texts.templates.frame_start)[texts.number],
            rarity_bits=texts.rarity.bits[texts.number],
            rare=texts.rare,
        )
        .sort("group_id", "accounts", "template", descending=[False, True, False], nulls_last=True)
        .select(pl.col(name).cast(kind) for name, kind in TEMPLATES.items())
    )


def _frame(worded: Worded, number: int) -> str:
    texts = worded.texts
    own = int(texts.number[number])
    stems = texts.corpus.words.stems
    frame = stems.gather(texts.templates.frame_of(own).tolist()).to_list()
    return with_slots(_typical(worded, own), frame)


def _typical(worded: Worded, own: int) -> str:
    """The first comment that keeps most of a template, as it was written."""
    corpus = worded.texts.corpus
    row = corpus.row_of(int(worded.texts.templates.centre[own]))
    return str(worded.texts.rows["text"][row])


def _public(worded: Worded, group: I64) -> list[str | None]:
    """What may be shown of each template of a group."""
    frames: list[str | None] = [None] * len(group)
    if not (group > 0).any():
        return frames
    texts, words = worded.texts, worded.texts.corpus.words
    outside = worded.grouped.of_account[texts.rows["account_id"].to_numpy()] == 0
    crowd = Crowd(
        words,
        texts.corpus.form[outside],
        texts.rows["account_id"].to_numpy()[outside].astype(np.int64),
    )
    for number in np.flatnonzero(group > 0).tolist():
        own = int(texts.number[number])
        shown = crowd.shown(texts.templates.frame_of(own), words.bits)
        if len(shown):
            frames[number] = only_words(_typical(worded, own), words.stems.gather(shown).to_list())
    return frames


def _copies(worded: Worded, rows: pl.DataFrame, group: I64) -> pl.DataFrame:
    """Comments of members made from templates of their own group."""
    template = rows["template"].to_numpy()
    own = worded.grouped.of_account[rows["account"].to_numpy()]
    inside = (own > 0) & (np.append(group, 0)[template] == own)
    names = worded.texts.names
    kept = rows.filter(pl.Series(inside)).with_columns(group_id=pl.Series(own[inside]))
    kept = kept.with_columns(
        template=names.gather(kept["template"]),
        object_id=worded.posts.gather(kept["object_id"]),
    )
    missing = [pl.lit(None).alias(name) for name in COPIES if name not in kept.columns]
    return (
        kept.with_columns(missing)
        .sort("group_id", "template", "time", "account_id", "object_id")
        .select(pl.col(name).cast(kind) for name, kind in COPIES.items())
    )
