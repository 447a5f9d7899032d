"""Minutes to suggestions: days, links, items, actions, each with its text, and nobody's name."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claqueur import suggest_directive
from claqueur.directive.dates import days_in
from claqueur.directive.persons import without_persons

MINUTES = """\
ПРОТОКОЛ
совещания при заместителе главы города
г. Красноярск                                  8 февраля 2019 г.
Присутствовали: Петров П.П., Сидорова А. Б. (тел. 226-10-60, mail@example.org)

1. Руководителям музыкальных школ размещать публикации об Универсиаде, в период
со 2 по 12 марта 2019 г. Ответственный: Иванов Иван Иванович.
2.1 Музеям публиковать материалы не позднее 15 февраля.
П. 3 В рамках программы лояльности обеспечить лайки и положительные
комментарии на страницах https://vk.com/club1001, vk.com/public1002
(https://vk.com/wall-1001_57?reply=3), vk.com/universiade и vk.com/id12345,
t.me/city_news. Отчёт — срок: до 01.03.

Председатель И. И. Иванов
"""


def days(text: str) -> list[tuple[str, bool, bool]]:
    """Each day, whether it is a deadline, and whether something of it is a guess."""
    found = suggest_directive(text).days
    return [(str(day.value), day.deadline, bool(day.guess)) for day in found]


def links(text: str) -> list[tuple[str, str]]:
    return [(link.kind, link.value) for link in suggest_directive(text).links]


def actions(text: str) -> list[str]:
    return [each.value for each in suggest_directive(text).actions]


class TestMinutes:
    found = suggest_directive(MINUTES)

    def test_days(self):
        assert [(str(day.value), day.deadline) for day in self.found.days] == [
            ("2019-02-08", False),
            ("2019-03-02", False),
            ("2019-03-12", False),
            ("2019-02-15", True),
            ("2019-03-01", True),
        ]
        assert [day.guess for day in self.found.days][3:] == [
            "the year is a guess from 2019-02-08"
        ] * 2

    def test_links(self):
        assert [(link.kind, link.value) for link in self.found.links] == [
            ("page", "-1001"),
            ("page", "-1002"),
            ("post", "wall-1001_57"),
            ("link", "vk.com/universiade"),
            ("link", "t.me/city_news"),
        ]

    def test_items(self):
        assert [item.number for item in self.found.items] == ["1", "2.1", "3"]
        assert self.found.items[1].text == "Музеям публиковать материалы не позднее 15 февраля."
        assert self.found.items[2].text.endswith("срок: до 01.03.")

    def test_what_stands_in_an_item(self):
        first, second, third = map(self.found.of, self.found.items)
        assert {each.value for each in first.actions} == {"post"}
        assert [str(day.value) for day in second.days] == ["2019-02-15"]
        assert {each.value for each in third.actions} == {"like", "comment"}
        assert len(third.links) == 5
        assert [str(day.value) for day in self.found.outside().days] == ["2019-02-08"]

    def test_each_comes_with_its_text(self):
        everything = [
            *self.found.days,
            *self.found.links,
            *self.found.actions,
            *self.found.items,
        ]
        plain = " ".join(without_persons(MINUTES).split())
        assert all(each.source and each.source in plain for each in everything)

    def test_nobody_is_named(self):
        said = repr(self.found)
        for part in ("Петров", "Сидоров", "Иванов", "226-10", "example.org", "id12345"):
            assert part in MINUTES
            assert part not in said


class TestDays:
    @pytest.mark.parametrize(
        "text",
        [
            *("08.02.2019", "8.2.2019", "8 февраля 2019 г.", "8 Февраля 2019", "2019-02-08"),
            *("February 8, 2019", "February 8th 2019", "8 February 2019", "8th of February, 2019"),
            "Feb. 8, 2019",
        ],
    )
    def test_as_people_write_them(self, text):
        assert days(f"Протокол, {text}, совещание") == [("2019-02-08", False, False)]

    @pytest.mark.parametrize(
        "words",
        [
            *("до", "не позднее", "не позже", "к", "срок:", "срок до", "срок — до", "by", "until"),
            *("no later than", "before", "deadline:", "due on"),
        ],
    )
    def test_deadlines(self, words):
        assert days(f"от 08.02.2019: отчёт {words} 15.03.2019")[1] == ("2019-03-15", True, False)

    def test_a_year_that_is_missing_is_a_guess(self):
        text = "Протокол от 25.12.2018. Отчёт до 15 января; лайки на записи от 20 декабря."
        assert days(text)[1:] == [("2019-01-15", True, True), ("2018-12-20", False, True)]

    def test_a_deadline_comes_after_the_first_day(self):
        assert days("8 февраля 2019 г.: до 20 января")[1] == ("2020-01-20", True, True)

    def test_without_any_year_there_is_none_to_guess_from(self):
        assert days("до 15 марта") == []

    def test_two_digits_of_a_year(self):
        assert days("08.02.19") == [("2019-02-08", False, True)]

    @pytest.mark.parametrize(
        "text",
        ["п. 1.2.3", "32.01.2019", "30 февраля 2019", "версия 1.10.2.2019", "we may 2019", "1001"],
    )
    def test_what_is_none(self, text):
        assert days(text) == []

    @given(st.dates(date(1990, 1, 1), date(2099, 12, 31)))
    def test_any_day_is_found_in_every_form(self, day):
        written = f"{day:%d.%m.%Y}; {day.isoformat()}; {day:%B} {day.day}, {day.year}"
        assert [found.day for found in days_in(written)] == [day] * 3


class TestLinks:
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("https://vk.com/club123", ("page", "-123")),
            ("m.vk.com/public123/", ("page", "-123")),
            ("VK.com/event5", ("page", "-5")),
            ("https://vk.ru/wall-123_45", ("post", "wall-123_45")),
            ("vk.com/wall123_45", ("post", "wall123_45")),
            ("https://vk.com/city?w=wall-123_45%2Fall", ("post", "wall-123_45")),
            ("(vk.com/city).", ("link", "vk.com/city")),
            ("«https://t.me/city/57»", ("link", "https://t.me/city/57")),
            ("https://example.org/a?b=c,", ("link", "https://example.org/a?b=c")),
        ],
    )
    def test_each(self, text, found):
        assert links(f"см. {text} и далее") == [found]

    @pytest.mark.parametrize("text", ["vk.com/id123", "me@vk.com/x", "vk.com", "myvk.com/club1"])
    def test_what_is_none(self, text):
        assert links(text) == []

    def test_each_once(self):
        assert links("vk.com/club5 и https://vk.com/club5") == [("page", "-5")]


class TestItems:
    @pytest.mark.parametrize(
        "head", ["3.", "3)", "п. 3", "П.3", "пункт 3:", "Пункт 3.", "Item 3:", "№ 3", "   3. "]
    )
    def test_numbers(self, head):
        (item,) = suggest_directive(f"Решили:\n{head} Обеспечить\nлайки.\n\nПодпись").items
        assert (item.number, item.text) == ("3", "Обеспечить лайки.")

    def test_dotted_numbers(self):
        found = suggest_directive("1. Школам:\n1.1 Размещать.\n1.2. Собирать.\n").items
        assert [(each.number, each.text) for each in found] == [
            ("1", "Школам:"),
            ("1.1", "Размещать."),
            ("1.2", "Собирать."),
        ]

    @pytest.mark.parametrize(
        "text", ["08.02.2019 Красноярск", "15 марта все свободны", "2019. Год", "тел. 3. а", "3."]
    )
    def test_what_is_none(self, text):
        assert suggest_directive(text).items == ()


class TestActions:
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("Обеспечить лайки", ["like"]),
            ("ставить «Мне нравится»", ["like"]),
            ("прокомментировать и сделать репост", ["comment", "repost"]),
            ("поделиться записью", ["repost"]),
            ("подписаться на страницу", ["follow"]),
            ("разместить, опубликовать", ["post", "post"]),
            ("like, comment and share", ["like", "comment", "repost"]),
            ("follow the page and publish", ["follow", "post"]),
        ],
    )
    def test_each(self, text, found):
        assert actions(text) == found

    @pytest.mark.parametrize(
        "text", ["подписать протокол", "республика", "as follows", "likely", "vk.com/like_me"]
    )
    def test_what_is_none(self, text):
        assert actions(text) == []


@given(st.text())
def test_any_text_can_be_read(text):
    suggest_directive(text)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Отв. Иванов И.И. Срок: 1 марта", "Отв. […] Срок: 1 марта"),
        ("Иванову И.И. Обеспечить лайки", "[…] Обеспечить лайки"),
        ("Председатель А. А. Шевченко", "[…]"),
        ("школа им. А. С. Пушкина", "школа им. А. С. Пушкина"),
        ("звонить 8 (391) 226-10-60", "звонить […]"),
    ],
)
def test_names_are_left_out(text, left):
    assert without_persons(text) == left


def test_the_number_of_the_next_item_is_no_day():
    text = "Совещание 07.02.2019.\n2. Срок – не позднее 15 февраля.\n3. В рамках программы – лайки."
    assert [str(day.value) for day in suggest_directive(text).days] == ["2019-02-07", "2019-02-15"]
