"""Never more requests in any second than are allowed, however long they take."""

from hypothesis import given
from hypothesis import strategies as st

from claqueur.collect.vk.limiter import Limiter


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds


@given(
    st.sampled_from([1, 3, 20]),
    st.lists(
        st.tuples(
            st.floats(0, 2, allow_nan=False),  # before the request
            st.floats(0, 3, allow_nan=False),  # from sending to arriving
            st.floats(0, 3, allow_nan=False),  # from arriving to the answer
        ),
        max_size=60,
    ),
)
def test_whenever_requests_arrive(most, gaps):
    time = Time()
    limiter = Limiter(most, time)  # type: ignore[arg-type]
    arrived = []
    for before, there, back in gaps:
        time.now += before
        with limiter.slot():
            time.now += there
            arrived.append(time.now)
            time.now += back
    for first, later in zip(arrived, arrived[most:], strict=False):
        assert later - first >= 1, "so no window of a second holds more"


@given(st.integers(10, 50))
def test_it_does_not_wait_longer_than_needed(count):
    time = Time()
    limiter = Limiter(3, time)  # type: ignore[arg-type]
    for _ in range(count):
        with limiter.slot():
            pass
    assert time.now <= (count - 1) // 3 * 1.002
