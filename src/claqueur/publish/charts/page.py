"""Charts in a page that opens offline and lets no text of the data become part of the page."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any

import altair as alt
import vl_convert

VEGA_LITE = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])
"""Version of Vega-Lite the specs are written in, as vl-convert names it."""
_DRAW = """
const spec = JSON.parse(document.getElementById("spec").textContent);
vegaEmbed("#chart", spec, { mode: "vega-lite", ast: true, actions: false, renderer: "svg" });
"""


def chart_page(spec: dict[str, Any], title: str) -> str:
    """One chart as an HTML file that needs nothing else."""
    scripts = [vega_script(), _DRAW]
    page = Template((files(__package__) / "page.html").read_text(encoding="utf-8"))
    return page.substitute(
        title=html.escape(title),
        policy=html.escape(policy(scripts)),
        spec=json_text(spec),
        vega=scripts[0],
        draw=scripts[1],
    )


def json_text(value: Any) -> str:
    """JSON that may stand inside a script element: no text in it can close the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for sign in "&<>":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


@cache
def vega_script() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script that cannot end its element."""
    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", VEGA_LITE)
    return bundle.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def policy(scripts: Sequence[str]) -> str:
    """What a page may do: run exactly these scripts, and load nothing from anywhere."""
    hashes = (hashlib.sha256(script.encode()).digest() for script in scripts)
    allowed = " ".join(f"'sha256-{base64.b64encode(value).decode()}'" for value in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
