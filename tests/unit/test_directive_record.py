"""A directive's record: read strictly, refused with everything that is wrong, never a person."""

import tomllib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from tests.directive_records import KRASNOYARSK, RECORD, directives

import claqueur
from claqueur.directive.checking import notes, problems
from claqueur.directive.hypothesis import Addressed, Directive, Item
from claqueur.directive.persons import contact_in, names_somebody, stands_for_people
from claqueur.directive.reading import parse_directive, read_directive
from claqueur.directive.writing import dump_directive, shared_part
from claqueur.errors import SettingError

SECOND = """
[[item]]
number = "4"
text = "Supply comments."
issuer = "head of the department"
action = {action}
{targets}
start = 2019-03-01
[[item.addressed]]
kind = "library"
pages = ["-1008"]
"""


def changed(*changes: tuple[str, str], more: str = "") -> str:
    text = RECORD
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text + more


def item_with(line: str) -> str:
    """The shortest record with one more line in its item."""
    return changed(("[[item.addressed]]", f"{line}\n[[item.addressed]]"))


def refused(text: str) -> list[str]:
    """The problems of a record, one a line."""
    with pytest.raises(SettingError) as caught:
        parse_directive(text, "record")
    first, *rest = str(caught.value).splitlines()
    assert first.startswith("record: ")
    return [line.strip() for line in rest] or [first.removeprefix("record: ")]


class TestReading:
    def test_the_shortest(self):
        assert parse_directive(RECORD, "record") == Directive(
            title="Minutes",
            language="en",
            zone="UTC",
            items=(
                Item(
                    number="3",
                    text="Supply likes.",
                    issuer="head of the department",
                    addressed=(Addressed("museum"),),
                    action=("like",),
                    start=date(2019, 2, 8),
                    target_pages=("-1001",),
                ),
            ),
        )

    def test_the_example_of_the_documentation(self):
        directive = parse_directive(KRASNOYARSK, "docs")
        first, second, third = directive.items
        assert directive.zone == "Asia/Krasnoyarsk"
        assert [item.number for item in directive.items] == ["1", "2", "3"]
        assert first.publishes
        assert first.institution_pages == ("-1003", "-1004", "-1005", "-1010")
        assert second.institution_pages == ("-1006", "-1007", "-1008", "-1009")
        assert third.action == ("like", "comment")
        assert third.target_pages == ("-1001", "-1002")
        assert third.control_pages == ("-1019", "-1020", "-1021", "-1011", "-1012")
        assert {item.start for item in directive.items} == {date(2019, 2, 8)}
        assert directive.causes[0].kind == "event"
        assert directive.restricted.file == "minutes.pdf"
        (said,) = notes(directive)
        assert "restricted: file: was not found" in said

    def test_from_a_file_in_the_zone_of_the_case(self, tmp_path):
        path = tmp_path / "minutes.toml"
        path.write_bytes(b"\xef\xbb\xbf" + RECORD.encode())
        assert claqueur.read_directive(path, "Asia/Krasnoyarsk").zone == "Asia/Krasnoyarsk"
        own = path.with_name("own.toml")
        own.write_text(f'zone = "+07:00"\n{RECORD}')
        assert read_directive(own, "Asia/Krasnoyarsk").zone == "Etc/GMT-7"

    def test_no_file(self, tmp_path):
        with pytest.raises(SettingError, match=r"none.toml: cannot be read: .*check the path"):
            read_directive(tmp_path / "none.toml")

    def test_no_text(self, tmp_path):
        (tmp_path / "a.toml").write_bytes(b"\xff\xfe")
        with pytest.raises(SettingError, match="is no text in UTF-8"):
            read_directive(tmp_path / "a.toml")

    def test_no_toml(self):
        assert "is no TOML" in refused("format = = 1")[0]

    def test_a_newer_format_is_all_that_is_said(self):
        text = RECORD.replace("format = 1", "format = 2\ncolour = 1")
        with pytest.raises(
            SettingError, match=r"format 2 is of a newer Claqueur.*; upgrade Claqueur$"
        ):
            parse_directive(text, "record")

    def test_one_value_where_a_list_is_meant(self):
        text = item_with('deadlines = 2019-03-01\ntopic = "games"\nreference = -1002')
        item = parse_directive(text, "record").items[0]
        assert item.deadlines == (date(2019, 3, 1),)
        assert (item.topic, item.reference) == (("games",), ("-1002",))

    def test_numbers_are_ids_and_days_may_be_in_quotes(self):
        text = changed(('"-1001"', "[-1001, -1002]"), ('"3"', "3"), ("2019-02-08", '"2019-02-08"'))
        item = parse_directive(text, "record").items[0]
        assert (item.number, item.target_pages) == ("3", ("-1001", "-1002"))
        assert item.start == date(2019, 2, 8)

    def test_a_table_is_read_as_text_is(self):
        table = tomllib.loads(KRASNOYARSK)
        assert parse_directive(table, "record") == parse_directive(KRASNOYARSK, "record")


