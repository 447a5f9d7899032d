"""Two ways to comply without waves: in one's own time, and before each report is due."""

from __future__ import annotations

import numpy as np

from claqueur.simulation.actions import Actions
from claqueur.simulation.chance import Floats, Ints
from claqueur.simulation.clock import DAY, HOUR, draw_seconds_of_day
from claqueur.simulation.scenario_orders import Deadlines, OrderSettings, OwnTime
from claqueur.simulation.sittings import Visits, catch_up, own_visits
from claqueur.simulation.stage import Stage


def in_own_time(
    stage: Stage,
    settings: OwnTime,
    staff: Ints,
    account: Ints,
    post: Ints,
    sent: Floats,
    rng: np.random.Generator,
) -> Actions:
    """Each like falls into a sitting at the account's own hours, some days later or sooner."""
    visits = own_visits(stage, staff, settings.sittings_per_day, rng)
    put_off = sent + rng.uniform(0, settings.within_days * DAY, len(sent))
    return catch_up(stage, visits, account, post, put_off, settings.within_days * 24, rng)


def before_deadlines(
    stage: Stage,
    order: OrderSettings,
    settings: Deadlines,
    staff: Ints,
    account: Ints,
    post: Ints,
    sent: Floats,
    rng: np.random.Generator,
) -> Actions:
    """All that was asked for since the last report, in one or two sittings before the next."""
    visits = _reporting(stage, order, settings, staff, rng)
    # What comes in after somebody's last sitting waits for the next report.
    oldest_hours = 2 * settings.every_days * 24
    return catch_up(stage, visits, account, post, sent, oldest_hours, rng)


def _reporting(
    stage: Stage, order: OrderSettings, settings: Deadlines, staff: Ints, rng: np.random.Generator
) -> Visits:
    """One or two sittings of each member of the staff before every deadline."""
    first = stage.clock.start_of(order.first_day) // DAY + settings.every_days
    due = np.arange(first, stage.clock.days, settings.every_days)
    sittings = 1 + (rng.random((len(staff), len(due))) < settings.second_sitting_share)
    account = np.repeat(staff, sittings.sum(axis=1))
    deadline = np.repeat(np.tile(due, len(staff)), sittings.ravel())
    return Visits.of(account, _shortly_before(stage, settings, deadline, rng))


def _shortly_before(
    stage: Stage, settings: Deadlines, deadline: Ints, rng: np.random.Generator
) -> Floats:
    """A time of day on the day of the deadline or one of those before, one value a sitting."""
    second = draw_seconds_of_day(rng, stage.scenario.rhythm.account_hours, len(deadline))
    lead = rng.geometric(1 / (1 + settings.lead_days_mean), len(deadline)) - 1
    lead = np.minimum(lead, settings.every_days - 1)
    # On the last day only what comes before the hour counts; the others did it the day before.
    lead = np.where((lead == 0) & (second >= settings.hour * HOUR), 1, lead)
    return (deadline - lead) * DAY + second
