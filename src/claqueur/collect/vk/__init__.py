"""VKontakte: what is public, read through its API, kept as evidence.

- ``token``, ``clock``, ``limiter``, ``patience``, ``faults``: how VK is asked
- ``calls``, ``client``: calls that only read; sending them, and keeping what comes back
- ``readings``, ``reader``: whole lists, page by page
- ``state``, ``schedule``, ``pages``: what is known, what is due, what pages are called
- ``poller``, ``collection``: rounds; all of it together

``collect_vk(case, token, Collection(...))`` is the command ``claqueur collect vk``.
"""

from claqueur.collect.vk.client import VkClient
from claqueur.collect.vk.collection import Collection, How, Summary, collect_vk, plan_vk
from claqueur.collect.vk.token import Token, find_token

__all__ = [
    "Collection",
    "How",
    "Summary",
    "Token",
    "VkClient",
    "collect_vk",
    "find_token",
    "plan_vk",
]
