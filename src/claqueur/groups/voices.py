"""How groups comment beside everybody else: tone, genericness, fit. It describes, no more."""

from __future__ import annotations

import numpy as np
import polars as pl

from claqueur.groups.co_text import Worded
from claqueur.model import VOICES
from claqueur.nulls.publication import publishes
from claqueur.store import Events
from claqueur.texts.generic import GENERIC_FROM, genericness_of
from claqueur.texts.tone import chosen_tone


def voices(worded: Worded, events: Events, tone_model: str) -> pl.DataFrame:
    """What members' comments are like, beside those of everybody else (``VOICES``).

    Parameters
    ----------
    tone_model
        Empty for the built-in lexicon, or the folder of a classifier.
    """
    # Whoever names a model that cannot be used is told so, groups or none.
    teller = chosen_tone(tone_model)
    rows, corpus = worded.texts.rows, worded.texts.corpus
    if not (worded.grouped.of_account > 0).any():
        return pl.DataFrame(schema=VOICES)
    post = rows["object_id"].to_numpy()
    suits = genericness_of(corpus, _texts_of_posts(events).gather(post), post)
    tone = teller.of(rows["text"])
    group = worded.grouped.of_account[rows["account_id"].to_numpy()]
    told = pl.DataFrame(
        {
            "group_id": pl.Series(group).replace(0, None),
            "account": rows["account_id"],
            "positive": tone == 1,
            "negative": tone == -1,
            "generic": suits["generic"] >= GENERIC_FROM,
            "fit": suits["fit"],
        }
    )
    return (
        told.group_by("group_id")
        .agg(
            comments=pl.len(),
            accounts=pl.col("account").n_unique(),
            positive=pl.col("positive").mean(),
            negative=pl.col("negative").mean(),
            generic=pl.col("generic").mean(),
            fit=pl.col("fit").mean(),
        )
        .sort("group_id", nulls_last=True)
        .select(pl.col(name).cast(kind) for name, kind in VOICES.items())
    )


def _texts_of_posts(events: Events) -> pl.Series:
    """Text of every object that its page published here, by code."""
    own = events.frame.filter(pl.Series(publishes(events, events.frame)))
    known = own.drop_nulls("text").unique("object_id", keep="first", maintain_order=True)
    text: np.ndarray = np.full(len(events.names["object_id"]), None, object)
    text[known["object_id"].to_numpy()] = known["text"].to_numpy()
    # As a list: from an array of objects that begins with None, Polars makes no strings.
    return pl.Series(text.tolist(), dtype=pl.String)
