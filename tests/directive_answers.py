"""Answers on items of directives written by hand, one of every kind."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import polars as pl

from claqueur.directive.curve import EFFECT
from claqueur.results import Result

LIKES = {"test": "aggregates", "measure": "likes", "alone": True, "effect": 1.8, "low": 1.3,
         "high": 2.4, "p_value": 0.001, "page_p": 0.02, "visible": 1.2, "adequate": True,
         "null": "pages are a random choice", "controls": [0.9, 1.0, 1.1, 0.0],
         "numbers": {"source": "counters read after 24 hours", "posts_without": 3}}  # fmt: skip
NEW = {"test": "composition", "measure": "seen nowhere before", "unit": "points", "effect": 0.2,
       "low": 0.1, "high": 0.3, "p_value": 0.0, "visible": 0.08, "adequate": True,
       "null": "a further page like the controls", "controls": [-0.02, 0.03]}  # fmt: skip
PEOPLE = {"test": "participation", "measure": "the targets' pages", "unit": "accounts",
          "effect": None, "p_value": 0.04, "null": "how many posts",
          "numbers": {"at_least": "fewer than 10", "tested": 90, "invented_participants": [
              {"size": 100, "participation": 0.9, "found": 0.4},
              {"size": 200, "participation": 0.9, "found": 0.5},
              {"size": 200, "participation": 0.9, "found": 0.3}]}}  # fmt: skip
ABOUT = {"test": "content", "measure": "posts a day about the event", "effect": 60.0,
         "p_value": 0.0001, "null": "pages are a random choice", "controls": [0.0, 0.0],
         "numbers": {"posts_a_day_before": 0.0, "posts_a_day_after": 0.46}}  # fmt: skip
VIEWS = {"test": "aggregates", "measure": "views", "counts": False, "alone": True, "effect": 1.1,
         "low": 0.9, "high": 1.3, "p_value": 0.3, "null": "pages are a random choice"}  # fmt: skip
MISSING = {"test": "timing", "measure": "in waves", "available": False,
           "why": "fewer than nine in ten actions are known within ten minutes"}  # fmt: skip
CLAIM = {"test": "claimed total", "measure": "claimed", "counts": False, "effect": 0.5,
         "numbers": {"claimed": 4000, "seen": 2000},
         "remarks": ["the claim cannot be true"]}  # fmt: skip


def finding(like: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """One entry of ``tests``, complete."""
    empty = {
        "available": True, "why": "", "statistic": "", "value": None, "effect": None,
        "unit": "ratio", "low": None, "high": None, "level": 0.95, "p_value": None, "null": "",
        "page_p": None, "visible": None, "adequate": False, "counts": True, "alone": False,
        "explained_by": [], "controls": [], "numbers": {}, "remarks": [],
    }  # fmt: skip
    return empty | like | changes


def entry(reason: str, answer: str, *tests: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """One entry of ``directive.json``, complete."""
    return {
        "directive": "minutes",
        "title": "Minutes of a meeting",
        "registration": {"remarks": ["self-declared: it rests on somebody's word"]},
        "item": "3",
        "text": "Обеспечить лайки.",
        "translation": "Supply likes.",
        "language": "ru",
        "issuer": "head of the department",
        "addressed": ["museums", "libraries"],
        "action": ["like"],
        "start": "2019-02-08",
        "end": None,
        "quota": None,
        "causes": [],
        "answer": answer,
        "reason": reason,
        "why": "",
        "p_value": 0.002,
        "p_adjusted": 0.006,
        "family": {"items": 3, "tests": 6, "correction": "Bonferroni, Holm", "level": 0.05},
        "data": {
            "zone": "Asia/Krasnoyarsk", "before": ["2019-01-25", "2019-02-07"],
            "after": ["2019-02-08", "2019-02-17"], "left_out": [["2019-02-14", "2019-02-15"]],
            "earlier_dates": ["2019-02-04"], "target_pages": 2, "target_posts": 0,
            "posts_not_in_data": 0, "posts_after": 40, "control_pages": 4,
            "controls_not_in_data": 1, "undated_posts": 0,
        },
        "tests": list(tests),
        "alternatives": [],
    } | changes  # fmt: skip


APPEAL = {"name": "a standing appeal", "kind": "appeal", "first_day": "2019-02-08",
          "last_day": "2019-03-10", "coincides": True}  # fmt: skip


def every_kind() -> dict[str, dict[str, Any]]:
    """An entry for each reason there is."""
    too = {"explained_by": ["a standing appeal"]}
    quiet = {"p_value": 0.6, "effect": 1.01}
    untested = {"p_value": None, "p_adjusted": None}
    found = [
        entry(
            "who and when", "consistent", finding(LIKES), finding(NEW), finding(PEOPLE),
            finding(VIEWS), finding(MISSING), finding(CLAIM),
            alternatives=[
                {"name": "one half", "test": "composition", "measure": "seen nowhere before",
                 "effect": 0.1, "unit": "points", "p_value": 0.01, "why": ""},
                {"name": "an invented date", "test": "composition", "measure": "in waves",
                 "effect": None, "p_value": None, "why": "too few days"},
            ],
        ),
        entry("institutions published", "consistent", finding(ABOUT), action=["post"], item="1",
              data=entry("", "")["data"] | {"target_pages": 8, "posts_after": None}),
        entry("rise the controls do not share", "consistent", finding(LIKES), finding(MISSING)),
        entry("would have been seen", "no-evidence", finding(LIKES, **quiet), p_value=0.6,
              p_adjusted=1.0),
        entry("not separable", "inconclusive", finding(LIKES, **too), finding(NEW, **too),
              causes=[APPEAL], **untested),
        entry("rise alone", "inconclusive", finding(LIKES), finding(NEW, **quiet)),
        entry("rising before", "inconclusive", finding(LIKES)),
        entry("contaminated controls", "inconclusive",
              finding(LIKES, **quiet, remarks=["contamination: control pages rise (-1005)"])),
        entry("too little to see", "inconclusive",
              finding(LIKES, p_value=0.6, visible=4.0, adequate=False)),
        entry("nothing to test", "inconclusive", finding(MISSING), **untested),
        entry("not testable", "inconclusive", why="the date lies outside the data", data={},
              **untested),
    ]  # fmt: skip
    return {each["reason"]: each for each in found}


def effects(*entries: dict[str, Any]) -> pl.DataFrame:
    """A course of likes that doubles with the date, and nothing seen after the window."""
    start = date(2019, 1, 25)
    rows = [
        {
            "directive": each["directive"], "item": each["item"], "measure": "likes of a post",
            "day": start + timedelta(days=day), "observed": _seen(day), "controls": 10.0,
            "expected": None if day < 3 else 20.0, "low": None if day < 3 else 15.0,
            "high": None if day < 3 else 26.0,
        }
        for each in entries
        for day in range(30)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=EFFECT)


def _seen(day: int) -> float | None:
    return None if day > 23 else 40.0 + day if day >= 14 else 20.0


def answered(result: Result, *entries: dict[str, Any]) -> Result:
    """A run with these answers."""
    return replace(result, others={"effects": effects(*entries)}, directive=list(entries))
