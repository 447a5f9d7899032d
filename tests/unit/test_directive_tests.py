"""The tests of an item on small hand-made data: what they count, when they say that they cannot."""

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from claqueur.directive.collected import Collected, collected
from claqueur.directive.curve import course
from claqueur.directive.finding import Finding
from claqueur.directive.hypothesis import Addressed, Cause, Control, Directive, Item
from claqueur.directive.question import Question, ask, untestable
from claqueur.directive.tests import tests as known_tests
from claqueur.directive.tests.aggregates import series_of
from claqueur.directive.tests.repetition import again
from claqueur.directive.tests.timing import crowding_of
from claqueur.directive.windows import DAY_MS, Span, midnight_ms
from claqueur.errors import SettingError
from claqueur.intake import read_files
from claqueur.model import COUNTERS, OBJECTS
from claqueur.record import Record
from claqueur.settings import Reading

ZONE = "Asia/Krasnoyarsk"
START = date(2019, 2, 8)
START_MS = midnight_ms(START, ZONE)
HOUR = 3_600_000
TARGET, CONTROLS = "-1", tuple(f"-{k}" for k in range(11, 19))
INSTITUTIONS = ("-101", "-102", "-103", "-104")
DAYS = range(-14, 12)


def objects(scale=None, *, per_day=2, **columns) -> pl.DataFrame:
    """Posts of all pages, two a day, with likes that depend on page and day."""
    rng = np.random.default_rng(1)
    rows = []
    for page in (TARGET, *CONTROLS, *INSTITUTIONS):
        for day in DAYS:
            for k in range(per_day):
                likes = rng.poisson(40 * (scale(page, day) if scale else 1))
                moment = START_MS + day * DAY_MS + (10 + 5 * k) * HOUR
                name = f"wall{page}_{100 + (day + 14) * per_day + k}"
                rows.append((name, page, moment, f"{page} {day} {k}", int(likes)))
    table = pl.DataFrame(
        rows, schema=["object_id", "owner_id", "created", "text", "like_count"], orient="row"
    ).with_columns(pl.from_epoch("created", "ms").dt.replace_time_zone("UTC").alias("created"))
    missing = [pl.lit(None, k).alias(n) for n, k in OBJECTS.items() if n not in table.columns]
    return table.with_columns(missing).select(OBJECTS.names()).cast(dict(OBJECTS))


def item(**changes) -> Item:
    whole = {
        "number": "3",
        "text": "like",
        "issuer": "city",
        "addressed": (Addressed("schools", INSTITUTIONS),),
        "action": ("like",),
        "start": START,
        "target_pages": (TARGET,),
        "controls": (Control(CONTROLS, "not named"),),
    }
    return Item(**{**whole, **changes})


def asked(data, *causes, events=None, **changes) -> Question:
    own = item(**changes)
    return ask(Directive("x", "ru", ZONE, (own,), tuple(causes)), own, data, events, 1)


def findings(question: Question, test: str) -> dict[str, Finding]:
    found = [f for each in known_tests() for f in each.findings(question) if f.test == test]
    return {f.measure: f for f in found}


def events_of(rows, tmp_path):
    table = pl.DataFrame(
        rows,
        schema=["account_id", "action", "object_id", "owner_id", "timestamp"],
        orient="row",
    )
    path = tmp_path / "events.csv"
    table.write_csv(path)
    return read_files([path], Reading(), tmp_path, Record())


def likes(posts: pl.DataFrame, who) -> list[tuple[str, str, str, str, int]]:
    """Rows of likes: who(page, day, k) gives accounts and delays in minutes."""
    rows = []
    for post in posts.iter_rows(named=True):
        born = int(post["created"].timestamp() * 1000)
        day, k = divmod(born - START_MS, DAY_MS)
        for account, minutes in who(post["owner_id"], day, int(k > 12 * HOUR)):
            moment = born + int(minutes * 60_000)
            rows.append((account, "like", post["object_id"], post["owner_id"], moment))
    return rows


