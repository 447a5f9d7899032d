"""How comments are written alike, what templates they give, how rare those are, what is shown."""

import numpy as np
import polars as pl
import pytest
from tests.speaker import Speaker, vocabulary

from claqueur.kernels.shingles import stars
from claqueur.progress import Progress
from claqueur.texts.corpus import MOST_WORDS, Corpus
from claqueur.texts.near import SIMILAR, near_duplicates, shingles_of, similar_pairs
from claqueur.texts.normal import LONGEST, emoji, normal, words
from claqueur.texts.rarity import FORMULA_BITS, rarity
from claqueur.texts.templates import Templates, find_templates
from claqueur.texts.wording import NOBODY_FOUND, SLOT, Crowd, marked, only_words, with_slots


def found(texts):
    corpus = Corpus.of(pl.Series("text", texts, dtype=pl.String))
    return corpus, find_templates(corpus)


def template_of(corpus: Corpus, templates: Templates, rows) -> np.ndarray:
    """Template of some comments, -1 for none."""
    form = corpus.form[rows]
    return np.where(form >= 0, templates.of_form[form], -1)


class TestNormal:
    @pytest.mark.parametrize(
        ("text", "form"),
        [
            ("Молодцы, так держать!", "молодцы так держать"),
            ("ЁЛКА И ЕЩЁ Ёж", "елка и еще еж"),
            ("е\u0308лка", "елка"),  # ё of two characters
            ("Урааааа!!! Спасииибо", "ура спасибо"),
            ("ванна и длинношеее", "ванна и длинноше"),  # two letters stay, three do not
            ("1000000 лет", "1000000 лет"),  # figures are not stretched letters
            # Letters of the other alphabet that look alike, the majority of a word too
            ("мoлoдцы тaк дepжaть", "молодцы так держать"),
            ("гopoд", "город"),
            ("lооk аnd sее", "look and see"),
            ("б0льше 3а", "больше за"),
            ("в 2022 году", "в 2022 году"),
            ("любимый Krasnoyarsk", "любимый krasnoyarsk"),
            # What nobody sees
            ("мо\u200bлод\u00adцы\ufeff", "молодцы"),
            ("\u202eмолодцы\u202c", "молодцы"),
            ("м\u0335о\u0335л\u0335", "мол"),  # struck through
            ("по́здно, й", "поздно й"),  # accents go, й stays
            ("café déjà", "café déjà"),
            # Who and where, not what
            ("[id123|Иван Петров], согласна", "согласна"),
            ("[club1:bp-2_3|Город], да", "да"),
            ("@ivan_petrov спасибо", "спасибо"),
            ("*id1 (Иван Петров), спасибо", "спасибо"),
            ("пишите a@b.ru сюда", "пишите a сюда"),
            ("смотри https://vk.com/wall-1_2?x=1#z тут", "смотри тут"),
            ("сайт город.рф и www.x.y", "сайт и"),
            ("vk.com/club1,ура", ""),
            ("конец.Начало", "конец начало"),
            # Other forms of the same letters
            ("Ｆｕｌｌ ｗｉｄｔｈ ①", "full width 1"),
            ("𝕷𝖊𝖙𝖙𝖊𝖗𝖘", "letters"),
            ("STRASSE straße", "strasse strasse"),
            # Other writings
            ("مرحبا بالعالم", "مرحبا بالعالم"),
            ("שָׁלוֹם עולם", "שלום עולם"),
            ("こんにちは、世界", "こんにちは 世界"),
            ("안녕 세상", "안녕 세상"),
            # No words
            ("", ""),
            (" \t\n\u00a0", ""),
            ("🎉👍🏽❤️", ""),
            ("... !!! ???", ""),
            ("___", ""),
            ("\u200b\u200d\ufeff", ""),
            ("\ud800", ""),
            ("да\udfffнет", "данет"),
            ("\x00да\x00нет\x1b[0m", "да нет 0m"),
            ("snake_case", "snake case"),
        ],
    )
    def test_written_alike(self, text, form):
        assert normal(text) == form
        assert words(text) == form.split()

    def test_emoji_alone(self):
        assert emoji("Ура 🎉👍🏽 и ❤️!") == ["🎉", "👍", "❤"]
        assert emoji("слова") == emoji("") == []
        assert emoji("👨‍👩‍👧") == ["👨", "👩", "👧"]

    def test_only_the_beginning_of_a_huge_text_is_looked_at(self):
        text = "слово " * 170_000
        assert len(text.encode()) > 1_000_000
        assert normal(text) == normal(text[:LONGEST])
        assert emoji("🎉" * 1_000_000) == ["🎉"] * LONGEST

    @pytest.mark.parametrize(
        "piece", ["a-", "a.", "aa.bb.", "-.", "[|", "[a", "@a (", "www.", "/."]
    )
    def test_no_text_takes_the_square_of_its_length(self, piece):
        """A search for links that goes back again and again takes ten minutes for these."""
        text = (piece * LONGEST)[: LONGEST - 2] + " ."
        found = {normal(text) for _ in range(50)}
        assert len(found) == 1

    @pytest.mark.parametrize(
        ("text", "letters"),
        [("а" * 30_000, 1), ("а\u0301" * 30_000, 1), ("e\u0301" * 30_000, 1), ("\x00" * 30_000, 0),
         ("\ufdfa" * 30_000, 360_000), ("\ud800" * 30_000, 0), ("0о" * 30_000, 1),
         ("ё " * 30_000, 19_999)],
    )  # fmt: skip
    def test_long_runs_of_one_letter(self, text, letters):
        assert len(normal(text)) == letters

    def test_binary_junk(self):
        junk = np.random.default_rng(1).integers(0, 256, 100_000).astype(np.uint8).tobytes()
        for text in (
            junk.decode("latin-1"), junk.decode("utf-8", "replace"),
            junk.decode("utf-16", "replace"), junk.decode("utf-8", "surrogateescape"),
        ):  # fmt: skip
            assert all(word.isalnum() for word in words(text))