class TestRoundTrip:
    @settings(max_examples=60, deadline=None)
    @given(directives())
    def test_what_is_written_reads_back(self, directive):
        assert problems(directive) == []
        assert parse_directive(dump_directive(directive), "record") == directive

    @settings(max_examples=30, deadline=None)
    @given(directives())
    def test_so_does_the_shared_part_without_what_is_restricted(self, directive):
        shared = shared_part(directive)
        assert "restricted" not in shared
        again = parse_directive(shared, "record")
        assert again.items == directive.items
        assert again.causes == directive.causes
        assert again.restricted == Directive("", "", "", ()).restricted

    def test_what_is_empty_is_left_out(self):
        table = tomllib.loads(dump_directive(parse_directive(RECORD, "record")))
        assert list(table) == ["format", "title", "language", "zone", "item"]
        assert "quota" not in table["item"][0]
        assert list(table["item"][0])[:2] == ["number", "text"]


class TestRefusals:
    def test_everything_at_once(self):
        said = refused(
            """
            colour = "red"
            [[item]]
            number = "3"
            text = " "
            start = "soon"
            quota = 0
            [[cause]]
            name = "Opening"
            kind = "party"
            first_day = 2019-03-05
            last_day = 2019-03-02
            """
        )
        for part in (
            "format: is missing; write format = 1",
            "colour: unknown key; known here are title, language, zone, item, cause, restricted",
            "item 3: start: 'soon' cannot be used; write a day as 2019-02-08",
            "cause 1: kind: 'party' cannot be used; write one of event, appeal, other",
            "title: is missing",
            "language: '' is no code of a language",
            "item 3: text: is missing",
            "item 3: issuer: is missing; write the role",
            "item 3: action: is missing; write one or more of like, comment",
            "item 3: quota: 0 is no number of actions",
            "item 3: quota_of: is missing beside the quota",
            "item 3: addressed: is missing",
            "cause 1: last_day: 2019-03-02 is before the first",
        ):
            assert sum(part in line for line in said) == 1, part
        assert len(said) == 13

    def test_the_count_and_the_place(self):
        with pytest.raises(SettingError, match=r"^record: 2 things to put right:\n  title: is"):
            parse_directive(changed(("Minutes", ""), ("museum", "")), "record")

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("format = 1\ntitle = 't'\nlanguage = 'ru'", "item: there is none; write each"),
            (changed(('"en"', '"English"')), "language: 'English' is no code of a language"),
            (changed(("# a remark", 'zone = "Mars"')), "zone: Mars: no such zone; write for"),
            (changed(("# a remark", "zone = 7")), "zone: 7"),
            (changed(('"3"', "2.1")), "item in place 1: number: 2.1 cannot be used; write text"),
            (changed(('"3"', '""')), "item in place 1: number: is missing; write it as in the"),
            (changed(('"like"', '"praise"')), "item 3: action: 'praise' is unknown; known are"),
            (changed(('"like"', '["like", "like"]')), "item 3: action: one stands twice"),
            (changed(('"like"', '"post"')), "item 3: target_pages, target_posts: with action post"),
            (changed(('"like"', '["post", "like"]')), "item 3: action: post stands alone"),
            (changed(('target_pages = "-1001"', "")), "item 3: target_pages: nothing says where"),
            (changed(("target_pages", "target_posts")), "target_posts: -1001 is a page; write it"),
            (changed(("-1001", "wall-1001_5")), "target_pages: wall-1001_5 is a post; write the"),
            (changed(("-1001", " -1001")), "item 3: target_pages: ' -1001' is no id (spaces"),
            (item_with("end = 2019-02-07"), "item 3: end: 2019-02-07 is before the start"),
            (item_with("deadlines = [2019-02-07]"), "item 3: deadlines: 2019-02-07 is before"),
            (item_with("start2 = 1"), "item 3: start2: unknown key; known here are number, text"),
            (item_with("quota = -5\nquota_of = 'account'"), "item 3: quota: -5 is no number"),
            (item_with("quota = true"), "item 3: quota: True cannot be used; write a whole number"),
            (item_with("quota = [1, 2]"), "item 3: quota: one number for everybody, never a list"),
            (item_with("quota = 5"), "item 3: quota_of: is missing beside the quota"),
            (item_with("quota_of = 'account'"), "item 3: quota_of: belongs to a quota"),
            (item_with("quota = 5\nquota_of = 'school'"), "quota_of: 'school' cannot be used"),
            (item_with("claimed_total = 0"), "item 3: claimed_total: 0 is no number of actions"),
            (item_with("claimed_total = [5, 6]"), "claimed_total: a total, never a list"),
            (item_with("claimed_total = {school = 5}"), "claimed_total: a total, never a list"),
            (item_with("reference = '-1001'"), "item 3: reference: -1001 is a target page itself"),
            (item_with("control = 5"), "item 3: control: 5 cannot be used; write tables: [[item.c"),
            (RECORD + "pages = ['-9', '-9']", "addressed: pages: -9 stands more than once"),
            (RECORD + "[[item.addressed]]\nkind = ''", "item 3: addressed 2: kind: is missing"),
            (RECORD + "[[item.control]]\npages = '-7'", "item 3: control 1: reason: is missing"),
            (RECORD + "[[item.control]]\nreason = 'x'", "item 3: control 1: pages: is missing"),
            (RECORD + "[[cause]]\nname = ''\nkind = 'event'\nfirst_day = 2019-01-01", "cause 1: "),
            (RECORD + "[restricted]\nsha256 = 'x'", "restricted: sha256: is no SHA-256 hash"),
            (RECORD + "[restricted]\nnonce = '1'", "restricted: nonce: take it out"),
            (RECORD + "[restricted]\ncolour = '1'", "restricted: colour: unknown key"),
            ("restricted = 5\n" + RECORD, "restricted: 5 cannot be used; write a table"),
        ],
    )
    def test_each(self, text, said):
        assert any(said in line for line in refused(text)), refused(text)

    def test_a_post_cannot_be_followed(self):
        text = changed(('"like"', '"follow"'), ('target_pages = "-1001"', 'target_posts = "x"'))
        assert refused(text) == [
            "item 3: target_posts: a post cannot be followed; write the page under target_pages"
        ]

    def test_a_number_that_stands_twice(self):
        text = RECORD + SECOND.format(action='"comment"', targets='target_pages = "-1002"')
        said = refused(text.replace('"4"', '"3"').replace("Supply comments.", ""))
        assert said == [
            "item 3: number: stands 2 times; give each its own",
            "item 3 (place 2): text: is missing; retype the item's wording",
        ]

    @pytest.mark.parametrize(
        ("page", "by"), [("-1001", "item 3"), ("-1002", "item 4"), ("-1008", "item 4")]
    )
    def test_a_control_that_was_ordered_too(self, page, by):
        control = f"[[item.control]]\npages = ['-7', '{page}']\nreason = 'alike'"
        second = SECOND.format(action='"like"', targets='target_posts = "wall-1002_5"')
        (said,) = refused(RECORD + control + second)
        assert said.startswith(f"item 3: control: pages: {page} was ordered too ({by}): contam")


