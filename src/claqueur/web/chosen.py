"""Settings of an import and of a run: as asked, else as ``case.toml`` has them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from claqueur.case import Case
from claqueur.settings import CoAction, Grouping, Reading, Targets, Wording, from_mapping

Plain = dict[str, Any]


def reading(case: Case, given: Plain) -> Reading:
    """How files are read: as asked, else as the case has it."""
    chosen = {name: value for name, value in given.items() if value and name != "map"}
    pairs = tuple(f"{ours}={theirs}" for ours, theirs in (given.get("map") or {}).items())
    own = from_mapping(Reading, {**case.settings.get("read", {}), **chosen}, "how the file is read")
    return replace(own, map=pairs) if pairs else own


def chosen(case: Case, given: Plain) -> tuple[CoAction, Grouping, Targets, Wording]:
    """Settings of a run: as asked, else as ``case.toml`` has them.

    Raises
    ------
    SettingError
        If one cannot be used.
    """
    kinds = {"detect": CoAction, "groups": Grouping, "targets": Targets, "texts": Wording}
    made: list[Any] = [
        from_mapping(
            kind, {**case.settings.get(name, {}), **(given.get(name) or {})}, f"settings [{name}]"
        )
        for name, kind in kinds.items()
    ]  # fmt: skip
    return made[0], made[1], made[2], made[3]
