"""What tests share: where the data folder is, a key folder of their own, small tables."""

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest

from claqueur import model
from tests.authorities import make_authority
from tests.command_line import CommandLine

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("CLAQUEUR_SHARED", ROOT.parent / "shared"))
SCHEMAS = {
    "pairs": model.PAIRS,
    "accounts": model.ACCOUNTS,
    "groups": model.GROUPS,
    "evidence": model.EVIDENCE,
    "activity": model.ACTIVITY,
    "rhythm": model.RHYTHM,
    "curves": model.CURVES,
}
"""Tables every result has, with or without times, calibrated or not."""


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data; tests that need it are skipped, loudly, where it is missing."""
    data = SHARED / "data"
    if not data.is_dir():
        pytest.skip(f"needs the real data in {data} (set CLAQUEUR_SHARED); NOT TESTED HERE")
    return data


@pytest.fixture(autouse=True, scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the keys of test cases out of the user's data folder."""
    os.environ["CLAQUEUR_KEYS"] = str(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A time-stamping authority of our own, made by openssl."""
    if not shutil.which("openssl"):
        pytest.skip("needs openssl to make a time-stamping authority; TIME STAMPS NOT TESTED HERE")
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def claqueur(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[CommandLine]:
    """The command line."""
    monkeypatch.setenv("COLUMNS", "100")
    yield CommandLine(monkeypatch, capsys)
    log = logging.getLogger("claqueur")
    for handler in list(log.handlers):
        log.removeHandler(handler)
        handler.close()


@pytest.fixture
def csv(tmp_path: Path) -> Callable[[str], Path]:
    """A CSV file with the given text."""

    def write(text: str, name: str = "events.csv") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


START = 1_600_000_000


def lockstep_table(accounts: int = 12, objects: int = 8, crowd: int = 200) -> pl.DataFrame:
    """A planted group: ``accounts`` act on ``objects`` ten seconds apart, amid a crowd."""
    rows = [
        (f"7000000{i:02}", f"wall-1_{o}", START + o * 90_000 + 10 * i)
        for o in range(objects)
        for i in range(accounts)
    ]
    rows += [
        (
            f"8000{i:05}",
            f"wall-1_{(i * 7 + k) % objects}",
            START + (i * 7919 + k * 40_000) % 700_000,
        )
        for i in range(crowd)
        for k in range(3)
    ]
    return pl.DataFrame(rows, schema=["account_id", "object_id", "timestamp"], orient="row")