class TestOverlap:
    def test_the_same_on_the_same_page_in_the_same_days(self):
        second = SECOND.format(action='["like", "comment"]', targets='target_pages = "-1001"')
        (said,) = refused(RECORD + second)
        assert said.startswith("item 3 and item 4: both ask for like on -1001 in the same days")
        assert 'write them as one item (number "3, 4"' in said

    def test_a_post_on_a_page(self):
        second = SECOND.format(action='"like"', targets='target_posts = "wall-1001_5"')
        assert "both ask for like on wall-1001_5" in refused(RECORD + second)[0]

    @pytest.mark.parametrize(
        ("action", "targets"),
        [
            ('"comment"', 'target_pages = "-1001"'),
            ('"like"', 'target_pages = "-1002"'),
            ('"like"', 'target_posts = "wall-1002_5"'),
        ],
    )
    def test_another_action_or_page_is_none(self, action, targets):
        parse_directive(RECORD + SECOND.format(action=action, targets=targets), "record")

    def test_neither_are_other_days(self):
        second = SECOND.format(action='"like"', targets='target_pages = "-1001"')
        parse_directive(item_with("end = 2019-02-28") + second, "record")
        assert refused(item_with("end = 2019-03-01") + second)

    def test_nor_posts_of_the_same_institutions_on_other_topics(self):
        publishing = SECOND.format(action='"post"', targets='topic = "games"')
        other = publishing.replace('"4"', '"5"').replace("games", "elections")
        parse_directive(RECORD + publishing + other, "record")
        said = refused(RECORD + publishing + other.replace("elections", "games"))
        assert "item 4 and item 5: both ask for post on -1008" in said[0]


