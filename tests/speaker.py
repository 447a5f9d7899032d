"""Comments of made-up words, and worlds in which some were handed out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

SYLLABLES = [consonant + vowel for consonant in "бвгджзклмнпрст" for vowel in "аеиоуы"]


def vocabulary(rng: np.random.Generator, size: int = 3000) -> list[str]:
    """Words that mean nothing, of one to four syllables each."""
    return ["".join(rng.choice(SYLLABLES, int(rng.integers(1, 5)))) for _ in range(size)]


class Speaker:
    """Says something new each time, in words as frequent as those of a language."""

    def __init__(self, seed: int = 1) -> None:
        self.rng = np.random.default_rng(seed)
        self.words = vocabulary(self.rng)
        rank = np.arange(1, len(self.words) + 1)
        self.share = 1 / rank / (1 / rank).sum()

    def says(self, count: int) -> list[str]:
        """So many words."""
        return [str(word) for word in self.rng.choice(self.words, count, p=self.share)]

    def comment(self) -> str:
        """A comment in words of one's own."""
        return " ".join(self.says(int(self.rng.integers(3, 20))))

    def comments(self, count: int) -> list[str]:
        """So many of them."""
        return [self.comment() for _ in range(count)]

    def paraphrase(self, template: Sequence[str], changed: float) -> str:
        """A copy of a text in which a share of the words was replaced."""
        return " ".join(
            self.says(1)[0] if self.rng.random() < changed else word for word in template
        )

    def paraphrases(self, template: Sequence[str], count: int, changed: float) -> list[str]:
        """So many copies."""
        return [self.paraphrase(template, changed) for _ in range(count)]


START, POSTS, PAGES = 1_600_000_000, 80, 4
SCHEMA = {
    "account_id": pl.String, "action": pl.String, "object_id": pl.String, "owner_id": pl.String,
    "content_id": pl.String, "timestamp": pl.Int64, "text": pl.String,
}  # fmt: skip


class Town:
    """Comments under posts of a few pages, written down one by one."""

    def __init__(self, seed: int = 1) -> None:
        self.speaker = Speaker(seed)
        self.rng = np.random.default_rng([seed, 1])
        self.rows: list[tuple[object, ...]] = []

    def comment(self, account: int, post: int, text: str) -> None:
        """Somebody comments within three days of a post; a post comes every two hours."""
        page = post % PAGES + 1
        moment = START + post * 7200 + int(self.rng.integers(3 * 86_400))
        number = len(self.rows)
        self.rows.append((
            f"5{account:08}", "comment", f"wall-{page}_{post}", f"-{page}",
            f"wall-{page}_{post}_r{number}", moment, text,
        ))  # fmt: skip

    def anywhere(self) -> int:
        """Some post."""
        return int(self.rng.integers(POSTS))

    def organic(self, accounts: Sequence[int], most: int = 6) -> Town:
        """Everybody writes up to so many comments in words of their own."""
        for account in accounts:
            for _ in range(int(self.rng.integers(1, most + 1))):
                self.comment(account, self.anywhere(), self.speaker.comment())
        return self

    def handed_out(
        self, accounts: Sequence[int], texts: int = 6, changed: float = 0.0, words: int = 12
    ) -> Town:
        """Each uses one to four of the texts under different posts; every second also comments."""
        handed = [self.speaker.says(200)[-words:] for _ in range(texts)]
        for account in accounts:
            count = int(self.rng.integers(1, min(texts, 4) + 1))
            posts = self.rng.choice(POSTS, count, replace=False)
            for text, post in zip(self.rng.choice(texts, count, False), posts, strict=True):
                self.comment(account, int(post), self.speaker.paraphrase(handed[text], changed))
        return self.organic(accounts[::2], 4)

    @property
    def events(self) -> pl.DataFrame:
        """The table."""
        return pl.DataFrame(self.rows, schema=SCHEMA, orient="row")
