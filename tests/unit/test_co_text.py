"""Groups that use the same texts: found where texts were handed out, nowhere else; what is said."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.command_line import CommandLine
from tests.conftest import SCHEMAS, lockstep_table
from tests.speaker import POSTS, SCHEMA, START, Town

import claqueur
from claqueur.errors import CaseError, SourceError
from claqueur.groups.copies import log_e_of
from claqueur.model import CO_TEXT, COPIES, TEMPLATES
from claqueur.pipeline import write
from claqueur.publish.charts.labels import network_text
from claqueur.publish.sentence import sentences
from claqueur.publish.texts import copies_of, templates_of
from claqueur.results import TABLES, Result
from claqueur.texts.normal import normal
from claqueur.texts.wording import NOBODY_FOUND

ORGANIC, PLANTED = range(400), range(1000, 1040)
PSEUDONYM = re.compile(r"\b[a-z2-7]{5}-[a-z2-7]{5}\b")
ACCOUNT = re.compile(r"\b5\d{8}\b")


def town(seed: int = 1, **handed: object) -> Town:
    """400 who comment in their own words, 40 who use six texts."""
    return Town(seed).organic(ORGANIC).handed_out(PLANTED, **handed)  # type: ignore[arg-type]


def detect(events: pl.DataFrame, folder: Path, **settings: object) -> Result:
    events.write_parquet(folder / "events.parquet")
    return claqueur.detect(folder / "events.parquet", **settings)  # type: ignore[arg-type]


def handed(events: pl.DataFrame) -> pl.DataFrame:
    """Comments made from texts that were handed out, where those are copied as they are."""
    copied = pl.len().over("text") > 5
    return events.filter(copied, pl.col("account_id") >= "500001000")


def used_twice(events: pl.DataFrame) -> list[str]:
    """Accounts with at least two of the texts."""
    used = handed(events).group_by("account_id").agg(pl.col("text").n_unique())
    return used.filter(pl.col("text") >= 2)["account_id"].sort().to_list()


@pytest.fixture(scope="module")
def events() -> pl.DataFrame:
    return town().events


@pytest.fixture(scope="module")
def result(events, tmp_path_factory) -> Result:
    return detect(events, tmp_path_factory.mktemp("planted"))


@pytest.fixture(scope="module")
def out(result, tmp_path_factory) -> Path:
    """The folder of results; not to be changed."""
    return write(result, tmp_path_factory.mktemp("written") / "out")


@pytest.fixture(scope="module")
def page(out) -> str:
    return (out / "report.html").read_text(encoding="utf-8")


class TestPlanted:
    def test_whoever_used_two_texts_is_found_and_nobody_else(self, events, result):
        assert result.accounts["account_id"].to_list() == used_twice(events)
        assert 20 <= result.accounts.height < len(PLANTED)
        (row,) = result.groups.rows(named=True)
        assert row["size"] == result.accounts.height
        assert row["layers"] == [CO_TEXT]
        assert row["window_ms"] is None
        assert row["action"] == "text"
        assert row["p_value"] <= row["q_value"] <= 0.05

    @pytest.mark.parametrize(("seed", "changed"), [(2, 0.2), (3, 0.3)])
    def test_texts_whose_words_were_changed(self, tmp_path, seed, changed):
        many = range(1000, 1150)
        made = Town(seed).organic(ORGANIC).handed_out(many, changed=changed).events
        found = detect(made, tmp_path)
        members = set(found.accounts["account_id"])
        assert not {who for who in members if who < "500001000"}
        assert len(members) >= 0.35 * len(many)
        assert found.groups.height == 1

    def test_two_sets_of_texts_are_two_groups(self, tmp_path):
        two = town(5).handed_out(range(2000, 2040)).events
        found = detect(two, tmp_path)
        assert found.groups.height == 2
        assert found.groups["group_id"].to_list() == [1, 2]
        first = found.accounts["account_id"] < "500002000"
        assert found.accounts.filter(first)["group_id"].n_unique() == 1
        assert found.accounts.filter(~first)["group_id"].n_unique() == 1
        assert (found.groups["q_value"] >= found.groups["p_value"]).all()

    def test_only_members_have_rows(self, result):
        assert result.accounts.schema == SCHEMAS["accounts"]
        assert result.accounts["account_id"].is_unique().all()
        assert set(result.accounts["group_id"]) == {1}
        assert result.accounts["q_value"].max() <= 0.05
        assert (result.accounts["p_value"] <= result.accounts["q_value"]).all()
        assert result.accounts["stability"].is_between(0.5, 1).all()

    def test_pairs_are_members_with_their_common_texts(self, events, result):
        texts = dict(handed(events).group_by("account_id").agg(pl.col("text").unique()).iter_rows())
        members = set(result.accounts["account_id"])
        assert result.pairs.schema == SCHEMAS["pairs"]
        assert set(result.pairs["layer"]) == {CO_TEXT}
        assert set(result.pairs["action"]) == {"text"}
        assert result.pairs["window_ms"].null_count() == result.pairs.height > 50
        assert (result.pairs["q_value"] <= 0.05).all()
        for a, b, weight in result.pairs.select("account_a", "account_b", "weight").iter_rows():
            assert a < b
            assert {a, b} <= members
            assert weight == len(set(texts[a]) & set(texts[b]))

    def test_evidence_is_on_texts(self, result):
        rows = result.evidence
        assert rows.schema == SCHEMAS["evidence"]
        assert set(rows["object_id"]) == set(
            result.templates.filter(pl.col("group_id") == 1)["template"]
        )
        assert set(rows["account_id"]) == set(result.accounts["account_id"])
        assert rows["time"].null_count() == 0

    def test_all_other_tables(self, result):
        for name, schema in SCHEMAS.items():
            assert getattr(result, name).schema == schema, name
        assert result.activity.height > 0

    def test_templates(self, events, result):
        table = result.templates
        assert table.schema == TEMPLATES
        own = table.filter(pl.col("group_id") == 1)
        copies = handed(events)
        assert own.height == copies["text"].n_unique() == 6
        assert own["rare"].all()
        for row in own.iter_rows(named=True):
            # Copied as it stands, a text is its own frame, without slots.
            made = copies.filter(pl.col("text") == row["frame"])
            assert row["comments"] == made.height
            assert row["accounts"] == made["account_id"].n_unique()
            assert row["posts"] == made["object_id"].n_unique()
            assert row["pages"] == made["owner_id"].n_unique()
            for name, moment in (("first_time", "min"), ("last_time", "max")):
                assert row[name].timestamp() == getattr(made["timestamp"], moment)()
            assert row["words"] == len(row["frame"].split())
            assert row["rarity_bits"] >= result.run["texts"]["rare_bits"]
        others = table.filter(pl.col("group_id").is_null())
        assert others["public_frame"].null_count() == others.height
        assert table["template"].is_unique().all()
        assert (table["accounts"] >= 2).all()
        assert own["accounts"].is_sorted(descending=True)

    def test_words_for_the_public_lead_to_people_outside(self, events, result):
        outside = events.filter(
            ~pl.col("account_id").is_in(result.accounts["account_id"].implode())
        )
        said = [
            (who, {word[:6] for word in normal(text).split()})
            for who, text in outside.select("account_id", "text").iter_rows()
        ]
        frames = result.templates.drop_nulls("public_frame")
        for shown in frames["public_frame"]:
            words = {word[:6] for word in shown.split()} - {"{…}"}
            assert "{…}" in shown
            assert len({who for who, own in said if words <= own}) >= NOBODY_FOUND

    def test_copies_are_members_comments_as_they_were_written(self, events, result):
        table = result.copies
        assert table.schema == COPIES
        wanted = handed(events).filter(
            pl.col("account_id").is_in(result.accounts["account_id"].implode())
        )
        columns = ["account_id", "object_id", "owner_id", "content_id", "text"]
        assert_frame_equal(
            table.select(columns).sort(columns), wanted.select(columns).sort(columns)
        )
        assert table["time"].null_count() == 0
        frame = dict(result.templates.select("template", "frame").iter_rows())
        assert [frame[name] for name in table["template"]] == table["text"].to_list()

    def test_the_record(self, events, result):
        texts = result.run["texts"]
        assert texts["comments"] == events.height
        assert texts["accounts"] == events["account_id"].n_unique()
        assert texts["templates"] == result.templates.height
        assert texts["rare_templates"] == result.templates["rare"].sum() >= 6
        assert texts["confirmed"] == result.accounts.height
        assert texts["confirmed_in_no_group"] == 0
        assert result.accounts.height <= texts["family"] <= texts["accounts"]
        assert sum(texts["p_values_by_twentieth"]) == texts["family"]
        # Nobody could be tested by time, so there are no layers to put together.
        assert result.run["calibration"]["family"] == 0
        assert result.run["layers"] is None

    def test_the_sentence(self, result):
        said = sentences(result)[-1]
        assert said.startswith(f"{result.accounts.height} accounts in 1 group wrote comments made")
        assert "It is not the probability of an order" in said
        assert "Not excluded are" in said
        assert network_text(result.groups.row(0, named=True)) == "the same texts"

    def test_the_order_of_rows_does_not_matter(self, events, result, tmp_path):
        again = detect(events.sample(fraction=1, shuffle=True, seed=1), tmp_path)
        for name in TABLES:
            assert_frame_equal(getattr(again, name), getattr(result, name))
        assert_frame_equal(again.templates, result.templates)
        assert_frame_equal(again.copies, result.copies)
        assert again.run["texts"] == result.run["texts"]

    def test_without_times(self, events, result, tmp_path):
        found = detect(events.drop("timestamp"), tmp_path)
        by_texts = found.groups.filter(pl.col("layers").list.contains(CO_TEXT))["group_id"]
        members = found.accounts.filter(pl.col("group_id").is_in(by_texts.implode()))
        assert members["account_id"].to_list() == result.accounts["account_id"].to_list()
        assert found.run["texts"]["tested_by_time"] == 0
        assert found.copies["time"].null_count() == found.copies.height == result.copies.height
        assert found.templates["first_time"].null_count() == found.templates.height
        assert set(
            found.groups.filter(pl.col("group_id").is_in(by_texts.implode()))["pattern"]
        ) == {"undated"}

    def test_without_pages_and_ids_of_comments(self, events, result, tmp_path):
        bare = events.select("account_id", "object_id", "timestamp", "text")
        found = detect(bare, tmp_path)
        assert found.accounts["account_id"].to_list() == result.accounts["account_id"].to_list()
        assert set(found.templates["pages"]) == {0}
        assert found.copies["owner_id"].null_count() == found.copies.height

    def test_written_and_read_again(self, out, result):
        again = Result.load(out)
        assert_frame_equal(again.templates, result.templates)
        assert_frame_equal(again.copies, result.copies)
        assert again.run["texts"] == result.run["texts"]
        assert again.calibrated


class TestNobody:
    @pytest.mark.parametrize("seed", [1, 2, 3])
    def test_where_everybody_writes_in_words_of_their_own(self, tmp_path, seed):
        found = detect(Town(seed).organic(ORGANIC).events, tmp_path)
        assert found.accounts.height == found.groups.height == found.pairs.height == 0
        assert found.run["texts"]["family"] > 300
        assert "No group that uses the same texts was found" in sentences(found)[-1]

    @pytest.mark.parametrize("changed", [0.0, 0.2])
    def test_a_single_meme_ties_nobody(self, tmp_path, changed):
        """Three hundred tell it, many several times under different posts, some in other words."""
        many = Town(4).organic(ORGANIC)
        meme = many.speaker.says(200)[-12:]
        for account in range(300):
            for _ in range(account % 5):
                many.comment(account, many.anywhere(), many.speaker.paraphrase(meme, changed))
        found = detect(many.events, tmp_path)
        assert found.run["texts"]["rare_templates"] >= 1
        assert found.templates["accounts"].max() >= 60
        assert found.groups.height == 0

    @pytest.mark.parametrize("seed", [6, 7])
    def test_a_crowd_under_one_post_is_no_group(self, tmp_path, seed):
        """Sixty people call three of five slogans each at each other, once."""
        crowd = Town(seed).organic(ORGANIC)
        slogans = [" ".join(crowd.speaker.says(200)[-12:]) for _ in range(5)]
        for account in range(60):
            for slogan in crowd.rng.choice(slogans, 3, replace=False):
                crowd.comment(account, 40, str(slogan))
        found = detect(crowd.events, tmp_path)
        assert found.run["texts"]["rare_templates"] >= 5
        assert found.groups.height == 0

    def test_one_text_of_many_each_is_no_group(self, tmp_path):
        """Handed out one a person, which cannot be told from chance acquaintance."""
        once = Town(8).organic(ORGANIC)
        texts = [" ".join(once.speaker.says(200)[-12:]) for _ in range(6)]
        for account in range(1000, 1120):
            once.comment(account, once.anywhere(), texts[account % 6])
        assert detect(once.events, tmp_path).groups.height == 0

    def test_short_formulas_are_not_rare(self, tmp_path):
        polite = Town(9).organic(ORGANIC)
        for account in range(300):
            for said in ("спасибо большое вам", "очень хорошо сказано", "с праздником всех"):
                polite.comment(account, polite.anywhere(), said)
                own = f"{said} {polite.speaker.comment()}"
                polite.comment(account, polite.anywhere(), own)
        found = detect(polite.events, tmp_path)
        common = found.templates.filter(pl.col("accounts") > 100)
        assert common.height >= 1
        assert not common["rare"].any()
        assert found.groups.height == 0

    def test_pages_that_publish_one_text_are_left_aside(self, tmp_path):
        """The text of a post is a page's own, whoever publishes it elsewhere too."""
        own = Town(1).organic(ORGANIC)
        texts = [" ".join(own.speaker.says(200)[-12:]) for _ in range(4)]
        posts = [
            (f"-{page}", "post", f"wall-{page}_{number}", f"-{page}", None, START + number, text)
            for page in range(1, 21)
            for number, text in enumerate(texts, 1000)
        ]
        events = pl.concat([own.events, pl.DataFrame(posts, schema=SCHEMA, orient="row")])
        found = detect(events, tmp_path)
        assert found.run["texts"]["comments"] == own.events.height
        assert found.groups.height == 0


