"""What is on a list is found however it is dressed up; what only looks like it is left alone."""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mia.errors import MiaError
from mia.mind.safety.matching import Matcher, rule
from mia.mind.safety.words import LARGEST_FILE, PACKAGED, Words, read

STRICT, MILD = Words("strict"), Words("mild")

#: Words and sentences that a filter which looks for letters anywhere stumbles over.
INNOCENT = {
    "en": """
    Scunthorpe, Penistone, Lightwater, Clitheroe, Middlesex, Essex, Sussex and Cockermouth.
    The assistant assesses classic bass and passes the glass to the assassin in Massachusetts.
    A cocktail, a peacock, a shuttlecock and a cockatoo; Hitchcock, Alcock; Dickens, Dickinson.
    Cumberland and cucumber, document and accumulate, circumstance, magna cum laude.
    Niger and Nigeria are countries; he snickered and sniggered; a niggardly sum; a vinegar.
    Therapist, grape, drape, scrape, trapeze, rapper, rapping, rapeseed oil in May.
    Shiitake mushrooms, Shiite pilgrims, shitake, a shift, a shirt, a shuttle.
    Analysis, canal, banal, analog, arsenal, parsec, parse, coarse, hearse, arsenic.
    Titanic, title, petition, constitution, entity, quantities, titmouse.
    Pussycat Dolls aside, the puss in boots; a pussywillow; Pissarro painted; epistle and episode.
    Bastardilla, basement, bask; a batch, a botch, a beech, the beach, a pitch, a ditch.
    A prickly pear, a prickle; a wanderer, a Wankel engine, a swan, Swansea.
    Twatt is a place, so is Wetwang; the whole world, a wholesaler, who're you, wherever.
    Kuntur, Koons, Kaká, KVM switch, H1N1, MP3, A55, PS5, 455, 1337, a 5k run, B2B, 3D.
    As soon as the raccoon met the Maine Coon in the cocoon, a spice merchant sold spices.
    Goodies and hoodies; go diet; kill the process, hang up, drink water; kill your darlings.
    The pen is mightier; it's hit or miss; is he it? The mass hole is deep; push it; pass it on.
    His hit song; what a con; he who re-enters; on us; but the fact is; let us hit; a pus s.
    Dr. Dickson, Mr. Cockburn, Mrs. Wang, Philip K. Dickens; Ms. Fuchs, Mr. Fuks, Phuket, Vu.
    U.S.S.R., U.S.A., F.B.I., C.I.A., A.B.C., a b c d e f g, x y z, i, j, k, vitamin C, plan B.
    Don't you, won't he, can't they, I'd, we'll, it's, that's, he's hit it, there's it.
    The holocaust happened; the Holocaust museum; white powder; the power of white light.
    """,
    "es": """
    Computadora, disputa, reputación, imputado, diputada, amputar, input, output, deputado.
    El artículo, ridículo, vehículo, película, músculo, círculo, masculino, oráculo, cálculo.
    Encojo los hombros, escojo, cojines, cojo el libro, cojea, recojo, acojonante no.
    Cono de helado, icono, reconozco, conocer, economía, acné, coñac, moñas, año, caña, mañana.
    Penne con pene... no: plumas de penne, pena, penal, penetrante, península, penicilina.
    Análisis, canales, anales de historia, banal, analfabeto, anaconda, analogía.
    Follaje, folleto, folletín, follón, folclore, foliar, folio.
    Negro, negra, ennegrecer, Níger, Nigeria, denegrir; el gato negro; un poder blanco y negro.
    Mari con su madre, María con Juan, Mariconchi no; marisco, marioneta, marinero, maraca.
    Mierdecilla no; miércoles, mi erdal, miedo, miel; tu tía, puntos, punta, pata, pita, puro.
    Rape a la marinera; raparse, rápido, rapar, trapo; el pescado se llama rape.
    Culebra, cultura, culpa, culto, oculto, inculcar, calculo, agricultor, culinario.
    Sextante, sexto, sexagenario, Essex; tetera, tetraedro, teta... no: tetrabrik, tetina.
    Verganza no; vergüenza, vergel, envergadura; la concha del mar, las conchas, Concha y Toro.
    Cabra, cabrito, cabriola, cabrero; pajar, pájaro, pajarero, pajarita, empajar.
    Jodhpur, judía, judío, joya, joven; zorro, zorra no; perra y perro, perrito.
    Chinchilla, chinche, China, chincheta, cachivache, mochila; pendiente, péndulo, pender.
    Número subnormal; sudadera, sudar, sudeste, sudoku; mongol, Mongolia; travesía, travelín.
    Matar el tiempo, mátalo de risa, máteme no; ahorca… ahora; el holocausto existió.
    Me cago no; me cargo; hostal, hostelería, ostia; carámbano, carajillo.
    Vitamina C, plan B, clase D, rayos X, la a, la o, y, u otro; 1 2 3, M-30, A-55, N-VI, CD, B12.
    Es tu tarea; su puesto; la puta... no: la pauta, la puntada, repuesta, compuesta, disputada.
    """,
}
SPARED = {"puta", "pene", "culo", "mierda", "verga", "teta", "coño"}


