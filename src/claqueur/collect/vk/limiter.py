"""At most so many requests in any window of one second.

A request reaches the platform somewhere between being sent and being answered. Its place is
therefore free again one second after its answer: whenever requests arrive over there, no
window of a second holds more of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from claqueur.collect.vk.clock import Clock

WINDOW_S = 1.0


class Limiter:
    """Lets ``most`` requests begin in a second, one at a time.

    Parameters
    ----------
    most
        Requests a second; 0 for no limit, which only a test server may be asked without.
    """

    def __init__(self, most: int, clock: Clock) -> None:
        self.most, self._clock = most, clock
        self._done: deque[float] = deque(maxlen=most)

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Wait for a place, and hold it while the request is under way."""
        if self.most and len(self._done) == self.most:
            # Clocks have a resolution, and sums of floats an error: a little longer is sure.
            free = self._done[0] + WINDOW_S + 1e-3
            while (rest := free - self._clock.monotonic()) > 0:
                self._clock.pause(rest)
        try:
            yield
        finally:
            if self.most:
                self._done.append(self._clock.monotonic())
