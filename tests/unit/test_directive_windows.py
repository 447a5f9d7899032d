"""Which days are compared: around the date, without what something else explains."""

from datetime import date

import numpy as np
import pytest

from claqueur.directive.hypothesis import Addressed, Cause, Directive, Item
from claqueur.directive.windows import (
    DAY_MS,
    Span,
    local_day,
    midnight_ms,
    plan,
)

ZONE = "Asia/Krasnoyarsk"
FIRST, LAST = midnight_ms(date(2019, 1, 1), ZONE), midnight_ms(date(2019, 3, 1), ZONE)


def planned(*causes, start=date(2019, 2, 8), end=None, first=FIRST, last=LAST, named=False):
    item = Item("1", "x", "x", (Addressed("x"),), ("like",), start, end=end, target_pages=("-1",))
    directive = Directive("x", "ru", ZONE, (item,), tuple(causes))
    return plan(directive, item, ("-1",), first, last, named=named)


def cause(kind, first, last, *pages):
    return Cause("c", kind, date(2019, *first), date(2019, *last), pages)


def days(span):
    return local_day(span.begin_ms, ZONE), local_day(span.end_ms - 1, ZONE)


def test_ten_days_after_and_up_to_four_weeks_before():
    windows = planned()
    assert days(windows.order.before) == (date(2019, 1, 11), date(2019, 2, 7))
    assert days(windows.order.after) == (date(2019, 2, 8), date(2019, 2, 17))
    assert windows.start_ms == midnight_ms(date(2019, 2, 8), ZONE)
    assert windows.looks_back


def test_invented_dates_lie_before_the_order_and_do_not_overlap():
    windows = planned()
    assert len(windows.placebos) == 4
    end = windows.start_ms
    for each in windows.placebos:
        assert each.after.end_ms == end
        assert each.before.end_ms == each.after.begin_ms
        end = each.before.begin_ms
    assert end >= windows.order.before.begin_ms


def test_the_data_and_the_items_end_cut_the_days():
    assert planned(end=date(2019, 2, 8)).order.after.days == 1
    short = planned(last=midnight_ms(date(2019, 2, 12), ZONE))
    assert days(short.order.after)[1] == date(2019, 2, 12)
    late = planned(first=midnight_ms(date(2019, 2, 6), ZONE) + 9 * 3_600_000)
    assert late.order.before.days == 2
    assert not late.looks_back
    assert late.placebos == ()
    outside = planned(start=date(2019, 4, 1))
    assert outside.order.after.days == 0


def test_a_short_cause_is_left_out_with_what_it_reaches():
    windows = planned(cause("appeal", (2, 12), (2, 12)))
    assert windows.coinciding == ()
    assert [days(span) for span in windows.left_out] == [(date(2019, 2, 10), date(2019, 2, 12))]
    assert [days(span) for span in windows.interrupted] == [(date(2019, 2, 12),) * 2]
    noon = np.array([midnight_ms(date(2019, 2, day), ZONE) + DAY_MS // 2 for day in range(9, 14)])
    assert windows.usable(noon).tolist() == [True, False, False, False, True]


def test_a_short_cause_that_takes_most_of_the_window_coincides():
    windows = planned(cause("appeal", (2, 8), (2, 8)), end=date(2019, 2, 8))
    assert [each.name for each in windows.coinciding] == ["c"]
    assert windows.left_out == ()


def test_a_long_cause_coincides_or_ends_the_window():
    during = planned(cause("event", (2, 1), (2, 20)))
    assert len(during.coinciding) == 1
    assert during.order.after.days == 10
    later = planned(cause("event", (2, 14), (2, 20)))
    assert later.coinciding == ()
    assert days(later.order.after)[1] == date(2019, 2, 13)
    soon = planned(cause("event", (2, 10), (2, 20)))
    assert len(soon.coinciding) == 1
    before = planned(cause("event", (1, 20), (2, 7)))
    assert before.coinciding == ()


def test_causes_of_other_pages_are_passed_over():
    assert planned(cause("event", (2, 1), (2, 20), "-2")).coinciding == ()
    assert len(planned(cause("event", (2, 1), (2, 20), "-2", "-1")).coinciding) == 1


def test_posts_that_were_named_meet_causes_until_the_items_end():
    assert planned(cause("event", (2, 20), (2, 24))).coinciding == ()
    assert len(planned(cause("event", (2, 20), (2, 24)), named=True).coinciding) == 1


@pytest.mark.parametrize(
    ("one", "other", "meet"), [((0, 5), (5, 9), False), ((0, 6), (5, 9), True)]
)
def test_spans_are_half_open(one, other, meet):
    assert Span(*one).meets(Span(*other)) == meet
    assert Span(0, 5).holds(np.array([0, 4, 5])).tolist() == [True, True, False]