class TestTemplates:
    def test_paraphrases_give_one_frame(self):
        speaker = Speaker()
        template = speaker.says(200)[-14:]
        others = speaker.comments(3000)
        copies = speaker.paraphrases(template, 60, 0.3)
        corpus, templates = found(others + copies)
        own = template_of(corpus, templates, np.arange(3000, 3060))
        number = np.bincount(own[own >= 0]).argmax()
        assert (own == number).mean() >= 0.85
        assert (template_of(corpus, templates, np.arange(3000)) != number).all()
        stems = corpus.words.stems.gather(templates.frame_of(int(number)).tolist()).to_list()
        # Each word once, nearly all of them, nearly in order.
        asked = [word[:6] for word in template]
        assert set(stems) <= set(asked)
        assert len(stems) == len(set(stems)) >= 0.8 * len(set(asked))
        places = [asked.index(stem) for stem in stems]
        assert np.mean(np.diff(places) > 0) >= 0.8
        # As people read it: slots where words were changed.
        copy = copies[int(np.flatnonzero(own == number)[0])].split()
        read = with_slots(" ".join(copy), stems).split()
        assert SLOT in read
        shown = [word for word in read if word != SLOT]
        assert len(shown) >= len(copy) / 3
        assert set(shown) <= set(template)

    def test_unrelated_texts_give_none(self):
        """But for a few of the commonest words, each of two texts that meet by chance."""
        for seed in range(3):
            corpus, templates = found(Speaker(seed).comments(2000))
            own = template_of(corpus, templates, np.arange(2000))
            assert len(templates) <= 4
            assert np.bincount(own[own >= 0], minlength=1).max() <= 3

    def test_copies_and_their_typing_errors_are_one(self):
        text = "поздравляем любимый город с праздником"
        many = [
            text,
            text.replace("ю", "у"),
            text + "!!!",
            text.upper(),
            text + " 🎉",
            "совсем иное",
        ]
        corpus, templates = found(many)
        assert len(templates) == 1
        assert template_of(corpus, templates, np.arange(6)).tolist() == [0, 0, 0, 0, 0, -1]
        assert corpus.forms[templates.centre[0]] == text

    def test_short_formulas_only_as_they_are(self):
        corpus, templates = found(["Спасибо!", "спасибо", "спасибо вам", "спасибо всем", "да"])
        assert template_of(corpus, templates, np.arange(5)).tolist() == [0, 0, -1, -1, -1]

    def test_two_templates_with_a_common_beginning_stay_two(self):
        speaker = Speaker(3)
        one, other = speaker.says(100)[-12:], speaker.says(100)[-12:]
        other[:3] = one[:3]
        texts = speaker.comments(500)
        texts += speaker.paraphrases(one, 30, 0.1) + speaker.paraphrases(other, 30, 0.1)
        corpus, templates = found(texts)
        first = template_of(corpus, templates, np.arange(500, 530))
        second = template_of(corpus, templates, np.arange(530, 560))
        assert np.bincount(first[first >= 0]).argmax() != np.bincount(second[second >= 0]).argmax()
        assert not set(first[first >= 0]) & set(second[second >= 0])

    def test_only_the_first_words_of_a_text_are_compared(self):
        speaker = Speaker(2)
        rambling = speaker.says(4 * MOST_WORDS)
        corpus, templates = found([" ".join(rambling), " ".join(rambling[:MOST_WORDS])] * 2)
        assert np.diff(corpus.words.start).tolist() == [MOST_WORDS] * 2
        assert len(templates) == 1

    def test_writing_without_spaces_is_compared_by_letters(self):
        text = "今日はとても良い天気ですね、皆さんおめでとうございます"
        corpus, templates = found([text, text + "よ", "まったく別の話をしています"])
        assert template_of(corpus, templates, np.arange(3)).tolist() == [0, 0, -1]

    def test_the_stages_are_shown(self):
        seen = []

        class Noted(Progress):
            def stage(self, name, total=None):
                seen.append(name)

        corpus = Corpus.of(pl.Series("text", Speaker().comments(50)), Noted())
        find_templates(corpus, Noted())
        assert seen == ["reading comments", "finding near-duplicate texts", "finding templates"]


