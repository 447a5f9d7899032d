"""How long clustering takes: `python -m bench.comments [--comments 1000000] [--peer]`.

With `--peer`, near-duplicates of 20,000 of them are found by ours and by datasketch in turn.

Comments are drawn word by word from how words follow each other in real ones (the data folder
beside the repository), so that hardly two are the same; one in ten is a copy of one of 2,000
texts, as it stands or with words changed.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time

import numpy as np
import polars as pl

from bench.scenario_pictures import SHARED
from claqueur.texts.corpus import Corpus
from claqueur.texts.near import BANDS, ROWS, SIMILAR, similar_pairs
from claqueur.texts.rarity import rarity
from claqueur.texts.templates import find_templates

COPIES, HANDED_OUT, CHANGED = 0.1, 2_000, 0.3
CHUNK = 50_000


def made_up(count: int, seed: int = 1) -> pl.Series:
    """So many comments."""
    real = pl.read_parquet(SHARED / "data" / "vk_comments" / "comments.parquet")[
        "text"
    ].drop_nulls()
    rng = np.random.default_rng(seed)
    words, begins, follows, start = _chain(real)
    length = rng.choice(real.str.split(" ").list.len().clip(1, 60).to_numpy(), count)
    parts = []
    for low in range(0, count, CHUNK):
        parts += _drawn(words, begins, follows, start, length[low : low + CHUNK], rng)
    handed = parts[:HANDED_OUT]
    for place in rng.choice(count, int(count * COPIES), replace=False):
        copy = str(rng.choice(handed)).split(" ")
        if rng.random() < 0.5:
            copy = [str(rng.choice(words)) if rng.random() < CHANGED else word for word in copy]
        parts[place] = " ".join(copy)
    return pl.Series("text", parts)


def _chain(real: pl.Series) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    lists = real.str.split(" ")
    text = np.repeat(np.arange(len(lists)), lists.list.len().to_numpy())
    every = lists.explode()
    words = every.unique().sort()
    code = words.search_sorted(every).to_numpy().astype(np.int64)
    first = np.r_[True, text[1:] != text[:-1]]
    joined = ~first[1:]
    before, after = code[:-1][joined], code[1:][joined]
    order = np.argsort(before, kind="stable")
    start = np.concatenate([[0], np.cumsum(np.bincount(before, minlength=len(words)))])
    return words.to_numpy(), code[first], after[order], start


def _drawn(
    words: np.ndarray,
    begins: np.ndarray,
    follows: np.ndarray,
    start: np.ndarray,
    length: np.ndarray,
    rng: np.random.Generator,
) -> list[str]:
    drawn = np.zeros((len(length), int(length.max())), np.int64)
    drawn[:, 0] = rng.choice(begins, len(length))
    for step in range(1, drawn.shape[1]):
        last = drawn[:, step - 1]
        many = start[last + 1] - start[last]
        at = start[last] + (rng.random(len(length)) * many).astype(np.int64)
        ended = many == 0
        new = rng.choice(begins, len(length))
        drawn[:, step] = np.where(ended, new, follows[np.minimum(at, len(follows) - 1)])
    return [" ".join(words[row[:own]]) for row, own in zip(drawn, length, strict=True)]


def peer(comments: pl.Series, repeats: int = 3) -> None:
    """Pairs of similarity .7, verified, by ours and by datasketch; medians."""
    from datasketch import MinHash, MinHashLSH

    forms = Corpus.of(comments.head(20_000)).forms

    def theirs() -> set[tuple[int, int]]:
        index, made = MinHashLSH(params=(BANDS, ROWS), num_perm=BANDS * ROWS), []
        sets = [{form[k : k + 5] for k in range(len(form) - 4)} for form in forms]
        for own in sets:
            made.append(MinHash(num_perm=BANDS * ROWS))
            made[-1].update_batch([shingle.encode() for shingle in own])
        pairs = set()
        for number, (own, sketch) in enumerate(zip(sets, made, strict=True)):
            for other in index.query(sketch):
                both = len(own & sets[other])
                if own and both >= SIMILAR * (len(own) + len(sets[other]) - both):
                    pairs.add((other, number))
            index.insert(number, sketch)
        return pairs

    def ours() -> set[tuple[int, int]]:
        a, b = similar_pairs(forms)
        return set(zip(a.tolist(), b.tolist(), strict=True))

    took: dict[str, list[float]] = {"ours": [], "datasketch": []}
    for _ in range(repeats):
        for name, work in (("ours", ours), ("datasketch", theirs)):
            begin = time.perf_counter()
            pairs = work()
            took[name].append(time.perf_counter() - begin)
    one, other = (float(np.median(each)) for each in took.values())
    print(
        f"{len(forms):,} different comments, {len(pairs):,} pairs: ours {one:.2f} s, datasketch "
        f"{other:.2f} s, ratio {other / one:.0f} (medians of {repeats})"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--comments", type=int, default=1_000_000)
    parser.add_argument("--peer", action="store_true")
    asked = parser.parse_args()
    find_templates(Corpus.of(pl.Series(["warm up the compiler", "warm up the compiler now"] * 3)))
    comments = made_up(asked.comments)
    if asked.peer:
        peer(comments)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    begin = time.perf_counter()
    corpus = Corpus.of(comments)
    read = time.perf_counter()
    templates = find_templates(corpus)
    found = time.perf_counter()
    rare = int(rarity(corpus, templates).rare.sum())
    end = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"{len(comments):,} comments, {len(corpus):,} different: {end - begin:.0f} s "
        f"(reading {read - begin:.0f}, clustering {found - read:.0f}, rarity {end - found:.0f}), "
        f"peak {peak:.2f} GB (before: {before:.2f} GB); "
        f"{len(templates):,} templates, {rare:,} rare",
        file=sys.stdout,
    )


if __name__ == "__main__":
    main()
