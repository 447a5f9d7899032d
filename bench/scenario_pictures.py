"""Pictures of the shipped scenarios for docs/simulation.md, into docs/img.

    python -m bench.scenario_pictures [--comments COMMENTS.parquet]

The real comments (a table with ``datetime`` in UTC) are only counted by hour and drawn; without
them their curve is left out.
"""

from __future__ import annotations

import argparse
import os
from datetime import date
from pathlib import Path

import altair as alt
import polars as pl
import vl_convert

from claqueur.publish.charts.look import LIGHT, config
from claqueur.publish.charts.page import VEGA_LITE
from claqueur.simulation import World, scenarios, simulate
from claqueur.simulation.reading import read_scenario

ROOT = Path(__file__).parents[1]
FIGURES = ROOT / "docs" / "img"
SHARED = Path(os.environ.get("CLAQUEUR_SHARED", ROOT.parent / "shared"))
COMMENTS = SHARED / "data" / "vk_comments" / "comments.parquet"

TOLD, ASKED, OWN = "ordered or rewarded", "asked", "of their own accord"
GROUPS = {"ordered": TOLD, "head": TOLD, "activist": TOLD, "appeal": ASKED, "supporter": ASKED}
COLOURS = alt.Scale(domain=[TOLD, ASKED, OWN], range=[LIGHT.ours, LIGHT.second, LIGHT.others])
ROWS = {
    "ordered": "heads and staff", "head": "heads and staff", "activist": "activists",
    "supporter": "supporters", "appeal": "followers of the appeal", "fan": "notification fans",
    "topical_fan": "topical fans", "employee": "employees", "new_follower": "new followers",
    "giveaway": "prize hunters", "organic": "everybody else",
}  # fmt: skip

DAYS = {
    "krasnoyarsk-2019": (date(2019, 2, 12), "Waves in working hours"),
    "standing-appeal": (date(2019, 2, 12), "Staff and supporters act in waves alike"),
    "own-time": (date(2019, 2, 12), "As many likes by staff, and no waves"),
    "reporting-deadline": (date(2019, 2, 20), "Staff catch up before the deadline, 22 Feb 18:00"),
    "activist-network": (date(2019, 2, 24), "Activists comment together, in the evening too"),
    "public-appeal": (date(2019, 2, 19), "A great wave on one evening, and nobody was ordered"),
    "named-posts": (
        date(2019, 2, 12),
        "Participation without waves; lists show none of these times",
    ),
    "organic": (date(2019, 2, 5), "Nobody is ordered or asked, and yet there are bursts"),
}
"""The first of three days to show, and what is to be seen."""

WEEK = (
    "The real comments come from too few whole weeks to stand beside them.",
    "An appeal's evening goes on to 90%.",
)
BESIDE = (
    "Grey area: 90,000 real comments on VK media pages, February to April 2022, Moscow time.",
    "An appeal's evening goes on to 60%. Of those told or asked, only what they were told to do.",
)


def local_actions(name: str, world: World) -> pl.DataFrame:
    """What accounts did: role, group, local time, page's role."""
    _, scenario = read_scenario(name)
    pages = world.truth.select(owner_id="account_id", page="role")
    return (
        world.events.filter(pl.col("action") != "post")
        .join(world.truth.select("account_id", "role"), on="account_id")
        .join(pages, on="owner_id")
        .with_columns(
            local=pl.col("time_min").dt.convert_time_zone(scenario.span.timezone),
            group=pl.col("role").replace_strict(GROUPS, default=OWN),
            scenario=pl.lit(name),
        )
    )


def drawn(actions: pl.DataFrame) -> pl.DataFrame:
    """Only what the order, the appeal or the campaign is about, of those told or asked."""
    about = (pl.col("page") == "official") | (pl.col("role") == "activist")
    return actions.filter((pl.col("group") == OWN) | about)


def shares(actions: pl.DataFrame, slot: pl.Expr) -> pl.DataFrame:
    """Percent of a group's actions in each slot, per scenario."""
    counts = actions.group_by("scenario", "group", slot=slot).len()
    share = 100 * pl.col("len") / pl.col("len").sum().over("scenario", "group")
    return counts.with_columns(share=share).drop("len").sort("scenario", "group", "slot")


