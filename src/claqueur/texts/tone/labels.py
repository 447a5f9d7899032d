"""What the outputs of a classifier mean: its own names for them, as positive, neutral, negative."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from claqueur.errors import SettingError

NAMES = {
    "positive": 1, "pos": 1, "very positive": 1,
    "neutral": 0, "neu": 0,
    "negative": -1, "neg": -1, "very negative": -1,
}  # fmt: skip
"""Tone by the names that classifiers give it."""

MAPPING = "claqueur_tones"
"""Key of ``config.json`` for what its other names mean."""

MOST_TOKENS = 256
"""Tokens of a text that are looked at at most."""

_STARS = re.compile(r"([1-5]) stars?")


def read_config(folder: Path) -> dict[str, Any]:
    """The ``config.json`` of a classifier.

    Raises
    ------
    SettingError
        If there is none, or it is no JSON object.
    """
    path = folder / "config.json"
    if not path.is_file():
        raise SettingError(
            f"--tone-model {folder}: has no config.json, which says what the classifier's outputs "
            'mean; write one, for example {"id2label": {"0": "negative", "1": "neutral", "2": '
            '"positive"}}'
        )
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise SettingError(f"{path}: cannot be read as JSON: {error}") from None
    if not isinstance(config, dict):
        raise SettingError(f"{path}: must hold a JSON object with id2label, as models come with")
    return config


def most_tokens(config: Mapping[str, Any]) -> int:
    """Tokens of a text that are looked at, unless the tokenizer says fewer.

    Some classifiers keep two of their places for themselves.
    """
    places = config.get("max_position_embeddings")
    return min(MOST_TOKENS, places - 2) if isinstance(places, int) and places > 2 else MOST_TOKENS


def tones_of(config: Mapping[str, Any], where: Path) -> NDArray[np.int8]:
    """Tone of every output of a classifier, (outputs,) int8.

    Its names for them, ``id2label``, may be positive, neutral and negative, or one to five stars,
    of which three are neutral. Others need a table ``claqueur_tones`` in ``config.json``.

    Raises
    ------
    SettingError
        If a name is unknown, outputs are not numbered from 0, or none is positive.
    """
    names = _names(config, where)
    mapping = config.get(MAPPING, {})
    if not isinstance(mapping, dict):
        raise SettingError(f"{where}: {MAPPING} must be a table of names, like {_EXAMPLE}")
    found = [_tone(mapping.get(name, name)) for name in names]
    if unknown := [name for name, tone in zip(names, found, strict=True) if tone is None]:
        raise SettingError(
            f"{where}: does not say what {', '.join(unknown)} means; its outputs are "
            f"{', '.join(names)}. Add {_EXAMPLE} with each of them as positive, neutral or negative"
        )
    if 1 not in found:
        raise SettingError(
            f"{where}: none of the outputs {', '.join(names)} is positive, so it is no classifier "
            "of tone; give another folder"
        )
    return np.array(found, np.int8)


_EXAMPLE = f'"{MAPPING}": {{"LABEL_0": "negative", …}}'


def _names(config: Mapping[str, Any], where: Path) -> list[str]:
    """Names of the outputs in their order."""
    given = config.get("id2label")
    if not isinstance(given, dict) or not given:
        raise SettingError(
            f"{where}: has no id2label, the names of the outputs; add it, for example "
            '"id2label": {"0": "negative", "1": "neutral", "2": "positive"}'
        )
    if set(given) != {str(number) for number in range(len(given))}:
        raise SettingError(
            f"{where}: id2label must number the outputs from 0; it has {', '.join(map(str, given))}"
        )
    return [str(given[str(number)]) for number in range(len(given))]


def _tone(name: object) -> int | None:
    plain = str(name).casefold().replace("_", " ").strip()
    if stars := _STARS.fullmatch(plain):
        return int(np.sign(int(stars[1]) - 3))
    return NAMES.get(plain)
