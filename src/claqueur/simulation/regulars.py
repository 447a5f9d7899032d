"""Hard negatives with high coverage: topical fans, employees, new followers.

They like much of what a page or a topic has, ordered by nobody, in sittings of their own.
"""

from __future__ import annotations

import numpy as np

from claqueur.simulation.actions import COMMENT, Actions
from claqueur.simulation.chance import Floats, Ints, beta
from claqueur.simulation.clock import DAY, HOUR, MINUTE
from claqueur.simulation.pages import pages_about
from claqueur.simulation.population import EMPLOYEE, NEW_FOLLOWER, TOPICAL_FAN
from claqueur.simulation.scenario_crowds import (
    EmployeesSettings,
    NewFollowersSettings,
    TopicalFansSettings,
)
from claqueur.simulation.sittings import Visits, catch_up, in_one_go, own_visits, wishes
from claqueur.simulation.stage import Stage


def topical_fan_actions(
    stage: Stage, settings: TopicalFansSettings, rng: np.random.Generator
) -> Actions:
    """Each likes its own share of all posts on the topics, whatever the page."""
    posts, crowd = stage.posts, stage.people.with_role(TOPICAL_FAN)
    devotion = beta(rng, settings.devotion_mean, settings.devotion_concentration, len(crowd))
    own = np.isin(posts.page, pages_about(stage.scenario, stage.pages, settings.topics))
    if stage.themed is not None:
        own &= stage.themed
    account, post = wishes(crowd, devotion, np.flatnonzero(own), rng)
    visits = own_visits(stage, crowd, settings.sittings_per_day, rng)
    ready = posts.created[post]
    likes = catch_up(stage, visits, account, post, ready, settings.oldest_hours, rng)
    comments = likes.echoes(rng, settings.comment_share, COMMENT, "fan", MINUTE)
    return Actions.joined([likes, comments])


def employee_actions(
    stage: Stage, settings: EmployeesSettings, rng: np.random.Generator
) -> Actions:
    """Each likes most of what its own workplace publishes, in breaks at its own usual times."""
    people, posts = stage.people, stage.posts
    crowd = people.with_role(EMPLOYEE)
    devotion = beta(rng, settings.devotion_mean, settings.devotion_concentration, len(crowd))
    place = people.institution[crowd]
    member, post = np.nonzero(place[:, None] == posts.page)
    keen = rng.random(len(member)) < devotion[member]
    account, post = crowd[member[keen]], post[keen]
    visits = _breaks(stage, settings, crowd, rng)
    ready = posts.created[post]
    likes = catch_up(stage, visits, account, post, ready, settings.oldest_hours, rng)
    comments = likes.echoes(rng, settings.comment_share, COMMENT, "organic", MINUTE)
    return Actions.joined([likes, comments])


def _breaks(
    stage: Stage, settings: EmployeesSettings, crowd: Ints, rng: np.random.Generator
) -> Visits:
    """Two usual breaks a working day, each used for the phone now and then."""
    days = np.arange(stage.clock.days)
    working = days[stage.clock.weekday(days) < 5]
    usual = rng.uniform(
        settings.breaks_from_hour * HOUR, settings.breaks_to_hour * HOUR, (len(crowd), 1, 2)
    )
    taken = rng.random((len(crowd), len(working), 2)) < settings.break_share
    off = rng.normal(0, settings.break_sd_minutes * MINUTE, taken.shape)
    moment: Floats = working[None, :, None] * DAY + usual + off
    return Visits.of(crowd[np.nonzero(taken)[0]], moment[taken])


def new_follower_actions(
    stage: Stage, settings: NewFollowersSettings, rng: np.random.Generator
) -> Actions:
    """Each finds an official page one day, likes many of its recent posts, and follows on."""
    crowd = stage.people.with_role(NEW_FOLLOWER)
    page = stage.draw_official(rng, len(crowd))
    found = _found(stage, settings, crowd, rng)
    first = _first_sitting(stage, settings, crowd, page, found, rng)
    return Actions.joined([first, _following_on(stage, settings, crowd, page, found, rng)])


def _found(
    stage: Stage, settings: NewFollowersSettings, crowd: Ints, rng: np.random.Generator
) -> Floats:
    """When each comes upon its page: once between two days, at a time of day that suits it."""
    clock = stage.clock
    days = (settings.last_day - settings.first_day).days + 1
    day = clock.start_of(settings.first_day) // DAY + rng.integers(0, max(days, 1), len(crowd))
    anytime = own_visits(stage, crowd, settings.sittings_per_day, rng)
    found = anytime.next_after(crowd, day * DAY)
    return np.where(np.isfinite(found), found, day * DAY + 19 * HOUR)


def _first_sitting(
    stage: Stage,
    settings: NewFollowersSettings,
    crowd: Ints,
    page: Ints,
    found: Floats,
    rng: np.random.Generator,
) -> Actions:
    """Likes of a share of the page's latest posts, back to back."""
    members, liked = [], []
    for member, (own, moment) in enumerate(zip(page, found, strict=True)):
        there = (stage.posts.page == own) & (stage.posts.created < moment)
        recent = np.flatnonzero(there)[-settings.recent_posts :]
        chosen = recent[rng.random(len(recent)) < settings.liked_share]
        members.append(np.full(len(chosen), member))
        liked.append(chosen)
    who = np.concatenate(members)
    return in_one_go(stage, crowd[who], np.concatenate(liked), found[who], rng)


def _following_on(
    stage: Stage,
    settings: NewFollowersSettings,
    crowd: Ints,
    page: Ints,
    found: Floats,
    rng: np.random.Generator,
) -> Actions:
    """Likes of later posts of the page, in ordinary sittings."""
    posts = stage.posts
    devotion = beta(rng, settings.devotion_mean, settings.devotion_concentration, len(crowd))
    later = (page[:, None] == posts.page) & (posts.created > found[:, None])
    member, post = np.nonzero(later & (rng.random(later.shape) < devotion[:, None]))
    visits = own_visits(stage, crowd, settings.sittings_per_day, rng)
    ready = posts.created[post]
    return catch_up(stage, visits, crowd[member], post, ready, settings.oldest_hours, rng)
