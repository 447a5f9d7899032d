"""Bets that an account keeps step with a group, against what its own habits explain.

For an action of an account on an object, the score is how many members of the group acted
on the object within the window. Its expectation comes from *slots*: other moments at which
the same account might have acted on the object. Two nulls make slots in two ways:

- own delays: the account's delays after publication on other objects, and those of the
  group's members, laid onto this object, weighted by the hours the account keeps;
- own hours: the account's times of day, and those of the group's members, laid onto the day
  of the action.

Under both, slots count more where a crowd from outside acted on the object more than usual,
so that a burst everybody took part in proves nothing. The ratio of the score to its
expectation is the factor a bet on "member" multiplies its stake by. Where an action is known to
lie between two polls, the members near it are counted by the probability that they are.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from claqueur.kernels.co_action import F64, I64, U32, Bool
from claqueur.kernels.moments import (
    HIGH,
    LOW,
    curve_of,
    near,
    near_action,
    own_near,
    together,
)

F32 = NDArray[np.float32]

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
FOREVER_MS = 1 << 60
"""A window or neighbourhood as long as any object lives."""

OWN_SLOTS, ROUGH_OWN_SLOTS = 32, 12
"""Most of an account's own other actions that make slots, evenly spread over time; and how
many where a group is only looked for."""
GROUP_SLOTS, ROUGH_GROUP_SLOTS = 64, 24
"""Slots from the group's members, at even quantiles."""
NOBODY = 1e-9
"""Members expected near an action up to which nobody was there; what is left is rounding."""
GROUP_WEIGHT = 100.0
"""Weight of the group's slots together; one of the account's own weighs 1."""
CLEARLY = 1.5
"""Standard errors by which the mean over an account's own slots must stand out to count alone."""
OTHER_PAGE = 0.5
"""Weight of the account's own slots from other pages."""
HOURS_PRIOR = 10.0
"""Actions' worth of the group's hours added to those of the account."""
CROWD_PRIOR = 2.0
"""Outsiders' actions expected and seen that are added before their ratio is taken."""
LARGEST_SHIFT = 5.0
"""Most that hours may raise the weight of one slot."""
FEWEST_DELAYS = 16
"""Members' actions on a page below which their delays on all pages are taken."""


@njit(nogil=True, cache=True)
def label_sittings(account: U32, earliest_ms: I64, latest_ms: I64, order: I64, gap_ms: int) -> I64:
    """Sittings of every event, (n,) int64, rising by account and time.

    Parameters
    ----------
    earliest_ms, latest_ms : (n,) int64
        Between which each event lies; what may belong to one sitting does.
    order : (n,) int64
        Events by account, then time.
    gap_ms
        A longer pause begins a new sitting.
    """
    sitting = np.empty(len(order), np.int64)
    number = -1
    reached = np.int64(0)
    for k in range(len(order)):
        e = order[k]
        new = k == 0 or account[e] != account[order[k - 1]]
        if new or earliest_ms[e] - reached > gap_ms:
            number += 1
            reached = latest_ms[e]
        reached = max(reached, latest_ms[e])
        sitting[e] = number
    return sitting


@njit(nogil=True, cache=True)
def _hour_weight(hours, group_hours, a, hour, left_out):  # type: ignore[no-untyped-def]
    """The account's activity at an hour, without its action at hour ``left_out``."""
    own = hours[a, hour]
    apart = abs(hour - left_out)
    if apart == 0:
        own -= 0.5
    elif apart == 1 or apart == 23:
        own -= 0.25
    return max(own, 0.0) + HOURS_PRIOR * group_hours[hour]


@njit(nogil=True, cache=True)
def _crowd(seen, usual, outsiders, crowd):  # type: ignore[no-untyped-def]
    """Outsiders near a moment over those expected from usual delays, drawn towards 1.

    Parameters
    ----------
    seen, usual
        Outsiders on the object, and delays of the sample, near the moment.
    outsiders, crowd
        How many there are of each.
    """
    return (seen + CROWD_PRIOR) / (outsiders * max(usual, 0.5) / crowd + CROWD_PRIOR)