class TestMany:
    """Sizes whose square would take hours."""

    def test_identical_texts(self):
        corpus, templates = found(["поздравляю наш любимый город"] * 1_000_000)
        assert (len(corpus), len(templates)) == (1, 1)
        assert corpus.uses.tolist() == [1_000_000]

    def test_nearly_identical_texts(self):
        rng = np.random.default_rng(1)
        text = " ".join(Speaker(5).says(20))
        many = [f"{text} {number}" for number in rng.permutation(30_000)]
        corpus, templates = found(many)
        assert len(corpus) == 30_000
        assert len(templates) == 1
        assert (templates.of_form == 0).all()

    def test_texts_that_are_half_alike(self):
        """Too little for a near-duplicate, enough to lie in one bucket that none of them leaves."""
        n = 700_000
        own = 10 + 3 * np.repeat(np.arange(n), 6).reshape(n, 6) + np.arange(6) - 3
        own[:, :3] = [1, 2, 3]
        own[1] = own[0]
        bucket = np.arange(n, dtype=np.int32)[None]
        live = np.zeros((1, n), np.int32)
        live[0, 0] = n
        star, similarity = stars(
            np.arange(n), own.ravel().astype(np.uint32), 6 * np.arange(n + 1), bucket,
            np.zeros((1, n), np.int32), live, SIMILAR,
        )  # fmt: skip
        assert star[:2].tolist() == [0, 0]
        assert (star[2:] == np.arange(2, n)).all()
        assert (similarity == 1).all()

    def test_a_common_word_in_every_text(self):
        """30,000 texts of a few words of a small vocabulary: all share pairs with many."""
        rng = np.random.default_rng(7)
        few = vocabulary(rng, 40)
        many = [" ".join(rng.choice(few, 8)) for _ in range(30_000)]
        corpus, templates = found(many)
        assert len(corpus) > 29_000
        assert len(rarity(corpus, templates).bits) == len(templates)

    def test_texts_of_a_megabyte(self):
        rng = np.random.default_rng(8)
        huge = [" ".join(rng.choice(vocabulary(rng, 50), 120_000)) for _ in range(3)]
        assert all(len(text.encode()) > 1_000_000 for text in huge)
        corpus, templates = found([*huge, *huge])
        assert len(templates) == 3
        assert (
            template_of(corpus, templates, np.arange(3)).tolist()
            == template_of(corpus, templates, np.arange(3, 6)).tolist()
        )