def crowd(page, day, k):
    """Twelve of four hundred readers, before and after alike."""
    rng = np.random.default_rng([int(page) + 2000, int(day) + 50, k])
    readers = rng.choice(400, 12, replace=False)
    delays = rng.exponential(400, 12)
    return [(f"5{r:05}", float(m)) for r, m in zip(readers, delays, strict=True)]


def staff(page, day, k):
    """The same, and on the target fifteen of thirty people more since the date."""
    more = [(f"9{n:05}", 90 + n / 10) for n in range(30) if (n + day + k) % 2]
    return [*crowd(page, day, k), *(more if page == TARGET and day >= 0 else [])]


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    posts = objects()
    events = events_of(likes(posts, crowd), tmp_path_factory.mktemp("quiet"))
    return events, collected(events, posts, None)


@pytest.fixture(scope="module")
def ordered(tmp_path_factory):
    posts = objects()
    events = events_of(likes(posts, staff), tmp_path_factory.mktemp("ordered"))
    return events, collected(events, posts, None)


# What is laid out


def test_posts_get_their_date_from_the_table_of_objects(quiet):
    events, data = quiet
    assert data.undated == 0
    assert data.pages == sorted({TARGET, *CONTROLS, *INSTITUTIONS})
    assert data.posts.height == 13 * len(DAYS) * 2
    assert data.acts.height == len(events)
    born = data.posts["created_ms"].gather(data.acts["post"])
    assert (data.acts["t_min_ms"] >= born).all()


def test_a_pages_own_post_dates_it_and_is_no_act(tmp_path):
    rows = [
        ("-1", "post", "wall-1_1", "-1", START_MS),
        ("77", "like", "wall-1_1", "-1", START_MS + HOUR),
        ("78", "like", "wall-1_2", "-1", START_MS + 2 * HOUR),
        ("78", "follow", "-1", "-1", START_MS),
    ]
    data = collected(events_of(rows, tmp_path), None, None)
    assert data.posts["created_ms"].to_list() == [START_MS, START_MS + 2 * HOUR]
    assert data.acts["action"].to_list() == ["like", "like"]
    assert data.follows["page_id"].to_list() == ["-1"]


def test_the_latest_totals_count():
    posts = objects().head(1)
    late = posts.with_columns(like_count=pl.lit(999, pl.Int64), collected=pl.col("created"))
    data = collected(None, pl.concat([late, posts]), None)
    assert data.posts["like_count"].to_list() == [999]


# Aggregates


def test_totals_that_rise_on_the_target_alone_are_seen():
    def scale(page, day):
        return 2 if page == TARGET and day >= 0 else 1

    found = findings(asked(collected(None, objects(scale), None)), "aggregates")
    likes = found["likes"]
    assert likes.counts
    assert likes.alone
    assert likes.p_value == pytest.approx(1 / 27)
    assert 1.8 < likes.effect < 2.2
    assert likes.low <= likes.effect <= likes.high
    assert likes.visible < 1.4
    assert likes.adequate
    assert "final totals" in likes.numbers["source"]
    assert not found["views"].available
    assert not found["followers"].available


def test_a_rise_that_all_pages_share_is_none():
    found = findings(
        asked(collected(None, objects(lambda page, day: 2 if day >= 0 else 1), None)),
        "aggregates",
    )
    assert found["likes"].p_value > 0.05
    assert 0.8 < found["likes"].effect < 1.25


def test_a_control_that_rises_itself_is_named():
    def scale(page, day):
        return 3 if page == CONTROLS[0] and day >= 0 else 1

    likes = findings(asked(collected(None, objects(scale), None)), "aggregates")["likes"]
    assert likes.numbers["outlying_controls"] == 1
    assert any("contamination" in line and CONTROLS[0] in line for line in likes.remarks)


