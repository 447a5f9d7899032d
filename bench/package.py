"""A package of a case of about a million events: built, verified, run again.

``python -m bench.package [--reproduce]`` simulates a city of 54,000 accounts, keeps 20,000 answers
as evidence beside its tables, and publishes one run with a sealed supplement. Measured are the
whole of ``publish`` by its stages, and ``verify`` without and with the supplement.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pyrage import x25519

import claqueur
from bench.data import FOLDER
from claqueur.case import Case, open_case
from claqueur.demo import COLLECTED
from claqueur.evidence_store import EvidenceWriter, Received
from claqueur.package import check_package, check_sealed, sealed_path, unsealed
from claqueur.review import decide, findings
from claqueur.settings import CoAction

ACCOUNTS = 54_000
ANSWERS, LIKERS = 20_000, 100
KEPT = FOLDER / "package"
THRESHOLDS = CoAction(window=("30m",), min_objects=25)


class Stages:
    """How long each stage takes."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._name, self._begin = "", 0.0

    def stage(self, name: str, total: int | None = None) -> None:
        now = time.perf_counter()
        if self._name:
            self.seconds[self._name] = self.seconds.get(self._name, 0) + now - self._begin
        self._name, self._begin = name, now

    def advance(self, steps: int = 1) -> None:
        """Only whole stages are of interest."""

    def note(self, text: str) -> None:
        """Nor is what is noted."""


@contextmanager
def timed(name: str) -> Iterator[None]:
    begin = time.perf_counter()
    yield
    print(f"{name}: {time.perf_counter() - begin:.2f} s")


def made() -> Case:
    """The case, with a reviewed run; made once."""
    if (KEPT / "case").exists():
        return open_case(KEPT / "case")
    shutil.rmtree(KEPT, ignore_errors=True)
    world = claqueur.simulate("krasnoyarsk-2019", seed=1, changes={"population.accounts": ACCOUNTS})
    world.save(KEPT / "world")
    case = claqueur.create_case(KEPT / "work", "A million", read={"timezone": "Asia/Krasnoyarsk"})
    with EvidenceWriter(case.folder / "evidence") as writer:
        for number in range(ANSWERS):
            writer.append(answer(number))
    claqueur.add(case, [KEPT / "world" / f"{name}.parquet" for name in COLLECTED])
    # How it was found does not matter here, and thresholds are quick.
    run = claqueur.run_case(open_case(case.folder), THRESHOLDS)
    keys = [finding.key for finding in findings(claqueur.Result.load(run))]
    decide(case, run, keys, "accepted", "made for a benchmark", "bench")
    case.folder.rename(KEPT / "case")
    return open_case(KEPT / "case")


def answer(number: int) -> Received:
    """An answer as long as a page of a list of likers."""
    ids = [100_000_000 + number * 7919 % 1_000_003 + place for place in range(LIKERS)]
    body = json.dumps({"response": {"count": LIKERS, "items": ids}}).encode()
    params = {"owner_id": "-1001", "item_id": str(number)}
    return Received("likes.getList", params, 1_549_000_000_000 + number, 200, {}, body)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--reproduce", action="store_true", help="also run it again")
    wanted = parser.parse_args()
    case = made()
    package, key = KEPT / "out", KEPT / "key.txt"
    shutil.rmtree(package, ignore_errors=True)
    sealed_path(package).unlink(missing_ok=True)
    identity = x25519.Identity.generate()
    key.unlink(missing_ok=True)
    os.close(os.open(key, os.O_CREAT, 0o600))
    key.write_text(f"{identity}\n")
    stages = Stages()
    with timed("publish"):
        claqueur.publish_run(
            case.folder, package, to_key=[str(identity.to_public())], progress=stages
        )
        stages.stage("")
    for name, seconds in stages.seconds.items():
        print(f"  {name}: {seconds:.2f} s")
    with timed("verify"):
        checked = check_package(package)
    with timed("verify the supplement"), unsealed(sealed_path(package), key) as inside:
        faults = check_sealed(inside, checked.root)
    assert checked.sound, checked.faults
    assert not faults, faults
    print(f"events: {len(case.events() or ()):,}")
    print(f"package: {checked.files} files, {checked.size / 1e6:.2f} MB")
    for path in sorted((package / "data").glob("report.*")):
        print(f"  {path.name}: {path.stat().st_size / 1e6:.2f} MB")
    print(f"supplement: {sealed_path(package).stat().st_size / 1e6:.1f} MB")
    if wanted.reproduce:
        with timed("reproduce"):
            assert claqueur.reproduce(package, sealed_path(package), key).identical


if __name__ == "__main__":
    main()
