"""Claqueur finds, tests and documents ordered engagement on social media.

>>> import claqueur
>>> result = claqueur.detect("likes.csv", window="60s", min_objects=5)  # doctest: +SKIP
>>> result.groups  # doctest: +SKIP
>>> claqueur.save_chart(claqueur.draw(result, "matrix", 1), "group-1.svg")  # doctest: +SKIP
>>> claqueur.write(result, "out")  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from claqueur._version import __version__
from claqueur.errors import (
    CaseError,
    ClaqueurError,
    EngineError,
    InputError,
    ReleaseError,
    RunError,
    SettingError,
    SourceError,
)

if TYPE_CHECKING:
    from claqueur.case import create_case, open_case
    from claqueur.directive.reading import read_directive
    from claqueur.directive.register import register_directive
    from claqueur.directive.suggest import suggest_directive
    from claqueur.engines.spark import SparkEngine, spark_engine
    from claqueur.pipeline import add, detect, report_run, run_case, write
    from claqueur.publication import publish_run
    from claqueur.publish.charts import draw, save_chart
    from claqueur.publish.export import export_network
    from claqueur.publish.privacy import case_pseudonyms
    from claqueur.reproduction import reproduce
    from claqueur.results import Result
    from claqueur.simulation import simulate

_LAZY = {
    "add": "claqueur.pipeline",
    "case_pseudonyms": "claqueur.publish.privacy",
    "create_case": "claqueur.case",
    "detect": "claqueur.pipeline",
    "draw": "claqueur.publish.charts",
    "export_network": "claqueur.publish.export",
    "open_case": "claqueur.case",
    "publish_run": "claqueur.publication",
    "read_directive": "claqueur.directive.reading",
    "register_directive": "claqueur.directive.register",
    "Result": "claqueur.results",
    "SparkEngine": "claqueur.engines.spark",
    "report_run": "claqueur.pipeline",
    "reproduce": "claqueur.reproduction",
    "run_case": "claqueur.pipeline",
    "save_chart": "claqueur.publish.charts",
    "simulate": "claqueur.simulation",
    "spark_engine": "claqueur.engines.spark",
    "suggest_directive": "claqueur.directive.suggest",
    "write": "claqueur.pipeline",
}

__all__ = [
    "CaseError",
    "ClaqueurError",
    "EngineError",
    "InputError",
    "ReleaseError",
    "Result",
    "RunError",
    "SettingError",
    "SourceError",
    "SparkEngine",
    "__version__",
    "add",
    "case_pseudonyms",
    "create_case",
    "detect",
    "draw",
    "export_network",
    "open_case",
    "publish_run",
    "read_directive",
    "register_directive",
    "report_run",
    "reproduce",
    "run_case",
    "save_chart",
    "simulate",
    "spark_engine",
    "suggest_directive",
    "write",
]


def __getattr__(name: str) -> Any:
    # Loaded on first use: `claqueur --help` must not wait for compilers and table engines.
    if name not in _LAZY:
        raise AttributeError(f"module 'claqueur' has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)