class TestLittle:
    """Tables with hardly anything in them."""

    @pytest.mark.parametrize(
        "texts",
        [["🎉", "…"], ["да"], ["ничего общего тут нет"], ["одно и то же слово"] * 2, ["", "  "],
         ["один раз", None], ["\u202e\u0301\u200b"]],
    )  # fmt: skip
    def test_nothing_is_found_and_nothing_breaks(self, texts, tmp_path):
        rows = [
            (f"{who}", f"wall-1_{k}", START + 1000 * k, text)
            for who in range(3)
            for k, text in enumerate(texts)
        ]
        columns = ["account_id", "object_id", "timestamp", "text"]
        found = detect(pl.DataFrame(rows, schema=columns, orient="row"), tmp_path)
        assert found.groups.height == found.accounts.height == 0
        assert found.templates.schema == TEMPLATES
        assert found.copies.schema == COPIES
        words = sum(bool(normal(text or "")) for text in texts)
        if found.run["texts"] is not None:
            assert found.run["texts"]["comments"] == 3 * words
        write(found, tmp_path / "out")
        assert sentences(found)

    def test_different_texts_of_all(self, tmp_path):
        """There is no template at all."""
        rows = [
            (f"{who}", f"o{who % 7}", f"слово{who} другое{who} третье{who}") for who in range(60)
        ]
        table = pl.DataFrame(rows, schema=["account_id", "object_id", "text"], orient="row")
        found = detect(pl.concat([table, table.with_columns(text=pl.col("text") + "а")]), tmp_path)
        assert found.run["texts"]["templates"] == 0
        assert found.templates.height == found.groups.height == 0

    @pytest.mark.parametrize("drop", [True, False])
    def test_events_without_texts_have_no_layer_and_no_tables(self, events, tmp_path, drop):
        bare = events.drop("text") if drop else events.with_columns(text=pl.lit(None, pl.String))
        found = detect(bare, tmp_path)
        assert found.run["texts"] is None
        assert found.templates.is_empty()
        assert found.copies.is_empty()
        assert found.templates.schema == TEMPLATES
        folder = write(found, tmp_path / "out")
        assert not {"templates.parquet", "copies.parquet"} & {
            each.name for each in folder.iterdir()
        }
        assert 'id="comments"' not in (folder / "report.html").read_text(encoding="utf-8")
        with pytest.raises(CaseError, match="looked at no texts"):
            templates_of(found)

    def test_a_huge_comment_among_others(self, events, tmp_path):
        huge = events.head(2).with_columns(text=pl.lit("слово за слово " * 70_000))
        found = detect(pl.concat([events, huge]), tmp_path)
        assert found.accounts.height == len(used_twice(events))
        assert found.templates["frame"].str.len_chars().max() < 1_000_000


