"""Packages for tests, and whoever gets their supplements."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyrage import x25519

from claqueur.package import About, Built, build

ABOUT = About(
    "Krasnoyarsk 2019", "Aggregates of groups.", "2026-02-03", software={"claqueur": "0.1.0"}
)
PAYLOAD = {
    "release/release.json": b'{"k": 10}\n',
    "release/tables/groups.csv": b"group,size\n1,57\n",
    "report.en.html": b"<!doctype html><title>Report</title>",
}
SEALED: dict[str, Any] = {
    "case/case.toml": b"format = 1\n",
    "case/evidence/index.ndjson": b'{"n":0}\n{"n":1}\n',
    "run/accounts.parquet": b"PAR1" + bytes(3000),
    "run/groups.parquet": bytes(1024),
    "empty": b"",
}


@dataclass(frozen=True)
class Recipient:
    """A public key, and the file with the secret one."""

    public: str
    file: Path


def recipient(folder: Path, name: str = "key.txt") -> Recipient:
    identity = x25519.Identity.generate()
    file = folder / name
    file.touch(mode=0o600)
    file.write_text(f"# public key: {identity.to_public()}\n{identity}\n")
    return Recipient(str(identity.to_public()), file)


def packed(folder: Path, **changes: Any) -> Built:
    given = {"about": ABOUT, "sealed": SEALED, "key": bytes(range(32)), **changes}
    return build(folder / "package", given.pop("payload", PAYLOAD), **given)


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
