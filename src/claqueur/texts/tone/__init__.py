"""Tone of comments: positive, neutral or negative. One way of telling it a file."""

from __future__ import annotations

from typing import Protocol

import polars as pl

from claqueur.rooms import members


class Tone(Protocol):
    """A way of telling the tone of a comment."""

    @property
    def name(self) -> str:
        """What it is chosen by."""

    @property
    def help(self) -> str:
        """What it is, in a sentence."""

    def of(self, texts: pl.Series) -> pl.Series:
        """Tone of every text, Int8: 1 positive, 0 neutral, -1 negative.

        Null where there is no text, or nothing in it but links, mentions and punctuation.

        Parameters
        ----------
        texts : (n,) string with nulls
        """


def tones() -> dict[str, Tone]:
    """All ways of telling tone by name."""
    return members("claqueur.texts.tone", "TONE")


def chosen_tone(setting: str) -> Tone:
    """The way of telling tone that a setting names.

    Parameters
    ----------
    setting
        Empty for the built-in lexicon; otherwise a name of :func:`tones`, or the folder of a local
        classifier (:mod:`claqueur.texts.tone.model`).

    Raises
    ------
    SettingError
        If there is no such folder, or what is in it cannot be used.
    """
    from claqueur.texts.tone.model import classifier

    known = tones()
    return known.get(setting or "lexicon") or classifier(setting)