@pytest.fixture(scope="module")
def mixed(events, tmp_path_factory) -> Result:
    """Comments, and likes of the same people over twelve days."""
    days = 12
    liked = [
        (f"5{who:08}", "like", f"wall-9_{post}", "-9", None,
         START + post * 86_400 * days // 60 + (who * 7919 + post * 104_729) % 40_000, None)
        for who in [*range(200), *range(1000, 1040)]
        for post in range(60)
        if (who + post) % 4 == 0
    ]  # fmt: skip
    table = pl.concat([events, pl.DataFrame(liked, schema=SCHEMA, orient="row")])
    return detect(table, tmp_path_factory.mktemp("mixed"))


class TestLayers:
    """Comments beside likes in time."""

    def test_every_layer_has_its_p_value(self, mixed, result):
        assert mixed.run["calibration"]["family"] > 0
        table = mixed.others["layers"]
        assert table.columns == [
            "account_id", "group_id", "timed_p_value", "untimed_p_value", "text_p_value",
            "p_value", "q_value",
        ]  # fmt: skip
        assert table["untimed_p_value"].null_count() == table.height
        by_texts = table.drop_nulls("text_p_value").filter(pl.col("text_p_value") < 0.01)
        assert set(result.accounts["account_id"]) <= set(by_texts["account_id"])
        # E-values are averaged: those of texts come from p-values, the others' p from e-values.
        timed, text, both = (by_texts[f"{name}p_value"] for name in ("timed_", "text_", ""))
        known = (timed < 1).fill_null(False)
        e = (1 / timed + np.exp(log_e_of(text.to_numpy()))) / 2
        assert known.sum() > 10
        assert both.filter(known).to_numpy() == pytest.approx((1 / e).filter(known).to_numpy())

    def test_the_record_counts_them(self, mixed):
        layers = mixed.run["layers"]
        assert {"timed", "text", "several", "together", "family", "by_group"} <= layers.keys()
        assert "untimed" not in layers
        assert layers["text"] == mixed.run["texts"]["confirmed"]
        assert layers["timed"] == mixed.run["calibration"]["confirmed"]
        assert layers["several"] <= min(layers["timed"], layers["text"])
        for row in layers["by_group"]:
            assert row["text"] <= row["members"]
        assert "The layers together" in sentences(mixed)[-1]
        assert f"texts alone {layers['text']}" in sentences(mixed)[-1]

    def test_pairs_of_all_layers_together(self, mixed):
        fused = mixed.pairs.filter(pl.col("layer") == "fused")
        alone = mixed.pairs.filter(pl.col("layer") == CO_TEXT)
        both = fused.join(alone, on=["account_a", "account_b"])
        assert both.height > 0
        # Twice the smallest of two layers.
        assert (both["p_value"] <= 2 * both["p_value_right"]).all()
        assert (both["p_value"] == 2 * both["p_value_right"]).any()

    def test_the_report_has_a_column_for_each(self, mixed, tmp_path):
        html = (write(mixed, tmp_path / "out") / "report.html").read_text(encoding="utf-8")
        assert "by time alone" in html
        assert "by texts alone" in html
        assert "by what is acted on alone" not in html

    def test_comments_alone(self, events, result, tmp_path):
        likes = lockstep_table().with_columns(action=pl.lit("like"))
        table = pl.concat([events, likes], how="diagonal")
        found = detect(table, tmp_path, action=("comment",))
        assert found.accounts["account_id"].to_list() == result.accounts["account_id"].to_list()
        assert found.run["texts"]["comments"] == events.height


class TestReport:
    def test_the_section(self, page, result):
        assert page.index('<section id="groups"') < page.index('<section id="comments"')
        assert page.index('<section id="comments"') < page.index('<section id="limits"')
        assert 'href="#comments"' in page
        assert 'id="comments-1"' in page
        for frame in result.templates.filter(pl.col("group_id") == 1)["frame"]:
            assert frame in page
        assert "Who leads and who follows" not in page
        assert "For the people who work on the case" in page

    def test_nobody_is_named(self, page, events):
        assert not ACCOUNT.search(page)
        assert PSEUDONYM.search(page)

    def test_method_and_limits(self, page):
        assert "In words" in page
        assert "Only comments made from common texts are seen" in page

    def test_slots_and_marks(self, tmp_path):
        changed = Town(3).organic(ORGANIC).handed_out(range(1000, 1150), changed=0.2).events
        found = detect(changed, tmp_path)
        assert (
            found.templates.filter(pl.col("group_id") == 1)["frame"]
            .str.contains("{…}", literal=True)
            .any()
        )
        html = (write(found, tmp_path / "out") / "report.html").read_text(encoding="utf-8")
        assert "{…}" in html
        assert "<mark>" in html

    def test_comments_are_escaped_and_name_nobody(self, tmp_path):
        hostile = Town(1).organic(ORGANIC)
        texts = [" ".join(hostile.speaker.says(200)[-30:]) for _ in range(3)]
        for account in range(1000, 1030):
            for k, text in enumerate(texts):
                post = 3 * int(hostile.rng.integers(POSTS // 3)) + k
                spoiled = f"[id5{account:08}|Имя], <script>{text}</script> & \x1b[2J @wer_{account}"
                hostile.comment(account, post, spoiled)
        found = detect(hostile.events, tmp_path)
        assert found.groups.height == 1
        html = (write(found, tmp_path / "out") / "report.html").read_text(encoding="utf-8")
        for text in texts:
            assert f"&lt;script&gt;{text}&lt;/script&gt;" in html
            assert f"<script>{text}" not in html
        for raw in ("\x1b", "[id5", "@wer_", "Имя]"):
            assert raw not in html, raw
        assert not ACCOUNT.search(html)
        assert "@…" in html
        # The working copy keeps comments as they were written.
        assert found.copies["text"].str.contains("[id500001000|Имя]", literal=True).any()

    def test_no_section_where_no_texts_are_shared(self, tmp_path):
        found = detect(Town(1).organic(ORGANIC).events, tmp_path)
        html = (write(found, tmp_path / "out") / "report.html").read_text(encoding="utf-8")
        assert 'id="comments"' not in html
        assert "No group that uses the same texts was found" in html


class TestListing:
    """``claqueur texts``."""

    def test_templates(self, claqueur: CommandLine, out, result):
        said = claqueur.works("texts", out).out
        rare = result.templates["rare"].sum()
        assert f"{rare} of {result.templates.height} templates, rare ones only" in " ".join(
            said.split()
        )
        first = result.templates["frame"][0].split()
        assert first[0] in said
        assert not ACCOUNT.search(said)

    def test_a_group_side_by_side(self, claqueur: CommandLine, out, result):
        said = claqueur.works("texts", out, "--group", 1).out
        frames = result.templates.filter(pl.col("group_id") == 1)["frame"]
        for frame in frames:
            assert " ".join(said.split()).count(frame) >= 1
        assert len(set(PSEUDONYM.findall(said))) > 10
        assert not ACCOUNT.search(said)
        assert "more; all of them with --out" in said

    def test_account_ids_only_when_asked_for(self, claqueur: CommandLine, out, result):
        said = claqueur.works("texts", out, "--group", 1, "--identities").out
        assert set(ACCOUNT.findall(said)) <= set(result.accounts["account_id"])
        assert len(set(ACCOUNT.findall(said))) > 10
        assert not PSEUDONYM.search(said)

    def test_files(self, claqueur: CommandLine, out, result, tmp_path):
        claqueur.works("texts", out, "--out", tmp_path / "templates.parquet")
        assert_frame_equal(pl.read_parquet(tmp_path / "templates.parquet"), result.templates)
        named = tmp_path / "named.parquet"
        claqueur.works("texts", out, "--group", 1, "--identities", "--out", named)
        assert_frame_equal(pl.read_parquet(named), result.copies)
        plain = tmp_path / "copies.csv"
        said = claqueur.works("texts", out, "--group", 1, "--out", plain).out
        assert f"({result.copies.height} rows)" in said
        table = pl.read_csv(plain)
        assert table["text"].to_list() == result.copies["text"].to_list()
        assert table["account_id"].n_unique() == result.copies["account_id"].n_unique()
        assert table["account_id"].str.contains(PSEUDONYM.pattern).all()

    def test_files_that_cannot_be_written(self, claqueur: CommandLine, out, tmp_path):
        assert "use .csv or .parquet" in claqueur.fails(
            2, "texts", out, "--out", tmp_path / "x.txt"
        )
        (tmp_path / "x.csv").write_text("mine")
        assert "exists" in claqueur.fails(2, "texts", out, "--out", tmp_path / "x.csv")
        assert (tmp_path / "x.csv").read_text() == "mine"

    def test_a_group_that_is_not_there(self, claqueur: CommandLine, out):
        said = claqueur.fails(2, "texts", out, "--group", 9)
        assert "group 9: shares no texts; groups that do: 1" in said

    def test_no_texts(self, claqueur: CommandLine, events, tmp_path):
        found = detect(events.drop("text"), tmp_path)
        folder = write(found, tmp_path / "out", report=False)
        assert "bring comments with a column of texts" in claqueur.fails(2, "texts", folder)
        assert "looked at no texts" in claqueur.fails(2, "texts", folder, "--group", 1)
        assert "no such" in claqueur.fails(2, "texts", tmp_path / "none").lower()

    def test_no_groups(self, claqueur: CommandLine, tmp_path):
        found = detect(Town(1).organic(ORGANIC).events, tmp_path)
        folder = write(found, tmp_path / "out", report=False)
        claqueur.works("texts", folder)
        assert "groups that do: none" in claqueur.fails(2, "texts", folder, "--group", 1)

    def test_nothing_in_a_comment_steers_the_terminal(
        self, claqueur: CommandLine, events, tmp_path
    ):
        steered = events.with_columns(text="\x1b[31m" + pl.col("text") + " \x1b]0;title\x07 \u202e")
        found = detect(steered, tmp_path)
        folder = write(found, tmp_path / "out", report=False)
        assert found.groups.height == 1
        for words in (("texts", folder), ("texts", folder, "--group", 1)):
            said = claqueur.works(*words).out
            assert not {"\x1b", "\x07", "\u202e"} & set(said)
        assert copies_of(found, 1, identities=True)["text"].str.contains("\x1b").all()
        assert not copies_of(found, 1, identities=False)["text"].str.contains("\x1b").any()


class TestCommand:
    def test_this_layer_alone(self, claqueur: CommandLine, events, result, tmp_path):
        events.write_csv(tmp_path / "events.csv")
        folder = tmp_path / "out"
        claqueur.works("detect", tmp_path / "events.csv", "--layer", "co_text", "--out", folder)
        found = Result.load(folder)
        assert found.run["calibration"] is None
        assert found.run["untimed"] is None
        assert_frame_equal(found.accounts, result.accounts)
        assert_frame_equal(found.pairs, result.pairs)
        html = (folder / "report.html").read_text(encoding="utf-8")
        assert "which accounts write comments made from the same texts" in html
        assert "Using the same texts does not prove an order." in html
        assert claqueur.works("texts", folder, "--group", 1).out

    def test_other_layers_alone_look_at_no_texts(self, claqueur: CommandLine, events, tmp_path):
        events.write_csv(tmp_path / "events.csv")
        claqueur.works(
            "detect", tmp_path / "events.csv", "--layer", "co_action", "--no-report",
            "--out", tmp_path / "out",
        )  # fmt: skip
        assert json.loads((tmp_path / "out" / "run.json").read_text())["texts"] is None

    def test_without_texts(self, claqueur: CommandLine, events, tmp_path):
        events.drop("text").write_csv(tmp_path / "events.csv")
        said = claqueur.fails(
            2, "detect", tmp_path / "events.csv", "--layer", "co_text", "--out", tmp_path / "out"
        )
        assert "no action has a text, which co_text needs" in said
        assert "--map text=…" in said
        assert not (tmp_path / "out").exists()

    def test_in_a_case(self, claqueur: CommandLine, events, result, tmp_path):
        events.write_csv(tmp_path / "events.csv")
        case = tmp_path / "case"
        claqueur.works("new", case)
        claqueur.works("add", case, tmp_path / "events.csv")
        said = claqueur.works("run", case).out
        assert f"{result.accounts.height} accounts in 1 group wrote comments" in said
        assert claqueur.works("texts", case, "--group", 1).out.count("\n") > 20
        claqueur.works("report", case)
        (report,) = (case / "report").iterdir()
        assert "What they wrote" in report.read_text(encoding="utf-8")


class TestBadFiles:
    def test_texts_in_another_encoding_are_refused_with_the_flag_to_give(self, events, tmp_path):
        good = events.write_csv()
        path = tmp_path / "events.csv"
        half = len(good) // 2
        path.write_bytes(good[:half].encode() + good[half:].encode("windows-1251"))
        with pytest.raises(SourceError, match="--encoding windows-1251"):
            claqueur.detect(path)
        path.write_bytes(good.encode("windows-1251"))
        found = claqueur.detect(path, encoding="windows-1251")
        assert found.accounts["account_id"].to_list() == used_twice(events)

    def test_a_binary_file_is_refused(self, events, tmp_path):
        path = tmp_path / "events.csv"
        path.write_bytes(events.write_csv().encode().replace(b"\n", b"\x00\n"))
        with pytest.raises(SourceError, match="binary file"):
            claqueur.detect(path)

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda text: text.cast(pl.Binary),
            lambda text: text + "\x00\x01\x7f\ufffd",
            lambda text: "\ufeff" + text,
        ],
    )
    def test_odd_signs_hide_no_copy(self, events, tmp_path, spoil: Callable[[pl.Expr], pl.Expr]):
        found = detect(events.with_columns(text=spoil(pl.col("text"))), tmp_path)
        assert found.accounts["account_id"].to_list() == used_twice(events)
        write(found, tmp_path / "out", report=False)
