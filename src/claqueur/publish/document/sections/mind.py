"""What would change our mind: findings of others that would weaken or turn the answer."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from claqueur.publish.directive_words import publishes
from claqueur.publish.document.aggregates import groups
from claqueur.publish.document.language import N_
from claqueur.publish.document.story import Story


@dataclass(frozen=True)
class Mind:
    """By the answers given: what would speak against a finding, what could settle an open one."""

    name: str = "mind"
    order: int = 60
    title: str = N_("What would change our mind")

    def render(self, story: Story) -> Markup:
        """Two lists: against what was found, and for what was not."""
        lines = [*_against(story), *_for(story)]
        return story.page("mind.html", lines=lines)


def _against(story: Story) -> list[str]:
    """What would weaken something that stands."""
    say = story.language.gettext
    stands = [entry for entry in story.items if entry["answer"] == "consistent"]
    lines = []
    if stands:
        lines += [
            say(
                "Another cause on the same days that nobody declared: an appeal, a contest, an "
                "advertising campaign, a change in what the platform shows. Show us one and we "
                "will test it as a declared cause."
            ),
            say(
                "Control pages that were named as well, or that are no comparison: with others, "
                "the same tests can be repeated."
            ),
            say("The same rise on earlier dates, or on pages in cities where nobody was told."),
        ]
    if any(publishes(entry) for entry in stands):
        lines.append(say("A press text or calendar that all of the institutions were sent."))
    if groups(story.release.tables):
        lines += [
            say("Proof that the accounts of a group are run by one person or one tool."),
            say(
                "A chat, mailing list or club that its members share and in which posts are "
                "passed on: then they were commonly prompted, and by whom is another question."
            ),
        ]
    return lines


def _for(story: Story) -> list[str]:
    """What could turn an answer that is missing, or says no."""
    say = story.language.gettext
    lines = []
    if any(entry["answer"] == "no-evidence" for entry in story.items):
        lines.append(
            say("Where there is no evidence: another date, or other pages, in a second document.")
        )
    if any(entry["answer"] == "inconclusive" for entry in story.items):
        lines.append(
            say(
                "Where there is no answer: more control pages, more days before the date, lists "
                "of likers read more often."
            )
        )
    if not groups(story.release.tables):
        lines.append(say("Finer times, or more days: groups of a size that could not be seen."))
    testimony = say(
        "Testimony, messages or payments. Statistics on behaviour cannot prove an order; a witness "
        "or a second document can say what they cannot."
    )
    return [*lines, testimony]


SECTION = Mind()
