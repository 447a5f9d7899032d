"""What is judged: anything with a name that turns events into accounts and groups."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Protocol

import polars as pl

from claqueur.pipeline import detect
from claqueur.results import Result

FOUND = pl.Schema(
    {
        "account_id": pl.String(),
        "score": pl.Float64(),
        "flagged": pl.Boolean(),
        "group_id": pl.Int64(),
    }
)
"""One row: an account a method says something about, once for each group it is in.

A higher ``score`` is more suspicious; accounts without a row were not suspected at all.
"""

_BESIDE = (
    *("cli", "cli_collect", "cli_directive", "cli_publish", "collect", "console", "custody"),
    *("custody_check", "demo", "directive", "evaluation", "flags", "interview", "package"),
    *("publication", "publish", "releasing", "reproduction", "review", "supplement", "verify"),
    *("vkserver", "web", "__main__"),
)
"""Parts of the package that do not decide what detection finds."""


class Judged(Protocol):
    """Whatever is judged."""

    @property
    def name(self) -> str:
        """What it is called in tables."""

    @property
    def help(self) -> str:
        """What it does, and with which settings."""

    @property
    def stands_on(self) -> tuple[str, ...]:
        """Packages and modules whose code decides what it finds."""


class Method(Judged, Protocol):
    """A way of finding accounts that act on order."""

    def find(self, events: pl.DataFrame) -> pl.DataFrame:
        """Accounts found among events, in the columns of ``FOUND``."""


@dataclass(frozen=True)
class Ours:
    """Detection as anybody runs it: flagged are members of sustained groups.

    Attributes
    ----------
    options
        Arguments of :func:`claqueur.detect` other than the default.
    """

    options: Mapping[str, Any] = field(default_factory=dict)
    name: str = "claqueur"
    help: str = "the default; flagged are members of groups that are not one-off"
    stands_on: ClassVar[tuple[str, ...]] = ("claqueur",)

    def find(self, events: pl.DataFrame) -> pl.DataFrame:
        """Detect from a file of the events, and nothing but them."""
        with tempfile.TemporaryDirectory(prefix="claqueur-evaluate-") as folder:
            path = Path(folder) / "events.parquet"
            events.write_parquet(path)
            return members_found(detect(path, **self.options))


def members_found(result: Result) -> pl.DataFrame:
    """Members of groups, ranked by p-value (by weight where there is none).

    Flagged are groups that are not one-off; those without times cannot be told apart.
    """
    patterns = result.groups.select("group_id", flagged=pl.col("pattern") != "one-off")
    ranked = pl.coalesce(-pl.col("p_value"), pl.col("weight").cast(pl.Float64))
    return (
        result.accounts.join(patterns, on="group_id", how="left")
        .with_columns(score=ranked, flagged=pl.col("flagged").fill_null(False))
        .select(pl.col(name).cast(kind) for name, kind in FOUND.items())
    )


def fingerprint(method: Judged) -> str:
    """A few digits that change when the code or the settings of a method change."""
    digest = hashlib.sha256(repr(method).encode())
    for package in dict.fromkeys(("claqueur.simulation", *method.stands_on)):
        for path in _deciding(Path(str(import_module(package).__file__))):
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def _deciding(module: Path) -> Iterator[Path]:
    """The file of a module, or all files of a package that decide what is found."""
    if module.name != "__init__.py":
        yield module
        return
    folder = module.parent
    for path in sorted(folder.rglob("*")):
        first = path.relative_to(folder).parts[0].removesuffix(".py")
        if path.suffix in (".py", ".toml", ".txt", ".json") and first not in _BESIDE:
            yield path
