"""What a text sounds like, in Spanish and English, and what is shown of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mia.voice.markup import displayable
from mia.voice.rewriting import roman
from mia.voice.speakable import read_aloud, speakable

SPANISH = [
    # markup
    ("**Hola**, ¿qué *tal*?", "Hola, ¿qué tal?"),
    ("## Título\n- uno\n- dos", "Título. uno. dos"),
    ("[mi página](https://ejemplo.com/x) es esta", "mi página es esta"),
    ("Usa `print()` ya", "Usa print ya"),
    ("Así: ```py\nx = 1\n``` y listo.", "Así: y listo."),
    ("~~no~~ <b>sí</b> _claro_", "no sí claro"),
    ("**Esto quedó,", "Esto quedó,"),
    ("| a | b |\n|---|---|\n| c | d |", "a b. c d"),
    ("> cita", "cita"),
    # numbers
    ("Tengo 3 gatos y 21 años", "Tengo tres gatos y veintiún años"),
    ("1 hora, 1 día, 31 días", "una hora, un día, treinta y un días"),
    ("200 personas y 500 pesos", "doscientas personas y quinientos pesos"),
    ("El 21 de mayo", "El veintiuno de mayo"),
    ("1.000 y 1,000 y 1.234.567", "mil y mil y un millón doscientos treinta y cuatro mil "
     "quinientos sesenta y siete"),
    ("3,5 y 3.5 y 3,05", "tres coma cinco y tres punto cinco y tres coma cero cinco"),
    ("-5 grados", "menos cinco grados"),
    ("10-15 minutos", "diez a quince minutos"),
    ("2+2=4, 3x4, 8 - 2", "dos más dos igual a cuatro, tres por cuatro, ocho menos dos"),
    ("007", "cero cero siete"),
    ("Llama al 555-1234", "Llama al cinco cinco cinco uno dos tres cuatro"),
    ("Python 3.11.2", "Python tres punto once punto dos"),
    ("1/2 litro", "un medio litro"),
    ("El 50% o 12,5 %", "El cincuenta por ciento o doce coma cinco por ciento"),
    ("1º, 2ª, 3er piso", "primero, segunda, tercer piso"),
    # money
    ("5 €", "cinco euros"),
    ("$1", "un dólar"),
    ("1.000,50 €", "mil euros con cincuenta céntimos"),
    ("$3 millones", "tres millones de dólares"),
    ("200 libras, £200", "doscientas libras, doscientas libras"),
    # dates, times, units
    ("A las 12:30 y a las 8:15", "A las doce y media y a las ocho y cuarto"),
    ("Son las 21:00", "Son las veintiuna en punto"),
    ("A la 1:05 p.m.", "A la una y cinco de la tarde"),
    ("a las 9 p. m. en casa", "a las nueve de la noche en casa"),
    ("25/12/2024", "veinticinco de diciembre de dos mil veinticuatro"),
    ("2024-03-01", "primero de marzo de dos mil veinticuatro"),
    ("el 1 de enero", "el primero de enero"),
    ("23 °C, 70 kg, 1,75 m", "veintitrés grados, setenta kilos, uno coma setenta y cinco metros"),
    ("120 km/h y 16 GB", "ciento veinte kilómetros por hora y dieciséis gigas"),
    # addresses, acronyms, abbreviations
    ("https://www.ejemplo.com/a?b=1.", "ejemplo punto com."),
    ("ana.lopez@correo.es", "ana punto lopez arroba correo punto es"),
    ("La CPU, la NASA y OBS", "La ce pe u, la nasa y o be ese"),
    ("MIA es una VTuber", "Mía es una vituber"),
    ("El Sr. Pérez y la Dra. Gómez", "El señor Pérez y la doctora Gómez"),
    ("p. ej. leche, etc. y más", "por ejemplo leche, etcétera y más"),
    ("en EE. UU. hay", "en Estados Unidos hay"),
    ("pan, leche, etc.", "pan, leche, etcétera."),
    ("¡¡NOOOOO QUÉ DICES!!", "¡¡noo qué dices!!"),
    ("#hola a @mia_vt", "hola a arroba Mía vt"),
    ("tú & yo", "tú y yo"),
]  # fmt: skip

ENGLISH = [
    ("It's 3.14 or 1,000", "It's three point one four or one thousand"),
    ("$5.50 and $3 million", "five dollars and fifty cents and three million dollars"),
    ("50% of 1,234", "fifty percent of one thousand two hundred and thirty-four"),
    ("12/25/2024", "December twenty-fifth, twenty twenty-four"),
    ("May 4, the 21st", "May fourth, the twenty-first"),
    ("in 1999 and the 1950s", "in nineteen ninety-nine and the nineteen fifties"),
    ("at 5:05 p.m. or 3:00", "at five oh five P M or three o'clock"),
    ("5 ft, 1 kg, 20°C", "five feet, one kilogram, twenty degrees Celsius"),
    ("Dr. Smith vs. the CPU", "doctor Smith versus the C P U"),
    ("e.g. NASA", "for example, nasa"),
    ("in the U.S. today", "in the U S today"),
    ("see https://example.com/x, ok", "see example dot com, okay"),
    ("bob@example.org", "bob at example dot org"),
    ("*giggles* I'm MIA", "I'm Mia"),
    ("2 & 3", "two and three"),
]


@pytest.mark.parametrize(("text", "said"), SPANISH)
def test_spanish_is_read_as_people_say_it(text: str, said: str) -> None:
    assert speakable(text, "es") == said


@pytest.mark.parametrize(("text", "said"), ENGLISH)
def test_english_is_read_as_people_say_it(text: str, said: str) -> None:
    assert speakable(text, "en") == said


@pytest.mark.parametrize("text", ["", "😊", "  \n", "***", "...", "```\nx = 1\n```", ":)", "[joy]"])
def test_there_may_be_nothing_to_say(text: str) -> None:
    assert speakable(text, "es") == ""


@pytest.mark.parametrize(
    ("text", "said", "tags"),
    [
        ("*sonríe* Hola, [joy] ¿qué tal?", "Hola, ¿qué tal?", ("sonríe", "joy")),
        ("*se ríe* hola", "hola", ("se ríe",)),
        ("Hola. *levanta la mano* ¿Y tú?", "Hola. ¿Y tú?", ("levanta la mano",)),
        ("Es *muy* bueno.", "Es muy bueno.", ()),
        ("Lo dice la nota [1].", "Lo dice la nota.", ()),
    ],
)
def test_directions_are_told_apart_from_stress_and_kept(
    text: str, said: str, tags: tuple[str, ...]
) -> None:
    result = read_aloud(text, "es")
    assert result.text == said
    assert set(result.tags) == set(tags)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**Hola**, son las 12:30 😊", "Hola, son las 12:30 😊"),
        ("*sonríe* Es *muy* bueno [joy], ¿no?", "Es muy bueno, ¿no?"),
        ("# Lista\n- uno\n- dos", "Lista\nuno\ndos"),
        ("[enlace](http://x.com)", "enlace"),
        ("```py\nx = 1\n```", "x = 1"),
        ("1. Leche", "1. Leche"),
        ("[joy]", ""),
    ],
)
def test_subtitles_have_no_markup_but_keep_signs_and_emoji(text: str, shown: str) -> None:
    assert displayable(text) == shown


def test_other_languages_lose_only_the_markup() -> None:
    assert speakable("**Bonjour** 3 amis 😊", "fr") == "Bonjour 3 amis"


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.text(max_size=120),
        st.text("0123456789.,:/-%$€ºª °CkmhpGB\u00a0 am()*[]_`#@x=+<>", max_size=40),
    ),
    st.sampled_from(["es", "en"]),
)
def test_any_text_can_be_read_and_no_sign_or_digit_is_left(text: str, language: str) -> None:
    said = speakable(text, language)
    assert not set(said) & set("*_`#@[]<>{}|\\^~=+$€%0123456789")
    assert said == said.strip()
    displayable(text)


def table(language: str) -> list[tuple[str, str]]:
    """What is written, and what is heard; one case a line."""
    path = Path(__file__).parent / "data" / f"ear.{language}.txt"
    lines = path.read_text("utf-8").splitlines()
    return [(written, said) for line in lines for written, said in [line.split(" => ")]]


@pytest.mark.parametrize(
    ("language", "written", "said"),
    [(language, *case) for language in ("es", "en") for case in table(language)],
)
def test_what_is_written_in_signs_is_heard_in_words(language: str, written: str, said: str) -> None:
    assert speakable(written, language) == said


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_tables_are_long_enough_to_mean_something(language: str) -> None:
    assert len(table(language)) >= 80


@pytest.mark.parametrize(
    ("text", "said", "tags"),
    [
        ("(ríe) Vale, vamos.", "Vale, vamos.", ("ríe",)),
        ("Claro. (suspira) Ya lo sé.", "Claro. Ya lo sé.", ("suspira",)),
        ("(laughs softly) Sure.", "Sure.", ("laughs softly",)),
        ("Mi gato (mira qué foto) es negro.", "Mi gato (mira qué foto) es negro.", ()),
        ("Llega (piensa llegar) tarde.", "Llega (piensa llegar) tarde.", ()),
    ],
)
def test_a_stage_direction_in_brackets_is_done_and_not_said(
    text: str, said: str, tags: tuple[str, ...]
) -> None:
    heard = read_aloud(text, "es")
    assert (heard.text, heard.tags) == (said, tags)


@pytest.mark.parametrize(
    ("numeral", "value"),
    [("IV", 4), ("XIX", 19), ("XXXIX", 39), ("VIII", 8), ("IIII", 0), ("VX", 0), ("XXL", 0)],
)
def test_roman_numerals_are_counted(numeral: str, value: int) -> None:
    assert roman(numeral) == value