def test_counters_are_compared_at_one_age():
    posts = objects()
    readings = pl.concat(
        posts.select(
            "object_id",
            owner_id=pl.lit(None, pl.String),
            counter=pl.lit("likes"),
            time=pl.col("created") + pl.duration(hours=hours),
            value=pl.lit(value, pl.Int64),
        )
        for hours, value in ((1, 5), (24, 50), (300, 500))
    ).cast(dict(COUNTERS))
    question = asked(collected(None, posts, readings))
    series = series_of(question, "like")
    assert series.source == "counters read 24 hours after publication"
    assert set(series.value.tolist()) == {50.0}


def test_followers_grow_faster_after_the_date():
    rows = []
    for page in (TARGET, *CONTROLS):
        rng = np.random.default_rng(int(page) + 100)
        value = 10_000
        for day in DAYS:
            value += int(rng.poisson(20)) + (300 if page == TARGET and 0 <= day < 5 else 0)
            moment = START_MS + day * DAY_MS + DAY_MS // 2
            rows.append((None, page, "followers", moment, value))
    table = pl.DataFrame(rows, schema=COUNTERS.names(), orient="row").with_columns(
        pl.from_epoch("time", "ms").dt.replace_time_zone("UTC")
    )
    data = collected(None, objects(), table.cast(dict(COUNTERS)))
    asking = asked(data, action=("follow",))
    assert course(asking)[0] == "", "likes are no picture of who follows"
    found = findings(asking, "aggregates")["followers"]
    assert found.counts
    assert found.p_value == pytest.approx(1 / 27)
    assert 1.1 < found.effect < 1.2
    assert not findings(asked(data), "aggregates")["followers"].counts


def test_named_posts_are_looked_at_and_the_pages_other_posts_are_not():
    posts = objects()
    after = posts.filter(
        pl.col("owner_id") == TARGET, pl.col("created").dt.epoch("ms") >= START_MS
    )["object_id"].to_list()
    named, others = tuple(after[:4]), after[4:]

    def raised(which):
        more = pl.col("object_id").is_in(list(which))
        likes = pl.when(more).then(pl.col("like_count") * 4).otherwise(pl.col("like_count"))
        return collected(None, posts.with_columns(like_count=likes), None)

    asking = {"target_posts": named, "target_pages": ()}
    followed = findings(asked(raised(named), **asking), "aggregates")["likes"]
    assert followed.p_value == pytest.approx(1 / 27)
    assert followed.effect == pytest.approx(4, rel=0.2)
    elsewhere = findings(asked(raised(others), **asking), "aggregates")["likes"]
    assert elsewhere.p_value > 0.1
    assert elsewhere.effect == pytest.approx(1, abs=0.25)


# Who, how often, when


def test_newcomers_who_come_back_are_seen(ordered, quiet):
    for (events, data), low, high in ((ordered, 0, 0.001), (quiet, 0.05, 1)):
        question = asked(data, events=events)
        found = findings(question, "participation")["newcomers who come back again and again"]
        assert low <= found.p_value <= high
        assert found.numbers["control_pages"] == len(CONTROLS)


def test_composition_sees_newcomers_and_the_single_minded(ordered, quiet):
    events, data = ordered
    found = findings(asked(data, events=events), "composition")
    assert found["seen nowhere before"].p_value < 0.01
    assert found["act on nothing else"].p_value < 0.01
    assert 0.2 < found["act on nothing else"].effect < 0.8
    events, data = quiet
    for finding in findings(asked(data, events=events), "composition").values():
        if finding.available:
            assert finding.p_value > 0.01


def test_institutions_are_pooled_or_not_looked_at(ordered):
    events, data = ordered
    measure = "acted on addressed institutions' posts before"
    assert measure in findings(asked(data, events=events), "composition")
    few = asked(data, events=events, addressed=(Addressed("schools", INSTITUTIONS[:2]),))
    found = findings(few, "composition")["follow addressed institutions"]
    assert not found.available
    assert "pooled" in found.why


