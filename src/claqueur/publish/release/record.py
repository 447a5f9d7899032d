"""The public ``run.json``: what was done and by which rules, by a list of what may be said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from claqueur.model import SMALLEST_SHOWN
from claqueur.publish.release import coarse
from claqueur.publish.release.schema import FORMAT
from claqueur.results import Result

_SETTINGS = {"detect": ("layer", "across_actions"), "groups": ("resolution",)}
"""Settings that may be said: none names an account, a post, a page, a window or a seed."""

_CALIBRATION = ("fewest_occasions", "fewest_days", "blocks_of_days", "splits", "parts", "tolerance")
_ANALYSES = {"calibration": "co_action", "untimed": "co_engagement", "texts": "co_text"}


def public_run(result: Result, weeks: tuple[str | None, str | None]) -> dict[str, Any]:
    """What of a run's record may be published.

    Parameters
    ----------
    weeks
        Mondays of the first and the last week of the data.
    """
    run = result.run
    return {
        "format": FORMAT,
        "claqueur": run["claqueur"],
        "mode": _mode(run),
        "level": _level(run),
        "nulls": _nulls(run),
        "layers": [layer for name, layer in _ANALYSES.items() if run.get(name)],
        "actions": run["events"].get("actions", []),
        "settings": _settings(run),
        "counts": counts(run),
        "refused": _reasons(run["events"].get("refused", [])),
        "set_aside": _reasons(run.get("set_aside", [])),
        "times": _times(run.get("lists")),
        "first_week": weeks[0],
        "last_week": weeks[1],
        "versions": dict(run.get("versions", {})),
    }


def counts(run: Mapping[str, Any]) -> dict[str, Any]:
    """How much was looked at: coarse, and nothing below ten."""
    events = run["events"]
    return {
        "accounts": coarse.accounts(int(events["accounts"])),
        "actions": coarse.actions(int(events["kept"])),
        "posts": coarse.actions(int(events["objects"])),
        "pages": events.get("pages"),
    }


def _mode(run: Mapping[str, Any]) -> str:
    if run.get("compat"):
        return f"weights of {run['compat']}, without an error rate"
    if any(run.get(name) for name in _ANALYSES):
        return "calibrated"
    return "thresholds, without an error rate" if run.get("networks") else "counts alone"


def _level(run: Mapping[str, Any]) -> float | None:
    levels = [run[name]["level"] for name in _ANALYSES if run.get(name) and "level" in run[name]]
    return max(levels, default=None)


def _nulls(run: Mapping[str, Any]) -> dict[str, str]:
    """What each null keeps, in words."""
    return {
        str(name): str(keeps)
        for analysis in _ANALYSES
        for name, keeps in ((run.get(analysis) or {}).get("nulls") or {}).items()
    }


def _settings(run: Mapping[str, Any]) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    for table, names in _SETTINGS.items():
        given = run["settings"].get(table, {})
        chosen |= {name: given[name] for name in names if name in given}
    test = run.get("calibration") or {}
    return chosen | {name: test[name] for name in _CALIBRATION if name in test}


def _reasons(entries: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Reasons with about how many rows; never which rows."""
    return [
        {"reason": str(entry["reason"]), "rows": coarse.actions(int(entry["rows"]))}
        for entry in entries
        if int(entry["rows"]) >= SMALLEST_SHOWN
    ]


def _times(lists: Mapping[str, Any] | None) -> dict[str, Any]:
    """How well times are known."""
    if lists is None:
        return {"exact": True}
    kinds = ("exact", "interval", "unknown")
    return {name: coarse.actions(int(lists[name])) for name in kinds if lists.get(name) is not None}
