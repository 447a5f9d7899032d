"""Registration before looking: a record frozen at a time, so that it can be shown not to be late.

Every version that is registered is kept whole in ``directives/<name>.registered.json`` and never
rewritten. Its hash covers the record, the time, and the version before it. Of what is restricted
it holds only a commitment: a hash that nobody can guess from, because a random nonce is in it.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from claqueur import custody
from claqueur.atomic import whole_file
from claqueur.directive.hypothesis import Directive, Restricted
from claqueur.directive.reading import parse_directive, read_directive
from claqueur.directive.registration import SELF_DECLARED, Registered, Registration
from claqueur.directive.stamp import Stamp, verify
from claqueur.directive.working import (
    HasDirectives,
    check_name,
    read_working,
    save_working,
    with_restricted,
    working_copy,
)
from claqueur.directive.writing import shared_part
from claqueur.errors import CaseError, SettingError

FORMAT = 1
"""Version of what is frozen."""

_SUFFIX = ".registered.json"
_NONCE_BYTES = 32


def register_directive(case: HasDirectives, name: str, user: str = "") -> Registration:
    """Freeze the record of that name as it is now.

    A random nonce is put into the working copy at the first registration. Beside the frozen
    version, its hash is written as ``<name>.v1.sha256``, the file that a third party can stamp.

    Parameters
    ----------
    user
        Who registers; :func:`claqueur.custody.acting_user` when not given.

    Raises
    ------
    CaseError
        If there is no such record, or it is registered already as it is.
    SettingError
        If it cannot be tested as it is.
    """
    directive = _with_nonce(case, name)
    versions = _load(case, name)
    found = {"directive": shared_part(directive), "commitment": commitment(directive.restricted)}
    last = versions[-1]["frozen"] if versions else {}
    if all(last.get(part) == content for part, content in found.items()):
        raise CaseError(
            f"{name}: is registered already, unchanged, since {last['time']} (version "
            f"{last['version']}); change the record to register another version"
        )
    frozen = {
        "format": FORMAT,
        "version": len(versions) + 1,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "previous": versions[-1]["sha256"] if versions else None,
        "first_import": first_import(case),
        **found,
    }
    entry = {"sha256": _hash(frozen), "stamp": None, "frozen": frozen}
    custody.append(
        case.folder, custody.REGISTERED, user=user, directive=name, version=frozen["version"],
        sha256=entry["sha256"],
    )  # fmt: skip
    _save(case, name, [*versions, entry])
    return _registration(case, name, [*versions, entry])


def stamp_directive(case: HasDirectives, name: str, token: Path, root: Path) -> Registration:
    """Attach a third party's time stamp to the latest version, once it is verified.

    Parameters
    ----------
    token
        The answer (``.tsr``) to a request over ``<name>.v1.sha256``.
    root
        The third party's root certificate in PEM.

    Raises
    ------
    CaseError
        If nothing of that name is registered, or the version has a stamp.
    SettingError
        If the token does not hold, or the extra ``claqueur[timestamp]`` is missing.
    """
    versions = _load(case, name)
    if not versions:
        raise CaseError(f"{name}: is not registered; use `claqueur directive register` first")
    latest = versions[-1]
    number = latest["frozen"]["version"]
    if latest["stamp"]:
        raise CaseError(f"{name}: version {number} is stamped already, by {latest['stamp']['by']}")
    answer, certificate = _bytes(token), _bytes(root)
    stamp = verify(answer, to_be_stamped(latest["sha256"]), certificate)
    kept = {f"{name}.v{number}.tsr": answer, f"{name}.v{number}.tsa.pem": certificate}
    for file, content in kept.items():
        with whole_file(case.directives_folder / file) as work:
            work.write_bytes(content)
    entry = {**latest, "stamp": {**asdict(stamp), "files": _hashes(kept)}}
    custody.append(
        case.folder, custody.STAMPED, directive=name, version=number, sha256=latest["sha256"],
        **asdict(stamp),
    )  # fmt: skip
    _save(case, name, [*versions[:-1], entry])
    return _registration(case, name, [*versions[:-1], entry])


def registered(case: HasDirectives) -> list[Registered]:
    """All registered records, by name: what is to be tested, and how it was registered.

    Raises
    ------
    CaseError
        If what was registered cannot be read, or was altered.
    """
    found = []
    for name in _registered_names(case):
        versions = _load(case, name)
        directive = _directive(versions[-1], name)
        found.append(Registered(name, directive, _registration(case, name, versions)))
    return found


def registered_hashes(case: HasDirectives) -> dict[str, str]:
    """Name of the record by the hash of each version that is registered.

    Raises
    ------
    CaseError
        If what was registered cannot be read, or was altered.
    """
    named = _registered_names(case)
    return {version["sha256"]: name for name in named for version in _load(case, name)}


def _registered_names(case: HasDirectives) -> list[str]:
    found = case.directives_folder.glob(f"[!.]*{_SUFFIX}")
    return sorted(path.name.removesuffix(_SUFFIX) for path in found)


def reverify(case: HasDirectives, name: str) -> Stamp | None:
    """Check the stamp of the latest version again; None where it has none."""
    versions = _load(case, name)
    if not versions or not versions[-1]["stamp"]:
        return None
    # The certificate's name sorts before the token's: name.v1.tsa.pem, name.v1.tsr.
    files = sorted(versions[-1]["stamp"]["files"])
    root, token = (_bytes(case.directives_folder / file) for file in files)
    return verify(token, to_be_stamped(versions[-1]["sha256"]), root)


def first_import(case: HasDirectives) -> str | None:
    """When data first came into the case; None while there are none."""
    return min((str(entry["time"]) for entry in case.imports()), default=None)


def to_be_stamped(sha256: str) -> bytes:
    """Content of the small file that a third party stamps: the hash, and a line's end."""
    return f"{sha256}\n".encode()


