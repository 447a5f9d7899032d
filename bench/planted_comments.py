"""Texts planted among real comments: `python -m bench.planted_comments [--seeds 5]`.

People who were handed a dozen texts comment among the real commenters of four VK pages (the data
folder beside the repository), half of them under accounts that comment otherwise too. Each copy
has its words changed anew, each with the same chance, into any word of the real comments. Posts are
made up: all comments of a page in an hour are under one.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

import claqueur
from bench.scenario_pictures import SHARED

PAGES = ("TJ", "Snob", "A-news", "Pervyj kanal")
PEOPLE, MOST, POSTS = 150, 6, 40
TEXTS = (
    "Наш город преображается на глазах, спасибо администрации за заботу о людях",
    "Гордимся нашими спортсменами, так держать, вперёд к новым победам",
    "Какой замечательный праздник подарили жителям организаторы Универсиады, огромное спасибо",
    "Отличная работа, сразу видно, что власти думают о будущем нашей молодёжи",
    "Очень рада за наш край, такие события объединяют всех красноярцев",
    "Прекрасные новости, с нетерпением ждём открытия новых спортивных объектов в городе",
    "Спасибо за тёплый приём гостей, волонтёры большие молодцы, мы гордимся вами",
    "Универсиада это праздник молодости и спорта, желаем успехов всем участникам соревнований",
    "Замечательная программа, обязательно придём всей семьёй поддержать нашу сборную",
    "Красноярск становится лучше с каждым днём, спасибо всем, кто делает это возможным",
    "Какая красота, душа радуется смотреть на наш обновлённый любимый город",
    "Поддерживаем нашу команду, верим, что впереди только победы и рекорды",
)


def world(seed: int, changed: float) -> tuple[pl.DataFrame, dict[str, int]]:
    """Events, and how many planted comments each account has."""
    rng = np.random.default_rng(seed)
    real = pl.read_parquet(SHARED / "data" / "vk_comments" / "comments.parquet")
    real = real.drop_nulls("text").filter(pl.col("media").is_in(PAGES)).select(
        account_id="user_id_hashed",
        owner_id="media",
        object_id=pl.col("media") + pl.col("datetime").dt.strftime("-%Y%m%d%H"),
        timestamp=pl.col("datetime"),
        text="text",
    )  # fmt: skip
    words = real["text"].str.split(" ").explode().to_numpy()
    known = rng.choice(real["account_id"].unique().sort().to_numpy(), PEOPLE // 2, replace=False)
    people = [*known.tolist(), *(f"planted-{n}" for n in range(PEOPLE - len(known)))]
    posts = real.group_by("object_id").agg(pl.first("owner_id"), pl.min("timestamp"))
    chosen = posts.sort("object_id").sample(POSTS, seed=seed).to_dicts()
    rows, count = [], {}
    for account in people:
        count[account] = int(rng.integers(1, MOST + 1))
        for place in rng.choice(POSTS, count[account], replace=False):
            text = rng.choice(TEXTS).split(" ")
            said = [str(rng.choice(words)) if rng.random() < changed else each for each in text]
            rows.append({"account_id": account, **chosen[place], "text": " ".join(said)})
    planted = pl.DataFrame(rows).select(real.columns)
    return pl.concat([real, planted]).with_columns(action=pl.lit("comment")), count


def found(events: pl.DataFrame) -> set[str]:
    """Members of groups that use the same texts."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "comments.parquet"
        events.write_parquet(path)
        result = claqueur.detect(path, layer=("co_text",), timezone="Europe/Moscow")
    return set(result.accounts["account_id"].to_list())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    seeds = range(1, parser.parse_args().seeds + 1)
    print("| words changed | comments | found with two or more | least | wrongly in a group |")
    print("|---|---|---|---|---|")
    for changed in (None, 0.0, 0.1, 0.3, 0.5):
        shares, wrong, members, comments = [], 0, 0, 0
        for seed in seeds:
            events, count = world(seed, changed or 0.0)
            if changed is None:
                events, count = events.filter(~pl.col("text").is_in(TEXTS)), {}
            flagged = found(events)
            comments = events.height
            several = [account for account, own in count.items() if own > 1]
            shares.append(np.mean([each in flagged for each in several]) if several else np.nan)
            wrong += len(flagged - count.keys())
            members += len(flagged)
        name = "nothing planted" if changed is None else f"{changed:.0%}"
        share = "–" if changed is None else f"{np.mean(shares):.1%} | {np.min(shares):.1%}"
        share = "– | –" if changed is None else share
        print(f"| {name} | {comments:,} | {share} | {wrong} of {members} |", flush=True)


if __name__ == "__main__":
    main()
