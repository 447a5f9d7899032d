"""Classifiers as ``model.onnx`` with ``tokenizer.json``, by ONNX Runtime: the extra ``tone``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from claqueur.errors import SettingError

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

INPUTS = {
    "input_ids": lambda encoding: encoding.ids,
    "attention_mask": lambda encoding: encoding.attention_mask,
    "token_type_ids": lambda encoding: encoding.type_ids,
}
"""What a classifier may ask for, and where it is found."""

TYPES: dict[str, type[np.integer[Any]]] = {"tensor(int64)": np.int64, "tensor(int32)": np.int32}


@dataclass(frozen=True)
class OnnxFolder:
    """A classifier and its tokenizer.

    Attributes
    ----------
    inputs
        Names of what it asks for, and the type of each.
    """

    session: Any
    tokenizer: Tokenizer
    inputs: dict[str, type[np.integer[Any]]]

    @classmethod
    def of(cls, folder: Path, most: int) -> Self:
        """Read it from a folder; it looks at so many tokens of a text.

        Raises
        ------
        SettingError
            If the extra is not installed, a file is missing or cannot be read, or the classifier
            asks for what a tokenizer does not give.
        """
        runtime, tokenizers = _libraries(folder)
        if not (folder / "tokenizer.json").is_file():
            raise SettingError(
                f"--tone-model {folder}: has no tokenizer.json beside model.onnx; save the "
                "model's fast tokenizer there"
            )
        try:
            tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
            session = runtime.InferenceSession(
                folder / "model.onnx", providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # both libraries raise plain exceptions of their own
            raise SettingError(f"--tone-model {folder}: cannot be read: {error}") from None
        return cls(session, _cut(tokenizer, most), _inputs(session, folder))

    def scores(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """A score for every output, (texts, outputs)."""
        encodings: list[Encoding] = self.tokenizer.encode_batch(list(texts))
        fed = {
            name: np.array([INPUTS[name](encoding) for encoding in encodings], kind)
            for name, kind in self.inputs.items()
        }
        return np.asarray(self.session.run(None, fed)[0], np.float32)


def _libraries(folder: Path) -> tuple[Any, Any]:
    try:
        import onnxruntime
        import tokenizers
    except ImportError as error:
        raise SettingError(
            f"--tone-model {folder}: an ONNX model needs {error.name}, which is not installed; "
            "install it with: pip install 'claqueur[tone]'"
        ) from None
    return onnxruntime, tokenizers


def _cut(tokenizer: Tokenizer, most: int) -> Tokenizer:
    """The same, with long texts cut and short ones filled up to the longest."""
    own = (tokenizer.truncation or {}).get("max_length", most)
    tokenizer.enable_truncation(min(own, most))
    filling = dict(tokenizer.padding or {})
    filling["length"] = None
    tokenizer.enable_padding(**filling)
    return tokenizer


def _inputs(session: Any, folder: Path) -> dict[str, type[np.integer[Any]]]:
    found = {entry.name: entry.type for entry in session.get_inputs()}
    if strange := [name for name in found if name not in INPUTS or found[name] not in TYPES]:
        raise SettingError(
            f"--tone-model {folder}: model.onnx asks for {', '.join(strange)}; it must be a "
            f"classifier of texts that takes {', '.join(INPUTS)} as whole numbers"
        )
    return {name: TYPES[kind] for name, kind in found.items()}