def test_one_institution_with_most_of_the_ties_is_not_looked_at(ordered):
    events, data = ordered
    code = int(data.acts.filter(pl.col("page") == data.places([TARGET])[0])["account"][0])
    accounts = data.acts["account"].unique().head(60)
    ties = pl.DataFrame({"account": accounts, "page_id": [INSTITUTIONS[0]] * 60})
    others = pl.DataFrame({"account": [code] * 3, "page_id": list(INSTITUTIONS[1:])})
    own = replace(data, follows=pl.concat([ties, others]))
    found = findings(asked(own, events=events), "composition")["follow addressed institutions"]
    assert not found.available
    assert "one institution" in found.why


def test_waves_are_seen(ordered, quiet):
    events, data = ordered
    assert findings(asked(data, events=events), "timing")["in waves"].p_value < 0.01
    events, data = quiet
    assert findings(asked(data, events=events), "timing")["in waves"].p_value > 0.01


def test_crowding_counts_neighbours(quiet):
    _, data = quiet
    question = asked(data)
    acts = question.acts.with_columns(at_ms=pl.col("t_min_ms"))
    post, value = crowding_of(question, acts)
    born = question.created
    for place in (0, 7, 40):
        own = acts.filter(pl.col("post") == post[place])["at_ms"].sort().to_list()
        own = [at for at in own if at - born[post[place]] >= HOUR]
        near = sum(abs(a - b) <= 600_000 for a in own for b in own) - len(own)
        around = sum(abs(a - b) <= HOUR for a in own for b in own) - len(own)
        expected = np.log(near + 0.5) - np.log((around - near) / 5 + 0.5)
        assert value[place] == pytest.approx(expected)


def test_coming_back_is_counted_over_pairs_of_posts(tmp_path):
    """Newcomer 1 acts on three posts, newcomer 2 on one, 3 was there before."""
    rows = [("3", "like", "wall-1_0", "-1", START_MS - 5 * DAY_MS)]
    for post in range(1, 5):
        born = START_MS + post * HOUR
        rows.append(("-1", "post", f"wall-1_{post}", "-1", born))
        rows += [("3", "like", f"wall-1_{post}", "-1", born + HOUR)]
        rows += [(f"8{k}{post}", "like", f"wall-1_{post}", "-1", born + HOUR) for k in range(3)]
        if post <= 3:
            rows.append(("1", "like", f"wall-1_{post}", "-1", born + HOUR))
    data = collected(events_of(rows, tmp_path), None, None)
    log, _ = again(asked(data), Span(START_MS, START_MS + DAY_MS))
    total = 4 + 3 * 4 + 3
    assert log[0] == pytest.approx(np.log((3 * 2 + 1) / (total * (4 - 1))))


def test_deadlines_bring_bursts_on_old_posts(tmp_path):
    posts = objects()
    due = [date(2019, 2, 12), date(2019, 2, 17)]

    def late(page, day, k):
        return [(account, 4 * minutes) for account, minutes in crowd(page, day, k)]

    rows = likes(posts, late)
    target = posts.filter(pl.col("owner_id") == TARGET)
    for post in target.iter_rows(named=True):
        born = int(post["created"].timestamp() * 1000)
        for day in due:
            end = midnight_ms(day, ZONE) + 18 * HOUR
            if START_MS <= born < end - DAY_MS:
                rows += [
                    (f"9{n:05}", "like", post["object_id"], TARGET, end - n * 60_000)
                    for n in range(30)
                ]
    events = events_of(rows, tmp_path)
    data = collected(events, posts, None)
    question = asked(data, events=events, deadlines=tuple(due))
    assert findings(question, "timing")["shortly before a report is due"].p_value < 0.01


# Institutions' own posts


def publishing(data, **changes):
    return asked(data, action=("post",), target_pages=(), **changes)


