"""Hard negatives that come in bursts: a big page passes a post on, and giveaways."""

from __future__ import annotations

import numpy as np

from claqueur.simulation.actions import COMMENT, REPOST, Actions
from claqueur.simulation.chance import Floats, Ints, lognormal
from claqueur.simulation.clock import DAY, HOUR, MINUTE, after_the_night, draw_seconds_of_day
from claqueur.simulation.population import GIVEAWAY, ORGANIC, awake
from claqueur.simulation.scenario_crowds import GiveawaysSettings, SharesSettings
from claqueur.simulation.sittings import wishes
from claqueur.simulation.stage import Stage


def share_actions(stage: Stage, settings: SharesSettings, rng: np.random.Generator) -> Actions:
    """At random moments a big page reposts a recent post, and part of its audience likes it.

    The repost stands on the big page's wall, which lists of likers do not show.
    """
    others = stage.pages.of_kind("other")
    weight = stage.pages.popularity[others]
    count = rng.poisson(settings.per_week * stage.clock.days / 7) if len(others) else 0
    seconds = draw_seconds_of_day(rng, stage.scenario.rhythm.page_hours, count)
    moments = rng.integers(0, stage.clock.days, count) * DAY + seconds
    sharers = rng.choice(others, count, p=weight / weight.sum()) if count else others[:0]
    likes = Actions.joined(
        [
            _audience_likes(stage, settings, int(page), float(moment), rng)
            for page, moment in zip(sharers, moments, strict=True)
        ]
    )
    comments = likes.echoes(rng, settings.comment_share, COMMENT, "organic", MINUTE)
    return Actions.joined([likes, comments])


def _audience_likes(
    stage: Stage, settings: SharesSettings, page: int, moment: float, rng: np.random.Generator
) -> Actions:
    """Likes by followers of the page, by their interest in the post, if they look just then."""
    post = _recent_post(stage, settings, page, moment, rng)
    if post is None:
        return Actions.joined([])
    people = stage.people
    audience = np.flatnonzero(people.follows[:, page])
    now = np.full(len(audience), int(moment))
    chance = awake(people, audience, now, stage.scenario.rhythm.account_hours)
    chance *= people.pull[audience, stage.posts.page[post]] * people.sittings_per_day[audience]
    wanted = int(min(rng.poisson(settings.likers_mean), int((chance > 0).sum())))
    if not wanted:
        return Actions.joined([])
    likers = rng.choice(audience, wanted, replace=False, p=chance / chance.sum())
    median = settings.delay_minutes_median * MINUTE
    delay = lognormal(rng, median, settings.delay_minutes_sigma, wanted)
    return Actions.likes(likers, np.full(wanted, post), moment + delay)


def _recent_post(
    stage: Stage, settings: SharesSettings, page: int, moment: float, rng: np.random.Generator
) -> int | None:
    """A post of the last hours on another page, by its quality; none if nothing is there."""
    posts, official = stage.posts, rng.random() < settings.official_share
    age = moment - posts.created
    fit = (age > 0) & (age < settings.recent_hours * HOUR) & (posts.page != page)
    fit &= stage.on_official_page == official
    candidates = np.flatnonzero(fit)
    if not len(candidates):
        return None
    weight = posts.quality[candidates]
    return int(rng.choice(candidates, p=weight / weight.sum()))


def giveaway_actions(
    stage: Stage, settings: GiveawaysSettings, rng: np.random.Generator
) -> Actions:
    """A few posts promise a prize: prize hunters come quickly, strangers for days."""
    prizes = _prizes(stage, settings, rng)
    likes = Actions.joined(
        [_hunters(stage, settings, prizes, rng), _strangers(stage, settings, prizes, rng)]
    )
    comments = likes.echoes(rng, settings.comment_share, COMMENT, "organic", MINUTE)
    reposts = likes.echoes(rng, settings.repost_share, REPOST, "", MINUTE)
    return Actions.joined([likes, comments, reposts])


def _prizes(stage: Stage, settings: GiveawaysSettings, rng: np.random.Generator) -> Ints:
    """The posts that are giveaways, some of them on official pages."""
    during = stage.posts.created >= 0
    official = np.flatnonzero(during & stage.on_official_page)
    others = np.flatnonzero(during & ~stage.on_official_page)
    wanted = rng.binomial(settings.posts, settings.official_share)
    chosen = [(official, wanted), (others, settings.posts - wanted)]
    return np.concatenate(
        [rng.choice(posts, min(count, len(posts)), replace=False) for posts, count in chosen]
    )


def _hunters(
    stage: Stage, settings: GiveawaysSettings, prizes: Ints, rng: np.random.Generator
) -> Actions:
    """Habitual hunters join nearly all of them within minutes, unless they are asleep."""
    crowd = stage.people.with_role(GIVEAWAY)
    account, post = wishes(crowd, np.full(len(crowd), settings.joined_share), prizes, rng)
    median = settings.latency_minutes_median * MINUTE
    latency = lognormal(rng, median, settings.latency_minutes_sigma, len(post))
    return Actions.likes(account, post, after_the_night(stage.posts.created[post] + latency, rng))


def _strangers(
    stage: Stage, settings: GiveawaysSettings, prizes: Ints, rng: np.random.Generator
) -> Actions:
    """People whom it reached somehow, the more active ones sooner."""
    organic = stage.people.with_role(ORGANIC)
    weight: Floats = stage.people.sittings_per_day[organic]
    counts = np.minimum(rng.poisson(settings.strangers_mean, len(prizes)), len(organic))
    post = np.repeat(prizes, counts)
    account = rng.choice(organic, len(post), p=weight / weight.sum())
    latency = lognormal(rng, settings.strangers_hours_median * HOUR, 1.2, len(post))
    return Actions.likes(account, post, after_the_night(stage.posts.created[post] + latency, rng))
