"""How a room finds its members: one file, one public constant, no registry to edit.

A room is a package such as ``claqueur.sources``. Each of its modules that has the
room's constant is a member; other distributions add members through entry points
named after the package.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules
from typing import Any


@cache
def members(room: str, constant: str) -> dict[str, Any]:
    """The members of a room by name, in order of their names.

    Parameters
    ----------
    room
        Package, for example ``"claqueur.sources"``; also the entry-point group.
    constant
        Name of the public constant a member module has, for example ``"SOURCE"``.
    """
    modules = iter_modules(import_module(room).__path__, prefix=f"{room}.")
    own = (getattr(import_module(module.name), constant, None) for module in modules)
    others = (point.load() for point in entry_points(group=room))
    found = [member for member in (*own, *others) if member is not None]
    return {member.name: member for member in sorted(found, key=lambda member: member.name)}