def canonical(value: Any) -> str:
    """The one way to write plain values as JSON: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def commitment(restricted: Restricted) -> str:
    """The hash by which what is restricted can be shown later to have been the same.

    SHA-256 over the nonce, as hex digits, and the canonical JSON of the rest.
    """
    rest = {key: value for key, value in asdict(restricted).items() if key != "nonce"}
    return hashlib.sha256((restricted.nonce + canonical(rest)).encode()).hexdigest()


def _hash(frozen: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(frozen).encode()).hexdigest()


def _with_nonce(case: HasDirectives, name: str) -> Directive:
    """The record in the working copy, which gets a nonce if it has none."""
    directive = read_working(case, name)
    if directive.restricted.nonce:
        return directive
    path = working_copy(case, name)
    nonce = secrets.token_hex(_NONCE_BYTES)
    # Saved before anything is frozen: without it the commitment could never be opened.
    save_working(path, with_restricted(path.read_text(encoding="utf-8-sig"), {"nonce": nonce}))
    return replace(directive, restricted=replace(directive.restricted, nonce=nonce))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingError(f"{path}: cannot be read: {error.strerror}; check the path") from None


def _hashes(files: dict[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def _registration(case: HasDirectives, name: str, versions: list[dict[str, Any]]) -> Registration:
    latest, frozen = versions[-1], versions[-1]["frozen"]
    stamp = latest["stamp"] or {"by": SELF_DECLARED, "time": ""}
    began = first_import(case)
    directive = _directive(latest, name)
    late = bool(stamp["time"] and began and _moment(stamp["time"]) > _moment(began))
    return Registration(
        sha256=latest["sha256"],
        time=frozen["time"],
        version=frozen["version"],
        first_time=versions[0]["frozen"]["time"],
        stamp=stamp["by"],
        stamp_time=stamp["time"],
        after_collection=frozen["first_import"] is not None,
        first_import=frozen["first_import"],
        stamped_late=late and frozen["first_import"] is None,
        reworded=any(_directive(each, name) != directive for each in versions),
        working=_working(case, name, directive),
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _working(
    case: HasDirectives, name: str, frozen: Directive
) -> Literal["same", "edited", "gone"]:
    """How the working copy is, beside what is frozen."""
    path = case.directives_folder / f"{name}.toml"
    if not path.exists():
        return "gone"
    try:
        now = replace(read_directive(path, case.zone), restricted=Restricted())
    except SettingError:
        return "edited"
    return "same" if now == frozen else "edited"


def _save(case: HasDirectives, name: str, versions: list[dict[str, Any]]) -> None:
    latest = versions[-1]
    number = latest["frozen"]["version"]
    with whole_file(case.directives_folder / f"{name}.v{number}.sha256") as work:
        work.write_bytes(to_be_stamped(latest["sha256"]))
    with whole_file(case.directives_folder / f"{name}{_SUFFIX}") as work:
        text = json.dumps(versions, indent=2, ensure_ascii=False)
        work.write_text(text + "\n", encoding="utf-8")


def _load(case: HasDirectives, name: str) -> list[dict[str, Any]]:
    """All versions, oldest first, each held against its hash; none where nothing is registered."""
    path = case.directives_folder / f"{check_name(name)}{_SUFFIX}"
    if not path.exists():
        return []
    try:
        versions: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        previous = None
        for number, version in enumerate(versions, 1):
            _check(version, number, previous, path)
            previous = version["sha256"]
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise CaseError(
            f"{path}: is broken ({type(error).__name__}: {error}); restore it from a backup"
        ) from None
    if not versions:
        raise CaseError(f"{path}: is empty; restore it from a backup")
    return versions


def _check(version: dict[str, Any], number: int, previous: str | None, path: Path) -> None:
    frozen = version["frozen"]
    if isinstance(frozen["format"], int) and frozen["format"] > FORMAT:
        raise CaseError(f"{path}: version {number} is of a newer Claqueur; upgrade Claqueur")
    if _hash(frozen) != version["sha256"]:
        wrong = "what is frozen does not match its sha256"
    elif frozen["version"] != number or frozen["previous"] != previous:
        wrong = "it does not follow the version before it"
    else:
        wrong = _altered(version["stamp"], path.parent)
    if wrong:
        raise CaseError(
            f"{path}: version {number} was altered: {wrong}; restore it from a backup, for an "
            "altered registration proves nothing"
        )


def _altered(stamp: dict[str, Any] | None, folder: Path) -> str:
    """What is wrong with the files of a stamp."""
    for name, sha256 in (stamp or {"files": {}})["files"].items():
        path = folder / name
        if not path.is_file():
            return f"{name} is missing"
        if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            return f"{name} is not the file that was verified"
    return ""


def _directive(version: dict[str, Any], name: str) -> Directive:
    """The record that is frozen, without what is restricted."""
    where = f"{name}{_SUFFIX}, version {version['frozen']['version']}"
    try:
        return parse_directive(version["frozen"]["directive"], where)
    except SettingError as error:
        raise CaseError(f"{error}\nrestore the file from a backup") from None