def test_institutions_that_publish_more_together_and_alike_are_seen():
    posts = objects()
    texts = {
        0: "Универсиада всё ближе, приходите болеть вместе с нами",
        1: "Студенты из десятков стран уже едут, универсиада начинается",
        4: "Волонтёры готовы, объекты построены: универсиада у порога",
        8: "Поддержим универсиаду всем коллективом, делитесь новостями",
    }
    rows = [
        {"object_id": f"wall{page}_{900 + day}", "owner_id": page, "text": f"{texts[day]} {page}",
         "created": START_MS + day * DAY_MS + (9 + day % 5) * HOUR + n * 60_000}
        for day in texts
        for n, page in enumerate(INSTITUTIONS)
    ]  # fmt: skip
    more = pl.DataFrame(rows).with_columns(
        pl.from_epoch("created", "ms").dt.replace_time_zone("UTC")
    )
    both = pl.concat([posts, more], how="diagonal_relaxed").select(OBJECTS.names())
    data = collected(None, both.cast(dict(OBJECTS)), None)
    found = findings(publishing(data, topic=("универсиад",)), "content")
    assert found["posts a day about the event"].p_value < 0.01
    assert found["published within the hour of another institution"].p_value < 0.01
    assert found["similar text as another institution's within a day"].p_value < 0.01
    assert not findings(publishing(data), "aggregates")
    few = publishing(data, addressed=(Addressed("schools", INSTITUTIONS[:2]),))
    assert all(not f.available for f in findings(few, "content").values())


def test_institutions_that_publish_as_before_are_not():
    rng = np.random.default_rng(3)
    posts = objects().filter(pl.Series(rng.random(13 * len(DAYS) * 2) < 0.5))
    moved = pl.col("created") + pl.Series(
        [int(x) for x in rng.integers(0, 8 * 60, posts.height)]
    ) * pl.duration(minutes=1)
    data = collected(None, posts.with_columns(created=moved), None)
    for finding in findings(publishing(data, topic=("универсиад",)), "content").values():
        assert finding.p_value is None or finding.p_value > 0.01


# What cannot be tested, and who is refused


def test_without_controls_or_days_before_it_says_so():
    data = collected(None, objects(), None)
    for changes, why in (
        ({"controls": ()}, "control pages"),
        ({"start": date(2019, 1, 26)}, "before and after cannot be compared"),
    ):
        found = findings(asked(data, **changes), "aggregates")
        assert why in found["counts"].why
    hidden = findings(asked(data), "composition")
    assert all("only counts" in f.why for f in hidden.values())


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"start": date(2020, 1, 1)}, "outside the data"),
        ({"start": date(2018, 1, 1), "end": date(2018, 2, 1)}, "outside the data"),
        ({"target_pages": ("-999",)}, "none of its pages"),
        ({"target_posts": ("wall-1_100",), "target_pages": ()}, "no target was published after"),
    ],
)
def test_what_makes_an_item_untestable(changes, why):
    assert why in untestable(asked(collected(None, objects(), None), **changes))
    assert untestable(asked(collected(None, objects(), None))) == ""


def test_a_claimed_total_is_held_against_all_there_is():
    data = collected(None, objects(), None)
    for claimed, said in ((10**6, "cannot be true"), (10, "not refuted")):
        found = findings(asked(data, claimed_total=claimed), "claimed total")["claimed"]
        assert not found.counts
        assert said in found.remarks[0]
        assert found.numbers["claimed"] == claimed


# What comments say

OWN = ("когда откроют", "а почему закрыли", "видели вчера", "опять этот", "хорошо бы", "спасибо за")
HANDED = (
    "Молодцы! Наш любимый город достоин такого прекрасного праздника, спасибо организаторам",
    "Отличная подготовка, горжусь нашими спортсменами и жду торжественного открытия",
    "Замечательные новости радуют каждого жителя, так держать, верим в победу",
)


