"""Classifiers as Hugging Face's transformers save them: the extra ``transformers``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from claqueur.errors import SettingError

VOCABULARIES = (
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "spiece.model",
    "tokenizer.model",
    "sentencepiece.bpe.model",
)
"""Files of which a tokenizer has one; without any, the library makes do with an empty one."""


@dataclass(frozen=True)
class TransformersFolder:
    """A classifier and its tokenizer; ``most`` tokens of a text are looked at."""

    model: Any
    tokenizer: Any
    most: int

    @classmethod
    def of(cls, folder: Path, most: int) -> Self:
        """Read it from a folder; nothing is looked for elsewhere, and no code in it is run.

        Raises
        ------
        SettingError
            If the library is not installed, or the folder holds no classifier it can read.
        """
        library = _library(folder)
        if not any((folder / name).is_file() for name in VOCABULARIES):
            raise SettingError(
                f"--tone-model {folder}: has no tokenizer ({', '.join(VOCABULARIES)}); save that "
                "of the model there too"
            )
        local = {"local_files_only": True, "trust_remote_code": False}
        try:
            tokenizer = library.AutoTokenizer.from_pretrained(folder, **local)
            model, found = library.AutoModelForSequenceClassification.from_pretrained(
                folder, output_loading_info=True, **local
            )
        except Exception as error:  # the library raises many kinds
            raise SettingError(f"--tone-model {folder}: cannot be read: {error}") from None
        if missing := sorted(found["missing_keys"]):
            raise SettingError(
                f"--tone-model {folder}: is no trained classifier, as its weights lack "
                f"{', '.join(missing[:3])}; give the folder of a model for text classification"
            )
        return cls(model.eval(), tokenizer, min(int(tokenizer.model_max_length), most))

    def scores(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """A score for every output, (texts, outputs)."""
        import torch

        encoded = self.tokenizer(
            list(texts), padding=True, truncation=True, max_length=self.most, return_tensors="pt"
        )
        with torch.inference_mode():
            found = self.model(**encoded).logits
        return np.asarray(found.float().numpy(), np.float32)


def _library(folder: Path) -> Any:
    # Read when the library is imported; local_files_only is the first lock, this the second.
    os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        import torch  # noqa: F401
        import transformers
    except ImportError as error:
        raise SettingError(
            f"--tone-model {folder}: needs {error.name}, which is not installed; install it with: "
            "pip install 'claqueur[transformers]', or save the model as model.onnx"
        ) from None
    return transformers