def real_hours(path: Path) -> pl.DataFrame:
    """Percent of the real comments in each hour of Moscow time; each day counts alike."""
    if not path.exists():
        return pl.DataFrame(schema={"slot": pl.Int64, "share": pl.Float64})
    local = pl.col("datetime").dt.replace_time_zone("UTC").dt.convert_time_zone("Europe/Moscow")
    table = pl.read_parquet(path, columns=["datetime"]).select(local=local)
    by_day = table.group_by(day=pl.col("local").dt.date(), slot=pl.col("local").dt.hour()).len()
    by_day = by_day.with_columns(all=pl.col("len").sum().over("day")).filter(pl.col("all") >= 1000)
    days = by_day["day"].n_unique()
    share = 100 * (pl.col("len") / pl.col("all")).sum() / days
    return by_day.group_by("slot").agg(share=share).sort("slot")


def small_multiples(
    table: pl.DataFrame, behind: pl.DataFrame, x: alt.X, most: float, heading: str, *below: str
) -> alt.Chart:
    """One panel a scenario, all with the same scales, four in a row."""
    # The same domain in every panel, written out: concatenated layers do not share scales.
    domain = [0, most]
    y = alt.Y(
        "share:Q", title="% of actions", axis=alt.Axis(tickCount=4), scale=alt.Scale(domain=domain)
    )
    area = alt.Chart(alt.InlineData(values=behind.to_dicts())).mark_area(
        color=LIGHT.grid, interpolate="linear"
    )
    line = alt.Chart(alt.InlineData(values=table.to_dicts())).mark_line(strokeWidth=2, clip=True)
    colour = alt.Color("group:N", scale=COLOURS, title=None, legend=alt.Legend(symbolType="stroke"))
    panels = []
    names = table["scenario"].unique(maintain_order=True).to_list()
    for name in names:
        shown = line.encode(x, y, colour).transform_filter(alt.datum.scenario == name)
        layers = [area.encode(x, y), shown] if behind.height else [shown]
        panels.append(alt.layer(*layers).properties(width=142, height=100, title=_panel(name)))
    rows = [alt.hconcat(*panels[i : i + 4], spacing=14) for i in range(0, len(panels), 4)]
    chart = alt.vconcat(*rows, spacing=18).resolve_scale(x="shared", y="shared", color="shared")
    return chart.properties(title=alt.TitleParams(heading, subtitle=list(below)))


def _panel(text: str) -> alt.TitleParams:
    return alt.TitleParams(text, fontSize=12, fontWeight=600, offset=6, color=LIGHT.ink)


def three_days(name: str, actions: pl.DataFrame, first: date, saying: str) -> alt.Chart:
    """Actions in 20 minutes of each kind of people, one row a kind, over three days."""
    shown = actions.filter(
        pl.col("local").dt.date().is_between(first, pl.lit(first) + pl.duration(days=2))
    )
    network = name == "activist-network"
    shown = shown.filter(pl.col("action") == "comment" if network else pl.col("page") == "official")
    # A handful of actions by a kind of people would be a row without anything to see.
    shown = shown.filter(pl.len().over("role") >= 30)
    start = pl.lit(first).cast(pl.Datetime("ms"))
    naive = pl.col("local").dt.replace_time_zone(None).dt.truncate("20m")
    counts = shown.group_by(
        "group",
        row=pl.col("role").replace_strict(ROWS),
        hours=(naive - start).dt.total_minutes() / 60,
    ).len()
    highest = counts["len"].max()
    # One evening's appeal would make all the rest invisible.
    most = 120 if highest > 500 else highest
    cut = f"; the bars that are cut go on to {highest:,}" if most < highest else ""
    present = [group for group in (TOLD, ASKED, OWN) if group in counts["group"]]
    colour = alt.Color("group:N", scale=COLOURS, title=None, legend=alt.Legend(values=present))
    panels = []
    kinds = [row for row in dict.fromkeys(ROWS.values()) if row in counts["row"]]
    for row in kinds:
        own = counts.filter(pl.col("row") == row).sort("hours")
        bars = alt.Chart(alt.InlineData(values=own.to_dicts())).mark_bar(width=3, clip=True)
        last = row == kinds[-1]
        chart = bars.encode(
            alt.X(
                "hours:Q",
                title="local time" if last else None,
                scale=alt.Scale(domain=[0, 72], nice=False),
                axis=alt.Axis(
                    values=list(range(0, 73, 6)),
                    labels=last,
                    ticks=last,
                    labelExpr="datum.value % 24 == 0 ? '' : (datum.value % 24) + ':00'",
                ),
            ),
            alt.Y(
                "len:Q", title=None, scale=alt.Scale(domain=[0, most]), axis=alt.Axis(tickCount=2)
            ),
            colour,
        )
        panels.append(chart.properties(width=640, height=46, title=_panel(row)))
    where = "Comments on all pages" if network else "Actions on the official pages"
    weekdays = f"{first:%A %-d %B} and the two days after"
    title = alt.TitleParams(f"{name}: {saying}", subtitle=f"{where} in 20 minutes, {weekdays}{cut}")
    return alt.vconcat(*panels, spacing=10).properties(title=title)