def said(posts: pl.DataFrame, folder, who=None):
    """Twelve comments of readers under every post, and those that who(page, day, k) gives."""
    rng = np.random.default_rng(7)
    rows = []
    for post in posts.iter_rows(named=True):
        born = int(post["created"].timestamp() * 1000)
        page, (day, k) = post["owner_id"], divmod(born - START_MS, DAY_MS)
        own = [
            (f"5{reader:05}", f"{rng.choice(OWN)} {''.join(rng.choice(list('абвгдежзик'), 9))}")
            for reader in rng.choice(400, 12, replace=False)
        ]
        more = who(page, day, int(k > 12 * HOUR)) if who else []
        moments = born + (rng.exponential(400, len(own) + len(more)) * 60_000).astype(int)
        rows += [
            (account, "comment", post["object_id"], page, int(moment), text)
            for (account, text), moment in zip([*own, *more], moments, strict=True)
        ]
    columns = ["account_id", "action", "object_id", "owner_id", "timestamp", "text"]
    pl.DataFrame(rows, schema=columns, orient="row").write_csv(folder / "comments.csv")
    return read_files([folder / "comments.csv"], Reading(), folder, Record())


def praising(page, day, k):
    """Since the date, fifteen people a post whom nobody saw there, with texts they were given."""
    if page != TARGET or day < 0:
        return []
    rng = np.random.default_rng([day, k])
    return [(f"9{(2 * day + k) * 15 + n:05}", str(rng.choice(HANDED))) for n in range(15)]


def words_of(events) -> dict[str, Finding]:
    """What is said of an item that orders comments."""
    data = collected(events, objects(), None)
    return findings(asked(data, events=events, action=("comment",)), "comments")


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    return said(objects(), tmp_path_factory.mktemp("talk"))


MEASURES = {
    "positive comments by accounts new to the page": True,
    "comments made from texts several people use": True,
    "positive comments": False,
    "comments that would suit any post": False,
}
"""Each with whether it counts."""


def test_handed_out_praise_by_newcomers_is_seen(tmp_path):
    found = words_of(said(objects(), tmp_path, praising))
    assert {name: each.counts for name, each in found.items()} == MEASURES
    for name in list(MEASURES)[:3]:
        assert found[name].available
        assert found[name].p_value < 0.01, name
        assert found[name].effect > 0.2
        assert found[name].low > 0
        assert found[name].numbers["share_after"] > found[name].numbers["share_before"] + 0.2
        assert found[name].numbers["control_pages"] == len(CONTROLS)
    copied = found["comments made from texts several people use"]
    assert copied.numbers["share_before"] == 0
    assert copied.numbers["share_after"] == pytest.approx(15 / 27, abs=0.01)


def test_praise_by_readers_of_the_page_is_praise_but_not_by_newcomers(tmp_path):
    """Known people, in words of their own: the first and the second measure stay silent."""

    def pleased(page, day, k):
        if page != TARGET:
            return []
        rng = np.random.default_rng([day + 50, k])
        words = ["".join(rng.choice(list("абвгдежзик"), 9)) for _ in range(15)]
        glad = "спасибо, отлично" if day >= 0 else "видели вчера"
        return [(f"6{n:05}", f"{glad} {word}") for n, word in enumerate(words)]

    found = words_of(said(objects(), tmp_path, pleased))
    new, copied, praise, _ = (found[name] for name in MEASURES)
    assert praise.p_value < 0.01
    assert not praise.counts
    assert new.p_value > 0.05
    assert copied.p_value is None or copied.p_value > 0.05


def test_comments_as_before_are_not_seen(talk):
    found = words_of(talk)
    assert found.keys() == MEASURES.keys()
    for finding in found.values():
        assert finding.available
        assert finding.p_value > 0.01


