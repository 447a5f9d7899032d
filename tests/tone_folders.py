"""Tiny classifiers of tone, trained here and saved as folders of files."""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

TRAINING = {
    "молодцы так держать": 2,
    "спасибо за праздник": 2,
    "какой хороший концерт": 2,
    "позор и обман": 0,
    "плохой концерт": 0,
    "опять обман с билетами": 0,
    "когда концерт": 1,
    "где билеты на праздник": 1,
    "концерт в субботу": 1,
}
NAMES = {"0": "negative", "1": "neutral", "2": "positive"}


def tokenizer() -> Tokenizer:
    """Words of the training texts; the first is for filling up, the second for all others."""
    words = sorted({word for text in TRAINING for word in text.split()})
    numbers = {word: number for number, word in enumerate(["[PAD]", "[UNK]", *words])}
    made = Tokenizer(models.WordLevel(numbers, "[UNK]"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return made


def weights(words: Tokenizer, outputs: int = 3) -> np.ndarray:
    """Multinomial logistic regression by gradient descent, (words, outputs) float32."""
    counts = np.zeros((len(TRAINING), words.get_vocab_size()))
    for row, text in zip(counts, TRAINING, strict=True):
        np.add.at(row, words.encode(text).ids, 1)
    wanted = np.eye(outputs)[list(TRAINING.values())]
    found = np.zeros((counts.shape[1], outputs))
    for _ in range(300):
        odds = np.exp(counts @ found)
        found -= 0.3 * counts.T @ (odds / odds.sum(axis=1, keepdims=True) - wanted)
    return found.astype(np.float32)


def graph(table: np.ndarray, kind: int = TensorProto.INT64, mask: str = "attention_mask"):
    """Sum of the rows of a text's words, those it is filled up with left out."""
    inputs = [
        helper.make_tensor_value_info(name, kind, ["texts", "words"])
        for name in ("input_ids", mask)
    ]
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
        helper.make_node("Cast", [mask], ["kept"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["kept", "last"], ["wide"]),
        helper.make_node("Mul", ["rows", "wide"], ["own"]),
        helper.make_node("ReduceSum", ["own", "middle"], ["logits"], keepdims=0),
    ]
    constants = {"table": table, "last": np.array([2]), "middle": np.array([1])}
    made = helper.make_graph(
        nodes,
        "tone",
        inputs,
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["texts", "outputs"])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model


def save_onnx(folder: Path, names: dict[str, str] = NAMES, **options) -> Path:
    """A folder as the extra ``tone`` reads it; options are those of ``graph``."""
    folder.mkdir(exist_ok=True)
    words = tokenizer()
    words.save(str(folder / "tokenizer.json"))
    onnx.save(graph(weights(words), **options), folder / "model.onnx")
    configure(folder, id2label=names)
    return folder


def configure(folder: Path, **config) -> None:
    """Write ``config.json``."""
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