def sentences(language: str) -> list[str]:
    lines = [line.strip() for line in INNOCENT[language].splitlines() if line.strip()]
    return [line for line in lines if not SPARED & set(line.replace("...", " ").split())]


def found(words: Words, text: str, language: str = "") -> list[str]:
    return [text[hit.start : hit.end] for hit in words.hits(text, language)]


@pytest.mark.parametrize("language", ["es", "en"])
def test_innocent_words_are_no_false_alarm(language: str) -> None:
    assert len(sentences(language)) > 15
    for line in sentences(language):
        assert not found(STRICT, line, language), line


TRICKS = {
    "plain": "fuck",
    "capitals": "FuCk",
    "accents": "fúçk",
    "towers of marks": "f\u0336u\u0315c\u0358k\u0301",
    "full width": "ｆｕｃｋ",
    "script letters": "𝓯𝓾𝓬𝓴",
    "black squares": "🅵🆄🅲🅺",
    "flags": "🇫🇺🇨🇰",
    "Cyrillic": "fuсk",
    "Greek": "fυck",
    "zero width": "f\u200bu\u200dc\u2060k",
    "soft hyphen": "fu\u00adck",
    "blank letters": "fu\u3164ck",
    "right to left marks": "f\u202eu\u202cck",
    "drawn out": "fuuuuuccckkk",
    "stars between": "f*u*c*k",
    "stars instead": "f*ck",
    "dots": "f.u.c.k",
    "spaces": "f u c k",
    "many spaces": "f   u  c\n k",
    "commas": "f, u, c, k",
    "spelt out in a sentence": "he said f u c k to a friend",
    "hyphen": "fu-ck",
    "underscore": "fu_ck",
    "one letter apart": "f uck",
    "last letter apart": "fuc k",
    "ph": "phuck",
    "v": "fvck",
    "within": "absofuckinglutely",
    "leet": "5h1t",
    "signs": "$h!t",
    "dollars": "a$$",
    "exclamation": "sh!t!",
    "mixed": "ＳＨ１Т",
    "Spanish": "puta",
    "Spanish plural": "put4s",
    "Spanish k": "koño",
    "decomposed ñ": "con\u0303o",
    "k and accent": "kabrón",
    "phrase": "hijo de puta",
    "phrase in one": "hijodeputa",
    "phrase with marks": "h-i-j-o d-e p-u-t-a",
    "phrase, leet": "me c4g0 en todo",
}


@pytest.mark.parametrize("trick", TRICKS)
def test_a_word_is_found_however_it_is_dressed_up(trick: str) -> None:
    assert found(STRICT, TRICKS[trick]), TRICKS[trick]
    assert found(STRICT, f"Well, {TRICKS[trick]}, you know.")


def test_what_is_found_is_where_it_stands() -> None:
    assert found(STRICT, "¡Qué ｐúta 5h1t!") == ["ｐúta", "5h1t!"]


def test_a_place_spelt_out_is_not_taken_apart() -> None:
    assert not found(STRICT, "S-C-U-N-T-H-O-R-P-E")
    assert not found(STRICT, "s c u n t h o r p e")


def test_drawn_out_counts_and_cut_short_does_not() -> None:
    """One letter fewer is another word: a country, a colour, a little word."""
    words = Matcher([one for line in ("nigger", "coon", "ass") if (one := rule(line, "x"))])
    for text in ("niggggeer", "coooon", "asssss"):
        assert words.hits(text), text
    for text in ("niger", "con", "as", "Nigeria", "cocoon", "assess"):
        assert not words.hits(text), text