class TestNothing:
    @pytest.mark.parametrize(
        "texts", [[], [None, None], ["🎉", "", "!", None], ["да"], ["да", "нет"], ["аб", "аб в"]]
    )
    def test_nothing_comes_of_nothing(self, texts):
        corpus, templates = found(texts)
        assert len(corpus) == len({normal(text) for text in texts if text} - {""})
        assert (corpus.form >= 0).tolist() == [bool(normal(text or "")) for text in texts]
        assert len(templates) == 0
        assert (templates.of_form == -1).all()
        assert templates.of_form.shape == (len(corpus),)
        found_ = rarity(corpus, templates)
        assert found_.bits.shape == (0,)
        assert found_.rare.shape == (0,)

    def test_near_duplicates_of_nothing(self):
        star, similarity = near_duplicates([], np.zeros(0, np.int64))
        assert len(star) == len(similarity) == len(shingles_of([])) == 0
        assert [len(each) for each in similar_pairs([])] == [0, 0]

    def test_texts_too_short_to_compare_are_like_nothing(self):
        texts = ["а", "аб", "абв", "абвг"]
        star, similarity = near_duplicates(texts, np.ones(4, np.int64))
        assert star.tolist() == [0, 1, 2, 3]
        assert similarity.tolist() == [1] * 4
        assert [len(each) for each in similar_pairs(texts)] == [0, 0]


@pytest.fixture(scope="module")
def thanks():
    """Thanks of everybody in many ways, and a sentence of twelve words that twenty copy."""
    speaker = Speaker(9)
    copied = speaker.says(400)[-12:]
    many = ["спасибо", "спасибо большое", "спасибо вам большое", "большое спасибо всем"]
    texts = speaker.comments(3000)
    texts += [f"{many[k % 4]} {' '.join(speaker.says(k % 5))}" for k in range(600)]
    texts += [many[k % 4] for k in range(200)]
    texts += speaker.paraphrases(copied, 20, 0.1)
    corpus, templates = found(texts)
    return corpus, templates, rarity(corpus, templates), texts


class TestRarity:
    def test_a_formula_is_not_rare(self, thanks):
        corpus, templates, rare, texts = thanks
        own = template_of(corpus, templates, [texts.index(each) for each in texts[3600:3604]])
        assert (own >= 0).all()
        assert not rare.rare[own].any()

    def test_a_copied_sentence_is(self, thanks):
        corpus, templates, rare, texts = thanks
        own = template_of(corpus, templates, np.arange(len(texts) - 20, len(texts)))
        number = np.bincount(own[own >= 0]).argmax()
        assert rare.rare[number]
        assert rare.bits[number] > 3 * rare.least

    def test_the_bar_is_the_number_of_comments_and_ten_bits(self, thanks):
        corpus, _, rare, _ = thanks
        assert rare.least == pytest.approx(np.log2(corpus.uses.sum()) + FORMULA_BITS)
        assert (rare.rare == (rare.bits >= rare.least)).all()
        assert (rare.bits > 0).all()

    def test_a_text_does_not_make_itself_common(self):
        """However many use it; but others' words around it do."""
        speaker = Speaker(10)
        copied, others = " ".join(speaker.says(400)[-6:]), speaker.comments(2000)
        bits = []
        for times in (2, 2000):
            corpus, templates = found([*others, *[copied] * times])
            (own,) = template_of(corpus, templates, [2000])
            bits.append(rarity(corpus, templates).bits[own])
        assert bits[1] == pytest.approx(bits[0])
        quoted = [
            f"{' '.join(speaker.says(9))} {copied} {' '.join(speaker.says(9))}" for _ in range(99)
        ]
        corpus, templates = found([*others, *quoted, copied, copied])
        (own,) = template_of(corpus, templates, [len(others) + 99])
        assert templates.of_form[corpus.form[2000]] != own
        assert rarity(corpus, templates).bits[own] < bits[0] - 20


