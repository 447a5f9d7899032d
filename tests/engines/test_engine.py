"""Which engine is in force, and what this machine's does."""

import pickle
from threading import Event, Thread

import pytest

from claqueur.engines.chosen import running
from claqueur.engines.engine import LOCAL, Local, Stop, here, in_force, spread, using
from claqueur.progress import SILENT
from claqueur.settings import Scale


class Elsewhere:
    """An engine that remembers who asked."""

    name, where = "elsewhere", "there"

    def __init__(self):
        self.asked = 0

    def each(self, work, items, progress, stop=None):
        self.asked += 1
        return map(work, items)


class TestInForce:
    def test_this_machine_by_default(self):
        assert in_force() is LOCAL
        assert list(spread(lambda i: i * i, range(5), SILENT)) == [0, 1, 4, 9, 16]

    def test_another_inside_only_even_after_a_fault(self):
        other = Elsewhere()
        with pytest.raises(ZeroDivisionError), using(other):
            assert in_force() is other
            list(spread(lambda i: 1 // i, [0], SILENT))
        assert other.asked == 1
        assert in_force() is LOCAL

    def test_threads_begin_with_this_machine(self):
        seen = []
        with using(Elsewhere()):
            thread = Thread(target=lambda: seen.append(in_force()))
            thread.start()
            thread.join()
        assert seen == [LOCAL]

    def test_what_stays_here_is_as_wide_as_the_engine_allows(self):
        with using(Local(threads=1)):
            assert here().threads == 1
        with using(Elsewhere()):
            assert here() is LOCAL

    def test_settings_say_which(self):
        other = Elsewhere()
        with running(Scale(), other, SILENT):
            assert in_force() is other
            # Said expressly, the cores of this machine are meant.
            with running(Scale(), None, SILENT):
                assert in_force() is LOCAL


class TestLocal:
    def test_results_are_in_order_and_every_one_is_a_step(self, heard):
        assert list(Local().each(str, range(40), heard)) == [str(i) for i in range(40)]
        assert heard.steps == 40

    def test_whoever_leaves_early_stops_what_runs(self):
        stop, begun = Stop(), []

        def work(i):
            begun.append(i)
            if i:
                stop.wait()

        results = Local(threads=1).each(work, range(100), SILENT, stop)
        next(results)
        results.close()
        assert stop.is_set()
        assert len(begun) < 100


def test_a_stop_that_was_sent_is_not_set():
    stop = Stop()
    stop.set()
    there = pickle.loads(pickle.dumps(stop))
    assert isinstance(there, Event)
    assert not there.is_set()