def test_praise_everywhere_is_no_praise_of_the_target(tmp_path):
    """Controls rise with it: newcomers who praise every page after the date."""

    def everywhere(page, day, k):
        rng = np.random.default_rng([int(page) + 2000, day + 50, k])
        text = [str(rng.choice(HANDED)) for _ in range(8)]
        number = (-int(page) * 100 + 2 * day + k) * 8
        return [(f"9{number + n:06}", each) for n, each in enumerate(text)] if day >= 0 else []

    for finding in words_of(said(objects(), tmp_path, everywhere)).values():
        assert finding.p_value is None or finding.p_value > 0.01


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (pl.lit("🎉"), "no words of comments were collected"),
        (pl.lit(None, pl.String), "no words of comments were collected"),
        (pl.when(pl.col("owner_id") == TARGET).then("text"), "too few comments with words"),
    ],
)
def test_without_words_comments_say_that_they_cannot(talk, text, why):
    frame = talk.frame
    owner = talk.names["owner_id"].gather(frame["owner_id"])
    table = frame.with_columns(owner_id=owner).with_columns(text=text)
    spoken = replace(talk, frame=frame.with_columns(table["text"]))
    found = words_of(spoken)
    assert {name: each.counts for name, each in found.items()} == MEASURES
    for finding in found.values():
        assert not finding.available
        assert finding.p_value is None
        assert why in finding.why


def test_comments_need_control_pages_and_an_order_to_comment(talk, quiet):
    data = collected(talk, objects(), None)
    ordered_ = {"events": talk, "action": ("comment",)}
    for controls in ((), (Control(CONTROLS[:4], "few"),)):
        found = findings(asked(data, controls=controls, **ordered_), "comments")
        assert found.keys() == MEASURES.keys()
        assert all("control pages" in each.why for each in found.values())
    assert not findings(asked(data, events=talk, action=("like",)), "comments")
    assert not findings(publishing(data, events=talk), "comments")
    # Nobody can be seen at all: there are only counts.
    hidden = findings(asked(collected(None, objects(), None), action=("comment",)), "comments")
    assert all("only counts" in each.why for each in hidden.values())
    # Likes without comments have no words.
    events, data = quiet
    both = findings(asked(data, events=events, action=("like", "comment")), "comments")
    assert all("no words" in each.why for each in both.values())


def test_what_came_long_after_the_post_is_left_aside(tmp_path):
    """As for actions: praise written weeks later says nothing about these days."""
    posts = objects()
    late = said(posts, tmp_path, praising)
    praised = late.names["account_id"].gather(late.frame["account_id"]).str.starts_with("9")
    weeks = pl.when(praised).then(40 * DAY_MS).otherwise(0)
    moved = late.frame.with_columns(pl.col("t_min_ms", "t_max_ms") + weeks)
    found = words_of(replace(late, frame=moved))
    for name in list(MEASURES)[:3]:
        assert found[name].p_value is None or found[name].p_value > 0.01


def test_declared_causes_take_what_they_explain_out(ordered):
    events, data = ordered
    event = Cause("games", "event", date(2019, 2, 1), date(2019, 2, 20))
    appeal = replace(event, name="appeal", kind="appeal")
    found = findings(asked(data, event, events=events), "timing")
    assert found["in waves"].separable
    found = findings(asked(data, event, events=events), "composition")
    assert found["seen nowhere before"].explained_by == ("games",)
    found = findings(asked(data, appeal, events=events), "timing")
    assert found["in waves"].explained_by == ("appeal",)


@pytest.mark.parametrize(
    "changes",
    [
        {"target_pages": ("500001",)},
        {"controls": (Control(("500001",), "x"),)},
        {"addressed": (Addressed("x", ("500001",)),)},
        {"target_posts": ("500001",), "target_pages": ()},
    ],
)
def test_an_account_that_acts_is_no_page(quiet, changes):
    events, data = quiet
    busiest = events.names["account_id"][int(data.acts["account"].mode()[0])]
    text = repr(changes).replace("500001", busiest)
    own = eval(text, {"Control": Control, "Addressed": Addressed})
    with pytest.raises(SettingError, match="persons are never an input"):
        asked(data, events=events, **own)


def test_an_empty_case_is_no_crash():
    data: Collected = collected(None, None, None)
    assert "outside the data" in untestable(asked(data))
