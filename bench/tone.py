"""Tone against labels given by hand: `python -m bench.tone [--speed] [--model FOLDER]`.

The labels are in `tests/golden/`, by the row of the comment in the data folder beside the
repository; there is no text in them. `drawn` and `drawn_generic` say how the rows were drawn.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bench.scenario_pictures import COMMENTS
from claqueur.evaluation.intervals import chance_interval
from claqueur.texts.generic import genericness
from claqueur.texts.normal import words
from claqueur.texts.tone import Tone, chosen_tone

GOLDEN = Path(__file__).parent.parent / "tests" / "golden"
LABELS, GENERIC_LABELS = GOLDEN / "tone_labels.csv", GOLDEN / "generic_labels.csv"
TONES = {1: "positive", 0: "neutral", -1: "negative"}

SEED = 20190208
SIZES = {"development": 320, "test": 420, "words": 100, "form": 80}
WORDS = "спасиб|молодц|молодец|красив|поздравл|👍|❤|👏"
LONGEST_FORM = 80
"""Characters of a comment in the sample by form, which has ! and no ?."""

BASE_RATES = (0.02, 0.05, 0.1, 0.2, 0.5)


def drawn(texts: pl.Series) -> dict[str, NDArray[np.int64]]:
    """Rows of the samples: two at random, then of the rest some by words, some by form."""
    filled = texts.str.strip_chars().str.len_chars().fill_null(0).to_numpy() > 0
    said = texts.str.to_lowercase().str.contains(WORDS).fill_null(False).to_numpy()
    short = texts.str.len_chars().fill_null(0).to_numpy() <= LONGEST_FORM
    called = texts.str.contains("!", literal=True) & ~texts.str.contains("?", literal=True)
    form = short & called.fill_null(False).to_numpy()
    order = np.random.default_rng(SEED).permutation(np.flatnonzero(filled))
    development, test, rest = np.split(order, np.cumsum([SIZES["development"], SIZES["test"]]))
    by_words = rest[said[rest]][: SIZES["words"]]
    by_form = np.array([row for row in rest[form[rest]] if row not in by_words])[: SIZES["form"]]
    return {"development": development, "test": test, "words": by_words, "form": by_form}


@dataclass(frozen=True)
class Score:
    """How a way of telling tone does on one sample.

    Attributes
    ----------
    table : (3, 3)
        Comments by label (rows: positive, neutral, negative) and by what was told.
    silent
        Comments of nothing but links and mentions, left out.
    """

    table: NDArray[np.int64]
    silent: int

    @property
    def accuracy(self) -> float:
        return float(np.trace(self.table) / self.table.sum())

    @property
    def macro_f1(self) -> float:
        return _macro_f1(self.table)

    def macro_f1_interval(self, draws: int = 2000) -> tuple[float, float]:
        """95% interval, by drawing as many comments again and again."""
        chances = self.table.ravel() / self.table.sum()
        tables = np.random.default_rng(SEED).multinomial(self.table.sum(), chances, draws)
        found = [_macro_f1(table.reshape(3, 3)) for table in tables]
        low, high = np.quantile(found, [0.025, 0.975])
        return float(low), float(high)

    def precision(self, tone: int = 1) -> tuple[float, float, float]:
        """Share of those told to be so that are, with its 95% interval."""
        column = self.table[:, 1 - tone]
        return chance_interval(int(column[1 - tone]), int(column.sum()))

    def recall(self, tone: int = 1) -> tuple[float, float, float]:
        """Share of those that are so that are told to be, with its 95% interval."""
        row = self.table[1 - tone]
        return chance_interval(int(row[1 - tone]), int(row.sum()))

    def false_positive(self) -> tuple[float, float, float]:
        """Share of neutral and negative comments that are told to be positive."""
        others = self.table[1:]
        return chance_interval(int(others[:, 0].sum()), int(others.sum()))


def _macro_f1(table: NDArray[np.int64]) -> float:
    sums = table.sum(axis=0) + table.sum(axis=1)
    return float(np.mean(2 * np.diag(table) / np.maximum(sums, 1)))


def score(tone: Tone, sample: str) -> Score:
    """Score a way of telling tone on a sample."""
    labels = pl.read_csv(LABELS).filter(pl.col("sample") == sample)
    texts = pl.read_parquet(COMMENTS, columns=["text"])["text"]
    told = tone.of(texts.gather(labels["row"]))
    pairs = pl.DataFrame({"label": labels["label"], "told": told}).drop_nulls()
    table = np.zeros((3, 3), np.int64)
    np.add.at(table, (1 - pairs["label"].to_numpy(), 1 - pairs["told"].to_numpy()), 1)
    return Score(table, labels.height - pairs.height)


def show(sample: str, found: Score) -> None:
    count = int(found.table.sum())
    print(f"\n{sample}: {count} comments, {found.silent} more without words or emoji left out")
    print(f"  {'label':10}" + "".join(f"{f'told {name}':>15}" for name in TONES.values()))
    for name, row in zip(TONES.values(), found.table, strict=True):
        print(f"  {name:10}" + "".join(f"{value:15}" for value in row))
    for tone, name in TONES.items():
        precision, recall = _text(found.precision(tone)), _text(found.recall(tone))
        print(f"  {name}: precision {precision}, recall {recall}")
    low, high = found.macro_f1_interval()
    print(
        f"  accuracy {found.accuracy:.2f}, macro F1 {found.macro_f1:.2f} ({low:.2f} to {high:.2f})"
    )


def show_base_rates(found: Score) -> None:
    """What precision would be where positive comments are rarer or more frequent."""
    recall, wrong = found.recall()[0], found.false_positive()
    print(f"\nneutral or negative, told to be positive: {_text(wrong)}")
    for rate in BASE_RATES:
        right, false = rate * recall, (1 - rate) * wrong[0]
        print(f"  where {rate:.0%} are positive, precision {right / (right + false):.2f}")


def drawn_generic(texts: pl.Series, count: int = 150) -> list[int]:
    """Rows labelled for genericness: of two words at least, and in none of the other samples."""
    filled = np.flatnonzero(texts.str.len_chars().fill_null(0).to_numpy() > 0)
    rest = np.setdiff1d(filled, np.concatenate(list(drawn(texts).values())))
    order = np.random.default_rng(SEED + 1).permutation(rest)
    return [int(row) for row in order[: 2 * count] if len(words(texts[int(row)])) > 1][:count]


def generic_auc() -> tuple[float, float, int]:
    """How often a comment labelled generic comes out above another, and how often a shorter text
    does; the posts are not known, so that only how rare words are is measured. And how many are
    labelled generic.
    """
    labels = pl.read_csv(GENERIC_LABELS)
    texts = pl.read_parquet(COMMENTS, columns=["text"])["text"]
    generic = labels["label"].to_numpy() == 1
    told = genericness(texts)["generic"].gather(labels["row"]).to_numpy()
    short = -texts.gather(labels["row"]).str.len_chars().cast(pl.Int64).to_numpy()
    return _auc(told, generic), _auc(short, generic), int(generic.sum())


def _auc(values: NDArray[np.generic], positive: NDArray[np.bool_]) -> float:
    above = np.subtract.outer(values[positive], values[~positive])
    return float((above > 0).mean() + (above == 0).mean() / 2)


def _text(interval: tuple[float, float, float]) -> str:
    share, low, high = interval
    return f"{share:.2f} ({low:.2f} to {high:.2f})"


def speed(count: int = 1_000_000) -> None:
    """CPU time for a million comments, the real ones over and over with a number at the end."""
    table = pl.read_parquet(COMMENTS, columns=["text", "media", "datetime"])
    rows = np.arange(count) % table.height
    texts = table["text"].gather(rows) + pl.Series(np.arange(count)).cast(pl.String)
    posts = (np.random.default_rng(SEED).random(count) * count / 50).astype(np.int64)
    begin = time.process_time()
    chosen_tone("").of(texts)
    print(f"\ntone of {count:,} comments: {time.process_time() - begin:.0f} s of CPU")
    begin = time.process_time()
    genericness(texts, None, posts)
    print(f"genericness of {count:,} comments: {time.process_time() - begin:.0f} s of CPU")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="", help="folder of a local classifier")
    parser.add_argument("--speed", action="store_true", help="also a million comments")
    options = parser.parse_args()
    tone = chosen_tone(options.model)
    print(f"{tone.name}: {tone.help}")
    for sample in SIZES:
        found = score(tone, sample)
        show(sample, found)
        if sample == "test":
            show_base_rates(found)
    told, short, count = generic_auc()
    print(
        f"\ngeneric: AUC {told:.2f}, that of shorter texts {short:.2f}; {count} of 150 are generic"
    )
    if options.speed:
        speed()


if __name__ == "__main__":
    main()
