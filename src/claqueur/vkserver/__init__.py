"""VK's API, answered on the loopback address from a simulated world: for tests and for teaching.

``with serve(world) as base_url: ...`` runs it in a thread, ``VkServer(world)`` is an ASGI app.
``everything("krasnoyarsk-2019", seed=1)`` has more than the world's tables: when each like was
given and taken back, whatever the scenario's observer saw of it.

- ``dataset``, ``walls``, ``hide``: what there is at any moment, and what is not shown
- ``clocks``: the world's present moment
- ``methods``, ``objects``, ``params``, ``refusals``: the methods, and what they answer with
- ``script``: the code that ``execute`` runs
- ``answer``, ``limits``: one call, and how many there may be
- ``app``, ``faults``: HTTP, and what goes wrong on it
- ``server``, ``running``, ``options``: all of it together; the flags
"""

from claqueur.vkserver.clocks import SettableClock
from claqueur.vkserver.dataset import Dataset, everything
from claqueur.vkserver.faults import Faults
from claqueur.vkserver.hide import Hide
from claqueur.vkserver.running import serve
from claqueur.vkserver.server import VkServer

__all__ = ["Dataset", "Faults", "Hide", "SettableClock", "VkServer", "everything", "serve"]
