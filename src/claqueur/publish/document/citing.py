"""What others paste into their own text: the paragraph on methods, and how to cite."""

from __future__ import annotations

from typing import Any

from claqueur._version import __version__
from claqueur.publish.document.aggregates import groups
from claqueur.publish.document.answers import level
from claqueur.publish.document.story import Story

_ESCAPED = str.maketrans(
    {"\\": r"\textbackslash{}", **{sign: f"\\{sign}" for sign in "{}%&#_$"}, "~": r"\~{}",
     "^": r"\^{}", "\n": " "}
)  # fmt: skip

WANG = (
    "R. Wang, A. Ramdas, “False discovery rate control with e-values”, J. R. Stat. Soc. B 84, 2022."
)
HOLM = (
    "S. Holm, “A simple sequentially rejective multiple test procedure”, Scand. J. Stat. 6, 1979."
)
SARACCO = (
    "F. Saracco et al., “Inferring monopartite projections of bipartite networks: an entropy-based "
    "approach”, New J. Phys. 19, 2017."
)
TRAAG = (
    "V. A. Traag, L. Waltman, N. J. van Eck, “From Louvain to Leiden: guaranteeing well-connected "
    "communities”, Scientific Reports 9, 2019."
)


def method_sentences(story: Story) -> list[str]:
    """The paragraph on methods, sentence by sentence."""
    layers = _layers(story)
    return [
        _data(story),
        *([_timed(story)] if "co_action" in layers else []),
        *([_untimed(story)] if "co_engagement" in layers else []),
        *([_worded(story)] if "co_text" in layers else []),
        *([_thresholds(story)] if not layers and groups(story.release.tables) else []),
        *([_directive(story)] if story.items else []),
        _released(story),
    ]


def _layers(story: Story) -> list[str]:
    """What accounts were compared by, at a stated error rate."""
    return list(story.release.run.get("layers") or [])


def literature(story: Story) -> list[str]:
    """What the methods rest on."""
    layers = _layers(story)
    return [
        *([HOLM] if story.items else []),
        *([SARACCO] if "co_engagement" in layers else []),
        *([TRAAG, WANG] if layers else []),
    ]


def _count(story: Story, name: str) -> Any:
    value = story.facts.get("counts", {}).get(name)
    return value if isinstance(value, int) else None


def _data(story: Story) -> str:
    """What was looked at, as far as it is released."""
    say = story.language
    counts = {name: _count(story, name) for name in ("accounts", "posts", "pages")}
    known = {
        "accounts": say.counted("{n} account", "{n} accounts", counts["accounts"] or 0),
        "posts": say.counted("{n} post", "{n} posts", counts["posts"] or 0),
        "pages": say.counted("{n} page", "{n} pages", counts["pages"] or 0),
    }
    what = [known[name] for name, value in counts.items() if value]
    said = say.gettext("Public actions were analysed with Claqueur {version}").format(
        version=story.release.run.get("claqueur") or __version__
    )
    if what:
        said += f" ({say.listed(what)}"
        if story.span:
            said += f"; {say.span(*story.span)}"
        said += ")"
    return f"{said}."


def _timed(story: Story) -> str:
    say = story.language
    said = say.gettext(
        "Groups were looked for on one half of the days, among other accounts than those tested; "
        "each account was then tested on the other half, by bets that are fair if it only follows "
        "its habits: how soon after publication and at which hours it acts, with the crowd around "
        "it as it is. The resulting e-values were thresholded by e-BH at a false discovery rate of "
        "{level}."
    )
    return said.format(level=say.percent(level(story) or 0.05))


def _untimed(story: Story) -> str:
    say = story.language
    said = say.gettext(
        "Where no times are known, accounts were compared by the posts they acted on, against a "
        "bipartite configuration model of each page that keeps how active accounts and how popular "
        "posts are, and tested on other posts than those their group was chosen by, at the same "
        "rate of {level}."
    )
    return said.format(level=say.percent(level(story) or 0.05))


def _worded(story: Story) -> str:
    return story.language.gettext(
        "Comments were held against texts that several people use, found without the account that "
        "was tested: whether it wrote from its group’s texts more often than people outside the "
        "group do."
    )


def _thresholds(story: Story) -> str:
    return story.language.gettext(
        "Groups are those of accounts that acted together at least as often as a minimum chosen by "
        "hand, within a window chosen by hand; there is no error rate."
    )


def _directive(story: Story) -> str:
    say = story.language
    said = say.gettext(
        "Each item of the document was registered with its date, pages and control pages and "
        "tested as registered: counts by differences in differences against other choices of pages "
        "and earlier dates, and who acts, when and how often against control pages. p-values are "
        "corrected by Bonferroni within an item and by Holm over items; an item stands at {level}."
    )
    return said.format(level=say.percent(story.items[0]["family"]["level"]))


def _released(story: Story) -> str:
    say = story.language
    return say.gettext(
        "Published are aggregates of at least {k} accounts, by week; cells that are smaller, or "
        "from which one could be worked out, are withheld. No number here is the probability of an "
        "order."
    ).format(k=story.k)


def methods_text(story: Story) -> str:
    """The same as Markdown, with the literature."""
    say = story.language.gettext
    lines = [f"# {say('Methods')}", "", " ".join(method_sentences(story)), ""]
    known = literature(story)
    lines += [f"## {say('Literature')}", "", *(f"- {each}" for each in known)] if known else []
    return "\n".join(lines).rstrip() + "\n"


def bibtex(story: Story) -> str:
    """Entries for the release and for the software."""
    version = str(story.release.run.get("claqueur") or __version__)
    release = {
        "title": f"{{{_escaped(story.title)}}}: public release",
        "author": "{The publishers of this release}",
        "year": story.day[:4],
        "howpublished": "Data package (BagIt, RO-Crate)",
        "note": f"Groups of at least {story.k} accounts; made with Claqueur {version}",
    }
    software = {
        "title": "{Claqueur}: finding, testing and documenting ordered engagement on social media",
        "author": "{The Claqueur developers}",
        "version": version,
        "note": "MIT licence",
    }
    return _entry("misc", "release", release) + "\n" + _entry("software", "claqueur", software)


def _entry(kind: str, key: str, values: dict[str, str]) -> str:
    rows = "".join(f"  {name:<12} = {{{value}}},\n" for name, value in values.items() if value)
    return f"@{kind}{{{key},\n{rows}}}\n"


def _escaped(text: str) -> str:
    return text.translate(_ESCAPED)
