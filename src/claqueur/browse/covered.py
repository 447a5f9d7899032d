"""How much of what a group shares its members acted on, beside accounts in no group.

Counts of accounts by tenths of the group's objects; nobody's own share is kept.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from claqueur.store import Events

TENTHS = 10
MEMBERS, OTHERS, ORGANIC = "members", "others", "organic"
COVERAGE = pl.Schema({"group_id": pl.Int64(), "part": pl.String(), "counts": pl.List(pl.Int64())})
"""One row: accounts of one kind by tenths. ``organic`` are as many of the others as there are
members, matched by how many actions they have."""

_Codes = NDArray[np.int64]


def coverage(objects: pl.DataFrame, members: pl.DataFrame, events: Events) -> pl.DataFrame:
    """Coverage of every group.

    Parameters
    ----------
    objects, members
        Columns ``group_id`` and ``object_id`` or ``account_id``.
    events
        All there are; sorted by object.
    """
    codes = {
        name: pl.DataFrame({f"{name}_id": events.names[f"{name}_id"]}).with_row_index("code")
        for name in ("object", "account")
    }
    shared = _by_group(objects, codes["object"], "object_id")
    inside = _by_group(members, codes["account"], "account_id")
    whole = events.frame["object_id"].to_numpy()
    actor = events.frame["account_id"].to_numpy()
    activity = np.bincount(actor, minlength=len(events.names["account_id"]))
    grouped = np.zeros(len(activity), dtype=bool)
    for own in inside.values():
        grouped[own] = True
    rows = []
    for group, own in shared.items():
        acted = _acted(own, whole, actor)
        parts = _parts(acted, len(own), inside.get(group, own[:0]), grouped, activity)
        rows += [{"group_id": group, "part": part, "counts": each} for part, each in parts.items()]
    return pl.DataFrame(rows, schema=COVERAGE)


def _by_group(table: pl.DataFrame, codes: pl.DataFrame, name: str) -> dict[int, _Codes]:
    found = table.select("group_id", name).join(codes, on=name)
    parts = found.select("group_id", "code").partition_by("group_id", as_dict=True)
    return {
        int(str(key[0])): part["code"].unique().sort().to_numpy().astype(np.int64)
        for key, part in parts.items()
    }


def _acted(own: _Codes, whole: NDArray[np.uint32], actor: NDArray[np.uint32]) -> pl.DataFrame:
    """On how many of some objects each account acted, whoever acted on any."""
    # Of the same type: all events would be converted for each group else.
    codes = own.astype(whole.dtype)
    low = np.searchsorted(whole, codes, side="left")
    high = np.searchsorted(whole, codes, side="right")
    each = [np.unique(actor[begin:end]) for begin, end in zip(low, high, strict=True)]
    accounts, counts = np.unique(np.concatenate(each), return_counts=True)
    return pl.DataFrame({"account": accounts.astype(np.int64), "count": counts})


def _parts(
    acted: pl.DataFrame, objects: int, inside: _Codes, grouped: NDArray[np.bool_],
    activity: NDArray[np.int64],
) -> dict[str, list[int]]:  # fmt: skip
    account, count = acted["account"].to_numpy(), acted["count"].to_numpy()
    mine = np.isin(account, inside)
    others = ~grouped[account]
    parts = {
        MEMBERS: _tenths(count[mine], objects),
        OTHERS: _tenths(count[others], objects),
    }
    if others.any() and mine.any():
        alike = _alike(activity[account[mine]], activity[account[others]])
        parts[ORGANIC] = _tenths(count[others][alike], objects)
    return parts


def _tenths(counts: NDArray[np.int64], objects: int) -> list[int]:
    tenth = np.minimum(-(-counts * TENTHS // max(objects, 1)) - 1, TENTHS - 1)
    found: list[int] = np.bincount(tenth, minlength=TENTHS).tolist()
    return found


def _alike(wanted: NDArray[np.int64], there: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each wanted activity one that is there and not taken yet, about as large.

    The largest go first, and each leaves enough below it for those that follow.
    """
    order = np.argsort(there, kind="stable")
    sizes = there[order]
    taken: list[int] = []
    free = len(sizes)
    left = min(len(wanted), free)
    for size in np.sort(wanted)[::-1][:left]:
        place = min(int(np.searchsorted(sizes, size, side="right")) - 1, free - 1)
        free = max(place, left - len(taken) - 1)
        taken.append(int(order[free]))
    return np.array(taken, np.int64)