@njit(nogil=True, cache=True)
def _crowd_at(moment, born, window_ms, e, out, outsiders, n_out, usual, crowd, first, piece):  # type: ignore[no-untyped-def]
    """Weight of the crowd at a moment, action e left out where ``out`` is 1.

    Without a sample of usual delays crowds are not looked at.
    """
    if crowd == 0:
        return 1.0
    seen = near(outsiders, moment, window_ms)
    if out:
        seen -= own_near(e, first, piece, moment, window_ms)
    return _crowd(seen, near(usual, moment - born, window_ms), n_out - out, crowd)


@njit(nogil=True, cache=True)
def _members_at(moment, window_ms, e, me, members, first, piece):  # type: ignore[no-untyped-def]
    """Members expected near a moment, action e left out where ``me`` is 1."""
    count = near(members, moment, window_ms)
    if me:
        count -= own_near(e, first, piece, moment, window_ms)
    return count if count > NOBODY else 0.0


@njit(nogil=True, cache=True)
def _own_step(count, crowd):  # type: ignore[no-untyped-def]
    """Every how many of an account's actions makes a slot."""
    return max(1, count // (OWN_SLOTS if crowd > 0 else ROUGH_OWN_SLOTS))


@njit(nogil=True, cache=True)
def count_scored(objects: I64, start: I64, account: U32, use: Bool, who: Bool) -> int:
    """Events on the objects that are in use and belong to accounts asked about."""
    total = 0
    for ob in objects:
        for e in range(start[ob], start[ob + 1]):
            if use[e] and who[account[e]]:
                total += 1
    return total


@njit(nogil=True, cache=True)
def ratios(  # noqa: C901 - one loop over objects and their actions, so that buffers are shared
    objects: I64,
    start: I64,
    account: U32,
    t_ms: I64,
    first: I64,
    piece: F64,
    born_ms: I64,
    page: I64,
    sitting: I64,
    own_start: I64,
    own: I64,
    owner_object: U32,
    hours: F32,
    use: Bool,
    who: Bool,
    inside: Bool,
    suspect: Bool,
    crowd_delay: I64,
    group_start: I64,
    group_event: I64,
    group_hours: F64,
    group_clock: I64,
    window_ms: int,
    clock_too: bool,
    room: int,
) -> tuple[I64, F64, F64]:
    """Score over expectation for every action on some objects.

    Parameters
    ----------
    objects : (k,) int64
        Objects to visit; the others have no member.
    start : (n_objects + 1,) int64; account, t_ms, sitting : (n,)
        Events sorted by (object, time). The times say what habits are.
    first, piece
        Of :class:`~claqueur.kernels.moments.Moments`: where each event may lie, which says what
        is near what.
    born_ms, page : (n_objects,) int64
        When an object began and where it stands.
    own_start : (n_accounts + 1,) int64; own : (n,) int64
        Events of each account in the order of time.
    owner_object : (n,) uint32
        Object of each event.
    hours : (n_accounts, 24) float32
        Smoothed counts of each account's actions by hour (UTC).
    use : (n,) bool; who, inside, suspect : (n_accounts,) bool
        Events of the fold; accounts to score; members; accounts that are no crowd.
    crowd_delay : (m,) int64
        Rising sample of delays of the crowd; empty to look for groups roughly and fast:
        crowds are then left out, and fewer slots made.
    group_start : (n_pages + 2,) int64; group_event : (2g,) int64
        Members' events by page and delay; after the last page all of them by delay.
    group_hours : (24,) float64; group_clock : (g,) int64
        The members' hours, and their rising times of day in ms.
    clock_too
        Also under own hours.
    room
        From :func:`count_scored`.

    Returns
    -------
    event : (m,) int64
    under_delays, under_hours : (m,) float64
        0 where no other member was near. Under the null the mean is 1 or below.
    """
    event = np.empty(room, np.int64)
    under_delays = np.empty(room, np.float64)
    under_hours = np.empty(room, np.float64)
    found = 0
    g_near = np.empty(GROUP_SLOTS)
    g_crowd = np.empty(GROUP_SLOTS)
    g_moment = np.empty(GROUP_SLOTS, np.int64)
    g_hour = np.empty(GROUP_SLOTS, np.int64)
    crowd = len(crowd_delay)
    usual = _sample(crowd_delay)
    for ob in objects:
        low, high = start[ob], start[ob + 1]
        members_here = np.empty(high - low, np.int64)
        outsiders_here = np.empty(high - low, np.int64)
        n_members = 0
        n_out = 0
        for e in range(low, high):
            if use[e]:
                if inside[account[e]]:
                    members_here[n_members] = e
                    n_members += 1
                if crowd > 0 and not suspect[account[e]]:
                    outsiders_here[n_out] = e
                    n_out += 1
        members = curve_of(members_here[:n_members], first, piece)
        outsiders = curve_of(outsiders_here[:n_out], first, piece)
        born = born_ms[ob]
        slots = -1
        for e in range(low, high):
            a = account[e]
            if not use[e] or not who[a]:
                continue
            me = 1 if inside[a] else 0
            if n_members - me < 1:
                continue
            now = t_ms[e]
            score = near_action(members, e, first, piece, window_ms)
            if me:
                score -= together(e, e, first, piece, window_ms)
            event[found] = e
            found += 1
            if score <= NOBODY:
                under_delays[found - 1] = 0.0
                under_hours[found - 1] = 0.0
                continue
            if slots < 0:
                slots = _group_slots(
                    ob, born, t_ms, born_ms, owner_object, page[ob], group_start, group_event,
                    members, outsiders, n_out, usual, crowd, first, piece, window_ms, g_near,
                    g_crowd, g_moment, g_hour,
                )  # fmt: skip
            out = 0 if suspect[a] else 1
            here = 1.0
            if crowd > 0:
                seen = near_action(outsiders, e, first, piece, window_ms)
                if out:
                    seen -= together(e, e, first, piece, window_ms)
                expected = near_action(usual, e, first, piece, window_ms, born)
                here = _crowd(seen, expected, n_out - out, crowd)
            mean = _under_delays(
                e, a, now, born, me, out, score, here, ob, page, t_ms, born_ms, sitting,
                own_start, own, owner_object, hours, group_hours, members, outsiders, n_out, usual,
                crowd, first, piece, window_ms, slots, g_near, g_crowd, g_moment, g_hour,
            )  # fmt: skip
            under_delays[found - 1] = score / mean
            if clock_too:
                mean = _under_hours(
                    e, a, now, born, me, out, score, here, ob, page, t_ms, sitting, own_start, own,
                    owner_object, members, outsiders, n_out, usual, crowd, first, piece, window_ms,
                    group_clock,
                )  # fmt: skip
                under_hours[found - 1] = score / mean
    return event[:found], under_delays[:found], under_hours[:found]


@njit(nogil=True, cache=True)
def _sample(delays):  # type: ignore[no-untyped-def]
    """Curve of rising delays."""
    piece = np.ones((len(delays), 3))
    piece[:, LOW] = delays
    piece[:, HIGH] = delays
    return curve_of(np.arange(len(delays)), np.arange(len(delays) + 1), piece)


@njit(nogil=True, cache=True)
def _group_slots(  # type: ignore[no-untyped-def]
    ob, born, t_ms, born_ms, owner_object, page, group_start, group_event, members, outsiders,
    n_out, usual, crowd, first, piece, window_ms, g_near, g_crowd, g_moment, g_hour,
):  # fmt: skip
    """Members' delays from other objects, laid onto this one; how many slots they make.

    The first hour of ``g_hour`` is that of the slot; the one it came from lies 24 above.
    """
    low, high = group_start[page], group_start[page + 1]
    if high - low < FEWEST_DELAYS:
        low, high = group_start[-2], group_start[-1]
    count = 0
    most = GROUP_SLOTS if crowd > 0 else ROUGH_GROUP_SLOTS
    wanted = min(most, high - low)
    for k in range(wanted):
        e = group_event[low + int((k + 0.5) * (high - low) / wanted)]
        if owner_object[e] == ob:
            continue
        moment = born + t_ms[e] - born_ms[owner_object[e]]
        g_near[count] = near(members, moment, window_ms)
        g_crowd[count] = _crowd_at(
            moment, born, window_ms, e, 0, outsiders, n_out, usual, crowd, first, piece
        )
        g_moment[count] = moment
        g_hour[count] = moment // HOUR_MS % 24 + 24 * (t_ms[e] // HOUR_MS % 24)
        count += 1
    return count


@njit(nogil=True, cache=True)
def _under_delays(  # type: ignore[no-untyped-def]
    e, a, now, born, me, out, score, here, ob, page, t_ms, born_ms, sitting, own_start, own,
    owner_object, hours, group_hours, members, outsiders, n_out, usual, crowd, first, piece,
    window_ms, slots, g_near, g_crowd, g_moment, g_hour,
):  # fmt: skip
    """Mean score over the moments that delays and hours make likely, the real one included."""
    weight = here
    total = here * score
    square = here * score * score
    hour_now = now // HOUR_MS % 24
    low, high = own_start[a], own_start[a + 1]
    step = _own_step(high - low, crowd)
    for k in range(low, high, step):
        other = own[k]
        if sitting[other] == sitting[e]:
            continue
        moment = born + t_ms[other] - born_ms[owner_object[other]]
        w = _hour_weight(hours, group_hours, a, moment // HOUR_MS % 24, hour_now)
        w /= _hour_weight(hours, group_hours, a, t_ms[other] // HOUR_MS % 24, hour_now)
        w = min(w, LARGEST_SHIFT)
        if page[owner_object[other]] != page[ob]:
            w *= OTHER_PAGE
        w *= _crowd_at(
            moment, born, window_ms, e, out, outsiders, n_out, usual, crowd, first, piece
        )
        count = _members_at(moment, window_ms, e, me, members, first, piece)
        weight += w
        total += w * count
        square += w * count * count
    g_weight = 0.0
    g_total = 0.0
    for k in range(slots):
        w = _hour_weight(hours, group_hours, a, g_hour[k] % 24, hour_now)
        w /= _hour_weight(hours, group_hours, a, g_hour[k] // 24, hour_now)
        w = min(w, LARGEST_SHIFT) * g_crowd[k]
        count = g_near[k]
        if me:
            count = max(count - own_near(e, first, piece, g_moment[k], window_ms), 0.0)
        g_weight += w
        g_total += w * count
    return _larger_mean(weight, total, square, slots, g_weight, g_total)


@njit(nogil=True, cache=True)
def _under_hours(  # type: ignore[no-untyped-def]
    e, a, now, born, me, out, score, here, ob, page, t_ms, sitting, own_start, own, owner_object,
    members, outsiders, n_out, usual, crowd, first, piece, window_ms, group_clock,
):  # fmt: skip
    """Mean score over the account's and the group's times of day, the real one included."""
    weight = here
    total = here * score
    square = here * score * score
    low, high = own_start[a], own_start[a + 1]
    step = _own_step(high - low, crowd)
    for k in range(low, high, step):
        other = own[k]
        if sitting[other] == sitting[e]:
            continue
        moment = now + _nearest(t_ms[other] - now)
        if moment < born:
            continue
        w = 1.0 if page[owner_object[other]] == page[ob] else OTHER_PAGE
        w *= _crowd_at(
            moment, born, window_ms, e, out, outsiders, n_out, usual, crowd, first, piece
        )
        count = _members_at(moment, window_ms, e, me, members, first, piece)
        weight += w
        total += w * count
        square += w * count * count
    g_weight = 0.0
    g_total = 0.0
    used = 0
    wanted = min(GROUP_SLOTS, len(group_clock))
    for k in range(wanted):
        time_of_day = group_clock[int((k + 0.5) * len(group_clock) / wanted)]
        moment = now + _nearest(time_of_day - now)
        if moment < born:
            continue
        w = _crowd_at(moment, born, window_ms, e, out, outsiders, n_out, usual, crowd, first, piece)
        g_weight += w
        g_total += w * _members_at(moment, window_ms, e, me, members, first, piece)
        used += 1
    return _larger_mean(weight, total, square, used, g_weight, g_total)


@njit(nogil=True, cache=True)
def _larger_mean(weight, total, square, slots, g_weight, g_total):  # type: ignore[no-untyped-def]
    """Mean score over own and group's slots; over the account's own where clearly larger.

    An account whose habits are firm, and others than the group's, is held to its own.
    """
    own = total / weight
    if slots == 0:
        return own
    spread = np.sqrt(max(square / weight - own * own, 0.0) / weight)
    both = (total + GROUP_WEIGHT / slots * g_total) / (weight + GROUP_WEIGHT / slots * g_weight)
    return max(both, own - CLEARLY * spread)


@njit(nogil=True, cache=True)
def _nearest(shift):  # type: ignore[no-untyped-def]
    """A shift in ms brought into half a day either way, so that only the time of day counts."""
    shift %= DAY_MS
    return shift - DAY_MS if shift > DAY_MS // 2 else shift


@njit(nogil=True, cache=True)
def bets(  # noqa: C901 - one pass over sittings keeps every running sum in registers
    event: I64,
    ratio: F64,
    account: U32,
    sitting: I64,
    t_ms: I64,
    tolerance: float,
    shares: F64,
) -> tuple[U32, F64, I64, F64, F64, I64]:
    """Fortunes of bets on "member", one bet a sitting.

    A sitting's factor is the mean over its actions, which is a fair bet whatever ties them.

    Parameters
    ----------
    event : (m,) int64; ratio : (m,) float64
        Sorted by sitting.
    tolerance
        Ratios are divided by it: the null allows that much more than habits explain.
    shares : (s,) float64
        Part of the fortune that is staked; fortunes are averaged over them.

    Returns
    -------
    who : (k,) uint32
        Accounts, rising.
    log_e : (k,) float64
        Logarithm of the mean fortune.
    sittings : (k,) int64
    gains, best_day : (k,) float64
        Sum of the winning days' logarithms at the largest share, and the best day's.
    days : (k,) int64
        Days won.
    """
    n = len(event)
    people = 0
    for k in range(n):
        if k == 0 or account[event[k]] != account[event[k - 1]]:
            people += 1
    who = np.empty(people, np.uint32)
    log_e = np.empty(people)
    sittings = np.zeros(people, np.int64)
    gains = np.zeros(people)
    best_day = np.zeros(people)
    days = np.zeros(people, np.int64)
    fortune = np.zeros(len(shares))
    at = -1
    k = 0
    day = np.int64(-1)
    of_day = 0.0
    while k < n:
        first = event[k]
        if at < 0 or account[first] != who[at]:
            at += 1
            who[at] = account[first]
            fortune[:] = 0.0
            day = np.int64(-1)
            of_day = 0.0
        total = 0.0
        begin = k
        while k < n and sitting[event[k]] == sitting[first]:
            total += ratio[k]
            k += 1
        factor = total / (k - begin) / tolerance
        for s in range(len(shares)):
            fortune[s] += np.log(1 - shares[s] + shares[s] * factor)
        sittings[at] += 1
        if t_ms[first] // DAY_MS != day:
            day = t_ms[first] // DAY_MS
            of_day = 0.0
        won = of_day
        of_day += np.log(1 - shares[-1] + shares[-1] * factor)
        if of_day > 0:
            gains[at] += of_day - max(won, 0.0)
            best_day[at] = max(best_day[at], of_day)
            if won <= 0:
                days[at] += 1
        elif won > 0:
            gains[at] -= won
            days[at] -= 1
        top = fortune.max()
        log_e[at] = top + np.log(np.exp(fortune - top).sum() / len(shares))
    return who, log_e, sittings, gains, best_day, days


@njit(nogil=True, cache=True)
def counts_within(objects: I64, start: I64, t_ms: I64, use: Bool, window_ms: int) -> U32:
    """Other actions in use within the window of each action on some objects, (n,) uint32."""
    count = np.zeros(len(t_ms), np.uint32)
    for ob in objects:
        low = start[ob]
        high = low
        seen = 0
        for e in range(start[ob], start[ob + 1]):
            if not use[e]:
                continue
            while high < start[ob + 1] and t_ms[high] <= t_ms[e] + window_ms:
                seen += use[high]
                high += 1
            while t_ms[low] < t_ms[e] - window_ms:
                seen -= use[low]
                low += 1
            count[e] = seen - 1
    return count


@njit(nogil=True, cache=True)
def expected_meetings(
    a: U32,
    b: U32,
    own_start: I64,
    own: I64,
    object_: U32,
    near: U32,
    around: U32,
    use: Bool,
) -> F64:
    """Meetings of each pair expected when actors of an object exchange their moments, (m,).

    Parameters
    ----------
    a, b : (m,) uint32
        Accounts.
    own_start, own
        Events of each account by object.
    near, around : (n,) uint32
        Others within the window, and within the neighbourhood, of each event.
    """
    expected = np.zeros(len(a))
    for p in range(len(a)):
        i, i_end = own_start[a[p]], own_start[a[p] + 1]
        j, j_end = own_start[b[p]], own_start[b[p] + 1]
        while i < i_end and j < j_end:
            e, f = own[i], own[j]
            if object_[e] < object_[f]:
                i += 1
            elif object_[f] < object_[e]:
                j += 1
            else:
                if use[e] and use[f]:
                    expected[p] += 0.5 * near[e] / max(around[e], 1)
                    expected[p] += 0.5 * near[f] / max(around[f], 1)
                i += 1
                j += 1
    return expected


@njit(nogil=True, cache=True)
def exchange_pairs(
    a: U32,
    b: U32,
    by_object_start: I64,
    by_object: I64,
    object_: U32,
    t_ms: I64,
    sitting: I64,
    near: U32,
    around: U32,
    window_ms: int,
    neighbourhood_ms: int,
) -> tuple[I64, F64, F64]:
    """Meetings of pairs, one a sitting, against exchanging who acted when nearby.

    Given when a acted, of the ``around`` others within the neighbourhood ``near`` lie within
    the window; if b is one of them, it is one of the near with probability near / around. A
    sitting's chance is at most the sum over its objects. The tail is exact for independent
    sittings (Poisson-binomial).

    Parameters
    ----------
    a, b : (m,) uint32
    by_object_start, by_object
        Events of each account in the order of objects.
    near, around : (n,) uint32
        From :func:`counts_within`.

    Returns
    -------
    met : (m,) int64
    expected, p : (m,) float64
    """
    met = np.zeros(len(a), np.int64)
    expected = np.zeros(len(a))
    tail = np.ones(len(a))
    for p in range(len(a)):
        i, i_end = by_object_start[a[p]], by_object_start[a[p] + 1]
        j, j_end = by_object_start[b[p]], by_object_start[b[p] + 1]
        most = min(i_end - i, j_end - j)
        number = np.empty(most, np.int64)
        chance = np.zeros(most)
        hit = np.zeros(most, np.bool_)
        count = 0
        while i < i_end and j < j_end:
            e, f = by_object[i], by_object[j]
            if object_[e] < object_[f]:
                i += 1
            elif object_[f] < object_[e]:
                j += 1
            else:
                apart = abs(t_ms[e] - t_ms[f])
                if apart <= neighbourhood_ms:
                    at = -1
                    for k in range(count):
                        if number[k] == sitting[e]:
                            at = k
                    if at < 0:
                        at = count
                        number[at] = sitting[e]
                        count += 1
                    chance[at] = min(1.0, chance[at] + near[e] / max(around[e], 1))
                    if apart <= window_ms:
                        hit[at] = True
                i += 1
                j += 1
        met[p] = hit[:count].sum()
        expected[p] = chance[:count].sum()
        tail[p] = _upper_tail(chance[:count], met[p])
    return met, expected, tail


@njit(nogil=True, cache=True)
def _upper_tail(chance, at_least):  # type: ignore[no-untyped-def]
    """P(sum of independent coins >= at_least), by adding one coin at a time."""
    if at_least <= 0:
        return 1.0
    below = np.zeros(at_least + 1)
    below[0] = 1.0
    for c in chance:
        # The last cell gathers everything that has reached the mark.
        below[at_least] += below[at_least - 1] * c
        for k in range(at_least - 1, 0, -1):
            below[k] = below[k] * (1 - c) + below[k - 1] * c
        below[0] *= 1 - c
    return min(below[at_least], 1.0)
