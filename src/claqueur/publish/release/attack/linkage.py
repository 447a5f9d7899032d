"""Rows about single accounts, matched to the public lists: why no release has any.

Pseudonyms do not help. The posts an account acted on are a fingerprint: whoever asks the platform
again who liked them has the account.
"""

from __future__ import annotations

import polars as pl


def linked(table: pl.DataFrame, public: pl.DataFrame) -> pl.DataFrame:
    """Accounts that pseudonymous rows lead to, each because no other account fits.

    Parameters
    ----------
    table
        ``pseudonym`` and ``object``: what each pseudonym acted on.
    public
        ``account`` and ``object``: public lists of who acted on what.

    Returns
    -------
    ``pseudonym`` and ``account``, one row a pseudonym that one account alone fits.

    Examples
    --------
    >>> rows = pl.DataFrame({"pseudonym": ["x", "x"], "object": [1, 2]})
    >>> lists = pl.DataFrame({"account": ["a", "a", "b"], "object": [1, 2, 2]})
    >>> linked(rows, lists).rows()
    [('x', 'a')]
    """
    own = table.select("pseudonym", "object").unique()
    wanted = own.group_by("pseudonym").agg(pl.len().alias("wanted"))
    met = own.join(public.select("account", "object").unique(), on="object")
    counts = met.group_by("pseudonym", "account").agg(pl.len().alias("met"))
    fitting = counts.join(wanted, on="pseudonym").filter(pl.col("met") == pl.col("wanted"))
    alone = pl.col("account").n_unique().over("pseudonym") == 1
    return fitting.filter(alone).select("pseudonym", "account").sort("pseudonym")