def counter_jump(world: World) -> alt.Chart:
    """Likes of a post after a day, official pages against the others, by day of publication."""
    pages = world.truth.select(owner_id="account_id", role="role")
    read = (
        world.counters.filter(pl.col("counter") == "likes")
        .drop("owner_id")
        .join(world.objects.select("object_id", "owner_id", "created"), on="object_id")
        .filter(pl.col("time") - pl.col("created") == pl.duration(hours=24))
        .join(pages, on="owner_id")
        .with_columns(day=pl.col("created").dt.convert_time_zone("Asia/Krasnoyarsk").dt.date())
    )
    kind = (
        pl.when(pl.col("role") == "official")
        .then(pl.lit("official pages"))
        .otherwise(pl.lit("all other pages"))
    )
    before = pl.col("value").filter(pl.col("day") < date(2019, 2, 8)).mean().over("kind")
    daily = (
        read.with_columns(kind=kind)
        .with_columns(index=100 * pl.col("value") / before)
        .group_by("kind", "day")
        .agg(pl.col("index").mean())
        .sort("kind", "day")
        .with_columns(pl.col("index").rolling_mean(5, center=True, min_samples=1).over("kind"))
        .with_columns(pl.col("day").cast(pl.String))
    )
    scale = alt.Scale(
        domain=["official pages", "all other pages"], range=[LIGHT.ours, LIGHT.others]
    )
    line = (
        alt.Chart(alt.InlineData(values=daily.to_dicts()))
        .mark_line(strokeWidth=2)
        .encode(
            alt.X("day:T", title="published on", axis=alt.Axis(format="%-d %b")),
            alt.Y("index:Q", title="before the order = 100", scale=alt.Scale(zero=True)),
            alt.Color("kind:N", scale=scale, title=None),
        )
    )
    rule = alt.Chart(alt.InlineData(values=[{"day": "2019-02-08"}])).mark_rule(strokeDash=[4, 3])
    title = alt.TitleParams(
        "counters-only: The official pages' counters rise from the order's date on",
        subtitle=[
            "Likes of a post after 24 hours, mean of five days. Dashed: the date of the order.",
            "The peak of 20 February is the public appeal, which counters cannot tell from it.",
        ],
    )
    return (line + rule.encode(alt.X("day:T"))).properties(width=640, height=220, title=title)


def save(chart: alt.Chart, name: str) -> None:
    spec = chart.configure(**config()).to_json()
    svg = vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE, allowed_base_urls=[])
    (FIGURES / f"scenario-{name}.svg").write_text(svg, encoding="utf-8")
    print(f"docs/img/scenario-{name}.svg")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--comments", type=Path, default=COMMENTS)
    comments = parser.parse_args().comments
    worlds = {name: simulate(name, seed=1) for name in scenarios()}
    worlds["named-posts"] = simulate("named-posts", seed=1, changes={"observer": None})
    save(counter_jump(worlds.pop("counters-only")), "counters-only")
    actions = {name: local_actions(name, world) for name, world in worlds.items()}
    for name, (first, saying) in DAYS.items():
        save(three_days(name, actions[name], first, saying), name)
    # The same city with an eighth of the accounts would add a row of noise.
    large = [name for name in DAYS if name != "named-posts"]
    hours = pl.concat([shares(drawn(actions[name]), pl.col("local").dt.hour()) for name in large])
    days = pl.concat([shares(drawn(actions[name]), pl.col("local").dt.weekday()) for name in large])
    at = alt.X(
        "slot:Q",
        title="hour",
        axis=alt.Axis(values=[0, 6, 12, 18]),
        scale=alt.Scale(domain=[0, 23]),
    )
    save(
        small_multiples(
            hours, real_hours(comments), at, 34, "When people act, by hour of the day",
            *BESIDE,
        ),
        "hours",
    )  # fmt: skip
    names = "['Mo','Tu','We','Th','Fr','Sa','Su'][datum.value - 1]"
    at = alt.X("slot:Q", title=None, axis=alt.Axis(values=list(range(1, 8)), labelExpr=names))
    none = pl.DataFrame(schema={"slot": pl.Int64, "share": pl.Float64})
    save(
        small_multiples(
            days, none, at, 50, "When people act, by day of the week",
            *WEEK,
        ),
        "weekdays",
    )  # fmt: skip


if __name__ == "__main__":
    main()
