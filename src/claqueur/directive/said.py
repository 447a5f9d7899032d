"""What comments say, laid beside who wrote them: tone, genericness, copies. Made once a run."""

from __future__ import annotations

import numpy as np
import polars as pl

from claqueur.kernels.co_action import Bool
from claqueur.texts.corpus import Corpus
from claqueur.texts.generic import GENERIC_FROM, genericness_of
from claqueur.texts.rarity import rarity
from claqueur.texts.templates import find_templates, users_of
from claqueur.texts.tone import chosen_tone

FEWEST_PEOPLE = 3
"""Accounts that used a rare template for it to be a copied text."""

SAID = {
    "account": pl.Int64(),
    "post": pl.Int64(),
    "page": pl.Int64(),
    "t_min_ms": pl.Int64(),
    "t_max_ms": pl.Int64(),
    "positive": pl.Boolean(),
    "generic": pl.Boolean(),
    "copied": pl.Boolean(),
}
"""One row: one comment with words of an account on somebody's post."""


def said(comments: pl.DataFrame, posts: pl.Series, tone_model: str) -> pl.DataFrame:
    """What comments are like (``SAID``).

    Parameters
    ----------
    comments
        ``account``, ``post``, ``page``, times, ``text``.
    posts : (n_posts,) string with nulls
        Texts of the posts.
    tone_model
        Empty for the built-in lexicon, or the folder of a classifier.
    """
    corpus, kept = Corpus.of(comments["text"]).spoken()
    own = comments.filter(pl.Series(kept))
    if own.is_empty():
        return pl.DataFrame(schema=SAID)
    tone = chosen_tone(tone_model).of(own["text"])
    post = own["post"].to_numpy()
    generic = genericness_of(corpus, posts.gather(post), post)["generic"]
    return own.with_columns(
        positive=(tone == 1).fill_null(False),
        generic=(generic >= GENERIC_FROM).fill_null(True),
        copied=pl.Series(_copied(corpus, own["account"])),
    ).select(pl.col(name).cast(kind) for name, kind in SAID.items())


def _copied(corpus: Corpus, account: pl.Series) -> Bool:
    """Whether each comment was made from a rare text that several people used."""
    templates = find_templates(corpus)
    rare = rarity(corpus, templates).rare
    own = templates.of_form[corpus.form]
    users = users_of(own, account).filter(pl.col("accounts") >= FEWEST_PEOPLE)
    # The last one is for what was made from no template, which is numbered -1.
    several = np.zeros(len(templates) + 1, bool)
    several[users["template"].to_numpy()] = True
    found: Bool = (several & np.append(rare, False))[own]
    return found