class TestNoPersons:
    @pytest.mark.parametrize(
        "key",
        [
            *("person", "people", "names", "roster", "employees", "staff", "members", "accounts"),
            *("account_id", "users", "teachers", "phone", "email", "e-mail", "per_person"),
            *("per_school", "completion_rate", "ФИО", "сотрудники", "список", "список_школ"),
        ],
    )
    def test_keys_are_refused_wherever_they_are(self, key):
        line = f'"{key}" = ["x"]\n'
        for text, place in (
            (line + RECORD, key),
            (item_with(line), f"item 3: {key}"),
            (RECORD + line, f"item 3, addressed 1: {key}"),
            (RECORD + "[restricted]\n" + line, f"restricted: {key}"),
        ):
            (said,) = refused(text)
            assert said.startswith(f"{place}: the people ordered are victims, so Claqueur takes no")
            assert "docs/directive.md" in said

    def test_no_key_of_a_record_is_taken_for_one(self):
        shared = shared_part(parse_directive(KRASNOYARSK, "record"))
        keys = {*shared, *shared["item"][2], *shared["item"][2]["control"][0]}
        assert not [key for key in keys - {"quota_per"} if stands_for_people(key)]

    @pytest.mark.parametrize("contact", ["+7 (391) 226-10-60", "226-10-60", "me@example.org"])
    @pytest.mark.parametrize(
        ("old", "place"),
        [
            ("head of the department", "item 3: issuer"),
            ("Supply likes.", "item 3: text"),
            ("Minutes", "title"),
            ("museum", "item 3: addressed 1: kind"),
        ],
    )
    def test_nobodys_phone_or_address(self, contact, old, place):
        (said,) = refused(changed((old, f"{old} {contact}")))
        assert said.startswith(f"{place}: has a")
        assert contact not in said

    @pytest.mark.parametrize("name", ["Иванов И. И.", "И.И. Иванов", "Иванова Анна Сергеевна"])
    def test_the_issuer_is_a_role(self, name):
        (said,) = refused(changed(("head of the department", f"глава города {name}")))
        assert said.startswith("item 3: issuer: names a person")
        assert "Иванов" not in said

    @pytest.mark.parametrize(
        "text",
        ["с 08.02.2019 по 15.03.2019", "2019-02-08", "пп. 10-12-20", "wall-226-10-60", "8 школ"],
    )
    def test_a_day_is_no_phone_number(self, text):
        assert not contact_in(text)

    @pytest.mark.parametrize(
        "text", ["школа им. С. С. Прокофьева", "имени Антона Павловича Чехова", "Глава города"]
    )
    def test_nor_is_an_institutions_name_a_persons(self, text):
        assert not names_somebody(text)


class TestNotes:
    @staticmethod
    def of(text: str) -> str:
        return "\n".join(notes(parse_directive(text, "record")))

    def test_what_is_left_open(self):
        said = self.of(RECORD)
        assert "item 3: no control pages: what moved all pages looks like the order" in said
        assert "item 3: no translation" in said
        assert "no causes declared" in said

    def test_too_few_institutions(self):
        text = RECORD + SECOND.format(action='"post"', targets="")
        said = self.of(text)
        assert "item 4: pages of 1 addressed institutions, pooled over at least 3" in said
        assert "item 4: no topic" in said
        assert "item 3: pages of" not in said

    def test_pages_that_may_be_somebodys_own(self):
        said = self.of(changed(("-1001", "123456")))
        assert "item 3: target_pages: 123456 may be somebody's own page" in said

    def test_links(self):
        said = self.of(changed(("-1001", "https://t.me/universiade")))
        assert "item 3: target_pages: https://t.me/universiade is a link; keep it only" in said

    def test_a_link_to_vk_is_refused(self):
        with pytest.raises(SettingError, match="vk.com/universiade is a link; write the id"):
            parse_directive(changed(("-1001", "vk.com/universiade")), "record")

    @pytest.mark.parametrize(
        ("old", "new", "where"),
        [
            ('title = "Minutes"', 'title = "Протокол Иванова М. П."', "title"),
            ('kind = "museum"', 'kind = "Петрова А. А."', "addressed: kind"),
        ],
    )
    def test_names_are_refused_wherever_they_get_published(self, old, new, where):
        with pytest.raises(SettingError, match=f"{where}: names a person"):
            parse_directive(changed((old, new)), "record")

    def test_a_name_in_the_wording(self):
        said = self.of(changed(("Supply likes.", "Обеспечить лайки (Петров П. П.)")))
        assert "item 3: text may name a person" in said
        assert "Петров" not in said


def test_a_path_is_named_in_what_is_said(tmp_path: Path):
    path = tmp_path / "minutes.toml"
    path.write_text(changed(("Minutes", "")))
    with pytest.raises(SettingError, match=r"minutes\.toml: title: is missing"):
        read_directive(path)
