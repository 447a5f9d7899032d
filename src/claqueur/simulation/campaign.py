"""The order, items 1 and 2: institutions publish texts that went round."""

from __future__ import annotations

import numpy as np

from claqueur.simulation.chance import Floats, lognormal
from claqueur.simulation.clock import DAY, HOUR, MINUTE, Clock
from claqueur.simulation.pages import Pages, Posts
from claqueur.simulation.scenario import Scenario
from claqueur.simulation.scenario_orders import CampaignSettings
from claqueur.simulation.texts import Texts


def campaign_posts(
    campaign: CampaignSettings,
    scenario: Scenario,
    clock: Clock,
    pages: Pages,
    texts: Texts,
    rng: np.random.Generator,
) -> Posts:
    """Posts of the institutions' pages from texts that went round, in no order."""
    institutions = pages.of_kind("institution")
    released = _releases(campaign, clock, rng)
    release, place = np.nonzero(
        rng.random((len(released), len(institutions))) < campaign.published_share
    )
    median = campaign.latency_minutes_median * MINUTE
    delay = lognormal(rng, median, campaign.latency_minutes_sigma, len(release))
    common = [texts.circular(rng) for _ in released]
    verbatim = rng.random(len(release)) < campaign.verbatim_share
    return Posts(
        page=institutions[place],
        created=(released[release] + delay).astype(np.int64),
        quality=lognormal(rng, 1, scenario.feed.quality_sigma, len(release)),
        text=[
            common[number] if plain else f"{texts.opening(rng)} {common[number]}"
            for number, plain in zip(release, verbatim, strict=True)
        ],
    )


def _releases(campaign: CampaignSettings, clock: Clock, rng: np.random.Generator) -> Floats:
    """Seconds at which a text goes round: on weekdays between 9 and 16 o'clock."""
    days = np.arange(clock.days)
    open_days = days[(clock.weekday(days) < 5) & (days * DAY >= clock.start_of(campaign.first_day))]
    chosen = rng.random(len(open_days)) < campaign.releases_per_week / 5
    day = open_days[chosen]
    return day * DAY + rng.uniform(9 * HOUR, 16 * HOUR, len(day))