class TestWording:
    FRAME = ("поздра", "лучший", "город")

    @pytest.mark.parametrize(
        ("text", "read"),
        [
            ("Поздравляю, Ольга! Лучший город!", "Поздравляю, {…} Лучший город!"),
            ("Поздравляем весь наш лучший в мире город", "Поздравляем {…} лучший {…} город"),
            ("лучший город поздравляю", "лучший город {…}"),
            ("Да! Поздравляю 🎉 лучший — город …", "{…} Поздравляю лучший город"),
            ("поздравляю-лучший город", "поздравляю-лучший город"),
            ("поздравляю-всех лучший город", "{…} лучший город"),
            ("иное", "{…}"),
            ("", ""),
            ("🎉 !", ""),
        ],
    )
    def test_slots(self, text, read):
        assert with_slots(text, self.FRAME) == read

    def test_an_empty_frame_is_a_slot(self):
        assert with_slots("любые слова тут", []) == SLOT

    def test_marks_are_what_differs(self):
        frame = "Поздравляю, {…} Лучший город!"
        assert marked("поздравляем всех-всех 🎉 лучший город", frame) == [
            ("поздравляем", True), ("всех-всех", False), ("🎉 лучший город", True),
        ]  # fmt: skip
        assert marked("ничего общего", frame) == [("ничего общего", False)]
        assert marked("", frame) == []
        assert marked("ничего", SLOT) == [("ничего", False)]

    @pytest.mark.parametrize(
        "text", ["а б  в\tг", "<b>x</b> & y", "סוף\u202e אבג", "@a [id1|b c] d"]
    )
    def test_pieces_come_to_the_text(self, text):
        pieces = marked(text, "б {…} г")
        assert " ".join(piece for piece, _ in pieces) == " ".join(text.split())

    def test_only_words_that_may_be_shown(self):
        text = "Поздравляю, Ольга! ЛУЧШИЙ город, лучший!"
        assert only_words(text, ["лучший"]) == "{…} лучший {…} лучший"
        assert only_words(text, []) == SLOT
        assert only_words("", ["лучший"]) == ""
        assert "Ольга" not in only_words(text, self.FRAME)


class TestCrowd:
    def crowd(self, comments, k=NOBODY_FOUND):
        corpus = Corpus.of(pl.Series("text", [text for _, text in comments]))
        crowd = Crowd(corpus.words, corpus.form, np.array([who for who, _ in comments], np.int64))
        stems = corpus.words.stems.to_list()

        def shown(text):
            frame = np.array([stems.index(word) for word in text.split()], np.int32)
            return {stems[word] for word in crowd.shown(frame, corpus.words.bits, k)}

        return shown

    def test_words_are_shown_together_only_where_enough_people_have_them_together(self):
        people = [(who, "наш дом") for who in range(10)]
        people += [(20 + who, "наш сад") for who in range(10)]
        shown = self.crowd(people)
        assert shown("наш дом") == {"наш", "дом"}
        # Either word may be shown, but nobody has both.
        assert shown("дом сад") in ({"дом"}, {"сад"})
        assert shown("сад наш дом") in ({"наш", "дом"}, {"наш", "сад"})

    def test_people_and_not_comments_are_counted(self):
        nine = [(who, f"{word} слово") for who in range(9) for word in ("эхо", "эхо и", "эхо а")]
        assert self.crowd(nine)("эхо слово") == set()
        assert self.crowd([*nine, (9, "слово")])("эхо слово") == {"слово"}
        assert self.crowd([*nine, (9, "слово и эхо")])("эхо слово") == {"эхо", "слово"}

    def test_the_most_telling_words_come_first(self):
        people = [(who, "и редкое") for who in range(10)]
        people += [(who, "а редкое") for who in range(10)]
        people += [(30 + who, f"и раз{who}") for who in range(30)]
        people += [(100 + who, f"а два{who}") for who in range(60)]
        # Nobody has all three; "и" is rarer than "а".
        assert self.crowd(people)("а и редкое") == {"и", "редкое"}

    def test_without_people_nothing_is_shown(self):
        corpus = Corpus.of(pl.Series("text", ["наш дом", "наш сад"]))
        nobody = Crowd(corpus.words, np.zeros(0, np.int64), np.zeros(0, np.int64))
        assert len(nobody.shown(corpus.words.of_text(0), corpus.words.bits)) == 0
