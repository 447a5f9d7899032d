"""Tone by a classifier of your own, from a folder on this computer.

A folder with ``model.onnx``, ``tokenizer.json`` and ``config.json`` is run by ONNX Runtime, one
with weights as Hugging Face's transformers save them by that library. Both are optional. Nothing
is downloaded, and no text leaves the computer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from claqueur.errors import SettingError
from claqueur.texts.normal import emoji, normal
from claqueur.texts.tone.labels import most_tokens, read_config, tones_of

BATCH = 64
"""Texts a classifier takes at a time; they are of like length, so that little is padded."""

LONGEST = 1_000
"""Characters of a text that are handed over; then it is cut by tokens."""

WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin")
"""Files of which transformers needs one."""

_MENTION = re.compile(r"\[[\w.-]*\|([^\]]*)\]")


class Scorer(Protocol):
    """What runs a classifier."""

    def scores(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """A score for every output, (texts, outputs); the highest tells."""


@dataclass(frozen=True)
class Classifier:
    """A local classifier.

    Attributes
    ----------
    folder
        Where it is.
    tones : (outputs,) int8
        What its outputs mean.
    """

    folder: Path
    scorer: Scorer
    tones: NDArray[np.int8]
    help: ClassVar[str] = "A classifier of your own, run on this computer."

    @property
    def name(self) -> str:
        """The name of its folder."""
        return self.folder.resolve().name

    def of(self, texts: pl.Series) -> pl.Series:
        """Tone of every text (see :class:`claqueur.texts.tone.Tone`); each different one once.

        Raises
        ------
        SettingError
            If the classifier has another number of outputs than names for them.
        """
        given = texts.cast(pl.String).rename("text").to_frame()
        asked = [text for text in given["text"].unique().drop_nulls().sort() if _says(text)]
        asked.sort(key=len)
        told = [self._batch(asked[low : low + BATCH]) for low in range(0, len(asked), BATCH)]
        table = pl.DataFrame(
            {"text": asked, "tone": np.concatenate([*told, np.zeros(0, np.int8)])},
            schema={"text": pl.String, "tone": pl.Int8},
        )
        return given.join(table, on="text", how="left", maintain_order="left")["tone"]

    def _batch(self, texts: list[str]) -> NDArray[np.int8]:
        scores = self.scorer.scores([_MENTION.sub(r"\1", text[:LONGEST]) for text in texts])
        if scores.shape != (len(texts), len(self.tones)):
            raise SettingError(
                f"--tone-model {self.folder}: gives scores of shape {scores.shape} for "
                f"{len(texts)} texts, but config.json names {len(self.tones)} outputs; it must be "
                "a classifier of whole texts with as many outputs as id2label has names"
            )
        told: NDArray[np.int8] = self.tones[scores.argmax(axis=1)]
        return told


def classifier(folder: str) -> Classifier:
    """The classifier in a folder.

    Raises
    ------
    SettingError
        If there is no such folder, a file is missing or cannot be used, its outputs have unknown
        names, or the library that runs it is not installed.
    """
    path = Path(folder).expanduser()
    if not path.is_dir():
        raise SettingError(f"--tone-model {folder}: {_no_folder(path)}")
    there = {entry.name for entry in path.iterdir()}
    if not there.intersection(("model.onnx", *WEIGHTS)):
        held = ", ".join(sorted(there)[:10]) or "nothing"
        raise SettingError(
            f"--tone-model {folder}: has neither model.onnx nor {' nor '.join(WEIGHTS)}; it holds "
            f"{held}. Give the folder that a model was saved to"
        )
    config = read_config(path)
    tones = tones_of(config, path / "config.json")
    return Classifier(path, _scorer(path, "model.onnx" in there, most_tokens(config)), tones)


def _scorer(folder: Path, onnx: bool, most: int) -> Scorer:
    """What runs the classifier; its libraries are loaded now."""
    if onnx:
        from claqueur.texts.tone.onnx_folder import OnnxFolder

        return OnnxFolder.of(folder, most)
    from claqueur.texts.tone.transformers_folder import TransformersFolder

    return TransformersFolder.of(folder, most)


def _no_folder(path: Path) -> str:
    if path.is_file():
        return f"is a file; give the folder it is in: {path.parent}"
    return (
        "there is no such folder. A name on a model hub does not do, as nothing is downloaded: "
        "save the model to a folder and give that"
    )


def _says(text: str) -> bool:
    """Whether there is anything to tell a tone from."""
    return bool(normal(text) or emoji(text))
