"""Small tables of coded actions for the tests of null models."""

from collections.abc import Sequence

import polars as pl

from claqueur.nulls.timeline import Timeline, timeline
from claqueur.store import Events

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
START = 1_580_515_200_000  # midnight, UTC


def coded(
    rows: Sequence[tuple[int, int, int]],
    accounts: int,
    objects: int,
    owners: Sequence[str | None] | None = None,
) -> tuple[pl.DataFrame, Events]:
    """Rows of (account, object, time in ms), coded as the store does.

    Parameters
    ----------
    owners
        Page of every object.
    """
    names = {
        "account_id": pl.Series("account_id", [f"{a:04}" for a in range(accounts)]),
        "object_id": pl.Series("object_id", [f"{o:04}" for o in range(objects)]),
    }
    columns = {
        "account_id": pl.Series([a for a, _, _ in rows], dtype=pl.UInt32),
        "object_id": pl.Series([o for _, o, _ in rows], dtype=pl.UInt32),
        "t_min_ms": pl.Series([t for _, _, t in rows], dtype=pl.Int64),
        "t_max_ms": pl.Series([t for _, _, t in rows], dtype=pl.Int64),
    }
    if owners is not None:
        known = sorted({owner for owner in owners if owner is not None})
        names["owner_id"] = pl.Series("owner_id", known, dtype=pl.String)
        place = {owner: code for code, owner in enumerate(known)}
        columns["owner_id"] = pl.Series(
            [place.get(owners[o] or "") for _, o, _ in rows], dtype=pl.UInt32
        )
    frame = pl.DataFrame(columns).sort("object_id", "t_min_ms", "account_id")
    return frame, Events(frame, names)


def laid_out(
    rows: Sequence[tuple[int, int, int]],
    accounts: int,
    objects: int,
    owners: Sequence[str | None] | None = None,
) -> Timeline:
    """The timeline of :func:`coded` rows."""
    return timeline(*coded(rows, accounts, objects, owners))