def test_mild_leaves_swearing_to_the_user_and_keeps_hatred_back() -> None:
    for text in ("joder, qué bien", "that is fucking great", "me cago en la mar", "porn"):
        assert not found(MILD, text), text
    for text in ("eres un sudaca", "k1ll y0urself", "el holocausto nunca existió", "heil hitler"):
        assert found(MILD, text), text
    assert not found(Words("off"), "heil hitler")


def test_a_word_that_is_innocent_in_the_other_language_counts_in_its_own_alone() -> None:
    assert not found(STRICT, "rape a la marinera", "es")
    assert found(STRICT, "rape", "en")
    assert not found(MILD, "mi amigo Kike", "es")
    assert found(MILD, "kike", "en")


def test_every_line_of_her_own_lists_says_something_and_finds_itself() -> None:
    for entry in PACKAGED.iterdir():
        if not entry.name.endswith(".txt"):
            continue
        listed = read(entry.read_text("utf-8"), entry.name[:2], "strict")
        assert not listed.odd
        assert len(listed.rules) > 100
        for one in listed.rules:
            text = " ".join(word.strip("*") for word in one.words)
            if not one.allowed:
                assert STRICT.hits(text, one.language or entry.name[:2]), text


# ── the user's lists ─────────────────────────────────────────────────────────────────────────


def edited(path: Path, text: str) -> None:
    """Save a file as an editor does, a moment later than before."""
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text, "utf-8")
    os.utime(path, ns=(before + 2_000_000_000, before + 2_000_000_000))


def refreshed(words: Words) -> Words:
    asyncio.run(words.refresh())
    return words


def test_a_list_of_the_users_adds_and_is_read_again_when_it_is_saved(tmp_path: Path) -> None:
    words = refreshed(Words("mild", tmp_path / "words"))
    assert not found(words, "mi ex se llama Voldemort")
    (tmp_path / "words").mkdir()
    mine = tmp_path / "words" / "mine.txt"
    edited(mine, "# de los míos\nVoldemort\n[politics strict]\nfulano\n")
    assert found(refreshed(words), "mi ex se llama V0ldem0rt") == ["V0ldem0rt"]
    assert not found(words, "fulano")
    assert found(words, "sudaca"), "her own lists are still there"
    edited(mine, "!sudaca*\n")
    assert not found(refreshed(words), "Voldemort y el sudaca")
    mine.unlink()
    assert found(refreshed(words), "sudaca")


def test_a_file_with_the_name_of_hers_takes_its_place(tmp_path: Path) -> None:
    edited(tmp_path / "es.txt", "[mío]\nalcachofa\n")
    words = refreshed(Words("strict", tmp_path))
    assert found(words, "sudaca de mierda y alcachofa") == ["alcachofa"]
    assert found(words, "fuck")


def test_a_list_that_cannot_be_read_is_told_once_and_the_one_before_counts(tmp_path: Path) -> None:
    told: list[MiaError] = []
    words = Words("mild", tmp_path, told.append)
    mine = tmp_path / "mine.txt"
    edited(mine, "alcachofa\n")
    refreshed(words)
    mine.write_bytes(b"alc\xe1chofa\n")
    refreshed(words)
    refreshed(words)
    assert [error.code for error in told] == ["safety.list_not_utf8"]
    assert found(words, "alcachofa")
    mine.write_bytes(b"a\n" * LARGEST_FILE)
    refreshed(words)
    assert told[-1].code == "safety.list_too_large"
    assert found(words, "alcachofa")


def test_a_folder_that_is_not_there_is_no_list(tmp_path: Path) -> None:
    told: list[MiaError] = []
    refreshed(Words("mild", tmp_path / "nowhere", told.append))
    (tmp_path / "file").write_text("x")
    refreshed(Words("mild", tmp_path / "file", told.append))
    assert not told


@given(st.text(max_size=200))
def test_no_text_breaks_the_filter_and_every_hit_lies_in_it(text: str) -> None:
    for hit in STRICT.hits(text):
        assert 0 <= hit.start < hit.end <= len(text)


@given(st.text(max_size=400), st.sampled_from(["es", "en", "", "xx"]))
def test_no_list_breaks_the_filter(text: str, language: str) -> None:
    Matcher(read(text, language, "strict").rules).hits(text, language)


def test_no_text_takes_long() -> None:
    """What grows with the square of a text's length would be here for minutes."""
    chance = random.Random(0)
    for text in ("f " * 5_000, "f-" * 5_000, "*" * 20_000, "fuck" * 3_000, "pu" * 10_000):
        STRICT.hits(text[: 20_000 - chance.randrange(9)])
