"""The directive that goes with a scenario, as somebody who holds the document would write it down.

It is a file ``directives/<scenario>.toml`` beside the scenario's own. Whether it is true is the
scenario's secret: some name a wrong date or page, or were never followed.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from claqueur.simulation.pages import Pages
from claqueur.simulation.reading import scenario_path

_POSTS = "target_posts = []"
_REST = "pages = []"


def directive_text(scenario: str | Path, targets: pl.DataFrame, pages: Pages) -> str | None:
    """The scenario's directive as TOML; None where it has none, or names posts and none is there.

    Which posts are named depends on the seed, so empty lists in the file are filled: target posts
    with ``targets``, and pages of controls with all pages on which none of them stands.
    """
    path = scenario_path(scenario)
    file = path.parent / "directives" / path.name
    if not file.exists():
        return None
    named = set(targets["owner_id"])
    others = [page for page in pages.ids if page not in named]
    text = file.read_text(encoding="utf-8")
    if _POSTS in text and targets.is_empty():
        return None
    text = text.replace(_POSTS, f"target_posts = {_listed(targets['object_id'].to_list())}")
    return text.replace(_REST, f"pages = {_listed(others)}")


def _listed(ids: list[str]) -> str:
    lines = "".join(f'\n  "{each}",' for each in ids)
    return f"[{lines}\n]" if ids else "[]"
