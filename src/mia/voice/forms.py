"""How signs, units, dates and letters are said in each language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mia.voice.words import word_set


@dataclass(frozen=True, slots=True)
class Forms:
    """The words of one language for what is written in signs.

    units and currencies: (one, many); cents: the same for the hundredth.
    """

    point: str
    comma: str
    minus: str
    percent: str
    to: str
    signs: Mapping[str, str]
    months: tuple[str, ...]
    units: Mapping[str, tuple[str, str]]
    currencies: Mapping[str, tuple[str, str]]
    scales: tuple[str, ...]
    """Words between an amount and its currency ("$3 million")."""
    fractions: Mapping[str, str]
    at: str
    dot: str
    hyphen: str
    slash: str
    letters: Mapping[str, str]
    lexicon: Mapping[str, str]
    """Whole words said differently than they are written."""
    spelled: frozenset[str]
    """Acronyms that could be read as a word and are not."""


_SPELLED = word_set(
    "OBS URL IA AI UE EU UI UX IP ID PC TV DJ DM IRL USA UK OSC EEG IBM USB AAA IPA AMD UHF ISO"
)
#: Read as words in Spanish ("la api"), letter by letter in English.
_SPELLED_EN = word_set("API CIA UN US IVA ONU DNA ETA FAQ RIP IRS ATM")

ES = Forms(
    point="punto",
    comma="coma",
    minus="menos",
    percent="por ciento",
    to="a",
    signs={
        "+": "más",
        "=": "igual a",
        "×": "por",
        "÷": "entre",
        "&": "y",
        "#": "número",
        "<": "menor que",
        ">": "mayor que",
        "≈": "aproximadamente",
        "±": "más menos",
        "€": "euros",
        "$": "dólares",
        "£": "libras",
        "°": "grados",
        "№": "número",
    },
    months=(
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ),
    units={
        "km/h": ("kilómetro por hora", "kilómetros por hora"),
        "m/s": ("metro por segundo", "metros por segundo"),
        "mm": ("milímetro", "milímetros"),
        "cm": ("centímetro", "centímetros"),
        "m": ("metro", "metros"),
        "km": ("kilómetro", "kilómetros"),
        "m²": ("metro cuadrado", "metros cuadrados"),
        "m2": ("metro cuadrado", "metros cuadrados"),
        "km²": ("kilómetro cuadrado", "kilómetros cuadrados"),
        "mg": ("miligramo", "miligramos"),
        "g": ("gramo", "gramos"),
        "kg": ("kilo", "kilos"),
        "ml": ("mililitro", "mililitros"),
        "l": ("litro", "litros"),
        "L": ("litro", "litros"),
        "ms": ("milisegundo", "milisegundos"),
        "s": ("segundo", "segundos"),
        "seg": ("segundo", "segundos"),
        "min": ("minuto", "minutos"),
        "h": ("hora", "horas"),
        "Hz": ("hercio", "hercios"),
        "kHz": ("kilohercio", "kilohercios"),
        "MHz": ("megahercio", "megahercios"),
        "GHz": ("gigahercio", "gigahercios"),
        "KB": ("kilobyte", "kilobytes"),
        "kB": ("kilobyte", "kilobytes"),
        "MB": ("mega", "megas"),
        "GB": ("giga", "gigas"),
        "TB": ("tera", "teras"),
        "Mbps": ("mega por segundo", "megas por segundo"),
        "W": ("vatio", "vatios"),
        "kW": ("kilovatio", "kilovatios"),
        "kWh": ("kilovatio hora", "kilovatios hora"),
        "V": ("voltio", "voltios"),
        "px": ("píxel", "píxeles"),
        "fps": ("cuadro por segundo", "cuadros por segundo"),
        "°C": ("grado", "grados"),
        "ºC": ("grado", "grados"),
        "°F": ("grado fahrenheit", "grados fahrenheit"),
        "°": ("grado", "grados"),
    },
    currencies={
        "€": ("euro", "euros"),
        "$": ("dólar", "dólares"),
        "US$": ("dólar", "dólares"),
        "£": ("libra", "libras"),
        "¥": ("yen", "yenes"),
        "USD": ("dólar", "dólares"),
        "EUR": ("euro", "euros"),
        "MXN": ("peso", "pesos"),
        "MX$": ("peso", "pesos"),
    },
    scales=("mil", "millón", "millones", "billones"),
    fractions={
        "1/2": "un medio",
        "½": "un medio",
        "1/3": "un tercio",
        "2/3": "dos tercios",
        "1/4": "un cuarto",
        "¼": "un cuarto",
        "3/4": "tres cuartos",
        "¾": "tres cuartos",
    },
    at="arroba",
    dot="punto",
    hyphen="guion",
    slash="barra",
    letters={
        letter: name
        for letter, _, name in (
            pair.partition(":")
            for pair in sorted(
                word_set(
                    "A:a B:be C:ce D:de E:e F:efe G:ge H:hache I:i J:jota K:ka L:ele M:eme N:ene "
                    "Ñ:eñe O:o P:pe Q:cu R:erre S:ese T:te U:u V:uve W:uvedoble X:equis Y:ye Z:zeta"
                )
            )
        )
    },
    lexicon={
        "mia": "Mía",
        "vtuber": "vituber",
        "vtubers": "vitubers",
        "ok": "okey",
        "etc": "etcétera",
        "sr": "señor",
        "sra": "señora",
        "srta": "señorita",
        "dr": "doctor",
        "dra": "doctora",
        "d": "don",
        "dña": "doña",
        "prof": "profesor",
        "profa": "profesora",
        "ing": "ingeniero",
        "lic": "licenciado",
        "ud": "usted",
        "uds": "ustedes",
        "av": "avenida",
        "avda": "avenida",
        "pág": "página",
        "págs": "páginas",
        "núm": "número",
        "tel": "teléfono",
        "aprox": "aproximadamente",
        "máx": "máximo",
        "mín": "mínimo",
        "ej": "ejemplo",
        "vs": "contra",
        "wifi": "wifi",
        "twitch": "tuich",
        "youtube": "yutub",
        "discord": "díscord",
    },
    spelled=_SPELLED,
)

EN = Forms(
    point="point",
    comma="point",
    minus="minus",
    percent="percent",
    to="to",
    signs={
        "+": "plus",
        "=": "equals",
        "×": "times",
        "÷": "divided by",
        "&": "and",
        "#": "number",
        "<": "less than",
        ">": "greater than",
        "≈": "about",
        "±": "plus or minus",
        "€": "euros",
        "$": "dollars",
        "£": "pounds",
        "°": "degrees",
        "№": "number",
    },
    months=(
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    units={
        "km/h": ("kilometer per hour", "kilometers per hour"),
        "mph": ("mile per hour", "miles per hour"),
        "m/s": ("meter per second", "meters per second"),
        "mm": ("millimeter", "millimeters"),
        "cm": ("centimeter", "centimeters"),
        "m": ("meter", "meters"),
        "km": ("kilometer", "kilometers"),
        "m²": ("square meter", "square meters"),
        "km²": ("square kilometer", "square kilometers"),
        "ft": ("foot", "feet"),
        "lb": ("pound", "pounds"),
        "lbs": ("pound", "pounds"),
        "oz": ("ounce", "ounces"),
        "mg": ("milligram", "milligrams"),
        "g": ("gram", "grams"),
        "kg": ("kilogram", "kilograms"),
        "ml": ("milliliter", "milliliters"),
        "l": ("liter", "liters"),
        "L": ("liter", "liters"),
        "ms": ("millisecond", "milliseconds"),
        "s": ("second", "seconds"),
        "sec": ("second", "seconds"),
        "min": ("minute", "minutes"),
        "h": ("hour", "hours"),
        "Hz": ("hertz", "hertz"),
        "kHz": ("kilohertz", "kilohertz"),
        "MHz": ("megahertz", "megahertz"),
        "GHz": ("gigahertz", "gigahertz"),
        "KB": ("kilobyte", "kilobytes"),
        "kB": ("kilobyte", "kilobytes"),
        "MB": ("megabyte", "megabytes"),
        "GB": ("gigabyte", "gigabytes"),
        "TB": ("terabyte", "terabytes"),
        "Mbps": ("megabit per second", "megabits per second"),
        "W": ("watt", "watts"),
        "kW": ("kilowatt", "kilowatts"),
        "kWh": ("kilowatt hour", "kilowatt hours"),
        "V": ("volt", "volts"),
        "px": ("pixel", "pixels"),
        "fps": ("frame per second", "frames per second"),
        "°C": ("degree Celsius", "degrees Celsius"),
        "ºC": ("degree Celsius", "degrees Celsius"),
        "°F": ("degree Fahrenheit", "degrees Fahrenheit"),
        "°": ("degree", "degrees"),
    },
    currencies={
        "€": ("euro", "euros"),
        "$": ("dollar", "dollars"),
        "US$": ("dollar", "dollars"),
        "£": ("pound", "pounds"),
        "¥": ("yen", "yen"),
        "USD": ("dollar", "dollars"),
        "EUR": ("euro", "euros"),
        "MXN": ("peso", "pesos"),
        "MX$": ("peso", "pesos"),
    },
    scales=("thousand", "million", "billion", "trillion"),
    fractions={
        "1/2": "one half",
        "½": "one half",
        "1/3": "one third",
        "2/3": "two thirds",
        "1/4": "one quarter",
        "¼": "one quarter",
        "3/4": "three quarters",
        "¾": "three quarters",
    },
    at="at",
    dot="dot",
    hyphen="dash",
    slash="slash",
    letters={letter: letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
    lexicon={
        "mia": "Mia",
        "vtuber": "vee tuber",
        "vtubers": "vee tubers",
        "ok": "okay",
        "etc": "et cetera",
        "mr": "mister",
        "mrs": "missus",
        "ms": "miss",
        "dr": "doctor",
        "prof": "professor",
        "vs": "versus",
        "approx": "approximately",
    },
    spelled=_SPELLED | _SPELLED_EN,
)

FORMS: Mapping[str, Forms] = {"es": ES, "en": EN}
