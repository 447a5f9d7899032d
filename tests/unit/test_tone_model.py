"""Classifiers of one's own: tiny ones, trained here, and what is wrong with a folder."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from onnx import TensorProto
from tests.tone_folders import NAMES, TRAINING, configure, save_onnx, tokenizer

from claqueur.errors import SettingError
from claqueur.texts.tone import chosen_tone
from claqueur.texts.tone.labels import most_tokens, tones_of
from claqueur.texts.tone.model import BATCH, Classifier


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return save_onnx(tmp_path_factory.mktemp("tone") / "tiny")


def refusal(folder: object) -> str:
    with pytest.raises(SettingError) as raised:
        chosen_tone(str(folder)).of(pl.Series(["концерт"]))
    return str(raised.value)


def test_a_trained_classifier_tells_what_it_learnt(folder):
    tone = chosen_tone(str(folder))
    assert tone.name == "tiny"
    expected = [label - 1 for label in TRAINING.values()]
    assert tone.of(pl.Series(list(TRAINING))).to_list() == expected
    assert tone.of(pl.Series(["Молодцы!!!", "ОБМАН"])).to_list() == [1, -1]


def test_nothing_said_has_no_tone(folder):
    texts = pl.Series([None, "", "https://vk.com/x", "[id1|Иван], ", "спасибо", "..."])
    found = chosen_tone(str(folder)).of(texts)
    assert (found.dtype, found.to_list()) == (pl.Int8, [None, None, None, None, 1, None])
    assert chosen_tone(str(folder)).of(pl.Series([], dtype=pl.String)).to_list() == []
    assert chosen_tone(str(folder)).of(pl.Series([None, None])).to_list() == [None, None]


def test_batches_change_nothing(folder):
    rng = np.random.default_rng(0)
    words = [word for text in TRAINING for word in text.split()]
    texts = [" ".join(rng.choice(words, rng.integers(1, 30))) for _ in range(3 * BATCH + 5)]
    tone = chosen_tone(str(folder))
    alone = [tone.of(pl.Series([text]))[0] for text in texts]
    assert tone.of(pl.Series(texts)).to_list() == alone
    assert len(set(alone)) == 3


@dataclass
class Listener:
    """Finds nothing, and keeps what it was given."""

    heard: list[str]

    def scores(self, texts: Sequence[str]) -> np.ndarray:
        self.heard += texts
        return np.zeros((len(texts), 1), np.float32)


def test_each_text_is_read_once_as_people_see_it(tmp_path):
    listener = Listener([])
    tone = Classifier(tmp_path, listener, np.array([1], np.int8))
    assert tone.of(pl.Series(["[id1|Иван], спасибо", "ура", "ура"])).to_list() == [1, 1, 1]
    assert sorted(listener.heard) == ["Иван, спасибо", "ура"]


def test_long_texts_are_cut_to_the_places_there_are(folder):
    configure(folder, id2label=NAMES, max_position_embeddings=7)
    tone = chosen_tone(str(folder))
    configure(folder, id2label=NAMES)
    assert tone.of(pl.Series(["спасибо " * 5 + "обман " * 50])).to_list() == [1]
    assert [most_tokens({}), most_tokens({"max_position_embeddings": 514})] == [256, 256]


def test_other_whole_numbers_are_taken(tmp_path):
    tone = chosen_tone(str(save_onnx(tmp_path / "small", kind=TensorProto.INT32)))
    assert tone.of(pl.Series(["спасибо", "обман"])).to_list() == [1, -1]


@pytest.mark.parametrize(
    ("names", "tones"),
    [
        ({"0": "POSITIVE", "1": "NEGATIVE"}, [1, -1]),
        ({"0": "NEG", "1": "neu", "2": "Pos"}, [-1, 0, 1]),
        ({"0": "very_negative", "1": "Very Positive"}, [-1, 1]),
        ({str(n): f"{n + 1} star{'s' * (n > 0)}" for n in range(5)}, [-1, -1, 0, 1, 1]),
    ],
)
def test_names_that_classifiers_use(names, tones):
    assert tones_of({"id2label": names}, Path("config.json")).tolist() == tones


def test_names_without_meaning_need_a_mapping(tmp_path):
    names = {"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"}
    made = save_onnx(tmp_path / "unnamed", names)
    assert "what LABEL_0, LABEL_1, LABEL_2 means" in refusal(made)
    meanings = {"LABEL_0": "negative", "LABEL_1": "neutral", "LABEL_2": "positive"}
    configure(made, id2label=names, claqueur_tones=meanings)
    assert chosen_tone(str(made)).of(pl.Series(["спасибо", "обман"])).to_list() == [1, -1]


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({}, "has no id2label"),
        ({"id2label": {}}, "has no id2label"),
        ({"id2label": {"0": "negative", "2": "positive"}}, "must number the outputs from 0"),
        ({"id2label": {"0": "negative", "1": "toxic"}}, "what toxic means"),
        ({"id2label": {"0": "negative", "1": "neutral"}}, "is positive"),
        ({"id2label": {"0": "LABEL_0"}, "claqueur_tones": "positive"}, "must be a table"),
        ({"id2label": {"0": "negative", "1": "positive"}}, "names 2 outputs"),
    ],
)
def test_configurations_that_are_refused(tmp_path, config, said):
    made = save_onnx(tmp_path / "made")
    configure(made, **config)
    assert said in refusal(made)


def test_what_is_missing_is_named(tmp_path):
    assert "no such folder" in refusal("cardiffnlp/some-model")
    assert "model hub" in refusal("cardiffnlp/some-model")
    made = save_onnx(tmp_path / "made")
    assert f"give the folder it is in: {made}" in refusal(made / "model.onnx")
    (made / "tokenizer.json").rename(made / "kept.json")
    assert "no tokenizer.json" in refusal(made)
    (made / "config.json").write_text("[]")
    assert "JSON object" in refusal(made)
    (made / "config.json").write_text("{")
    assert "as JSON" in refusal(made)
    (made / "config.json").unlink()
    assert "no config.json" in refusal(made)
    (made / "model.onnx").unlink()
    assert "neither model.onnx nor" in refusal(made)
    assert "kept.json" in refusal(made)


def test_files_of_another_kind_are_refused(tmp_path):
    made = save_onnx(tmp_path / "made")
    (made / "model.onnx").write_bytes(b"not a model")
    assert "cannot be read" in refusal(made)
    save_onnx(made)
    (made / "tokenizer.json").write_text("{}")
    assert "cannot be read" in refusal(made)
    save_onnx(made, mask="pixels")
    assert "asks for pixels" in refusal(made)


@pytest.mark.parametrize("library", ["onnxruntime", "tokenizers"])
def test_a_missing_extra_is_named(folder, monkeypatch, library):
    monkeypatch.setitem(sys.modules, library, None)
    assert f"needs {library}, which is not installed" in refusal(folder)
    assert "pip install 'claqueur[tone]'" in refusal(folder)


def test_the_extra_of_transformers_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    configure(tmp_path, id2label=NAMES)
    (tmp_path / "model.safetensors").write_bytes(b"")
    assert "needs torch" in refusal(tmp_path)
    assert "pip install 'claqueur[transformers]'" in refusal(tmp_path)


def test_a_folder_of_transformers_is_read(tmp_path):
    reason = "needs torch and transformers, an extra of 1 GB; NOT TESTED HERE"
    torch = pytest.importorskip("torch", reason=reason)
    library = pytest.importorskip("transformers", reason=reason)
    words = library.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer(), pad_token="[PAD]", unk_token="[UNK]"
    )
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_attention_heads": 2}
    config = library.BertConfig(
        **sizes, num_hidden_layers=1, max_position_embeddings=32, vocab_size=words.vocab_size,
        id2label={int(number): name for number, name in NAMES.items()},
    )  # fmt: skip
    model = library.BertForSequenceClassification(config)
    steps = torch.optim.Adam(model.parameters(), 1e-2)
    for _ in range(60):
        batch = words(list(TRAINING), padding=True, return_tensors="pt")
        model(**batch, labels=torch.tensor(list(TRAINING.values()))).loss.backward()
        steps.step()
        steps.zero_grad()
    model.save_pretrained(tmp_path)
    assert "has no tokenizer" in refusal(tmp_path)
    words.save_pretrained(tmp_path)
    expected = [label - 1 for label in TRAINING.values()]
    asked = pl.Series([*TRAINING, None, "спасибо " * 500])
    assert chosen_tone(str(tmp_path)).of(asked).to_list() == [*expected, None, 1]
    assert json.loads((tmp_path / "config.json").read_text())["id2label"] == NAMES
    model.bert.save_pretrained(tmp_path / "bare")
    words.save_pretrained(tmp_path / "bare")
    configure(tmp_path / "bare", **config.to_dict())
    assert "no trained classifier" in refusal(tmp_path / "bare")
