"""The string catalogue is whole: in every language, and for everything the code says."""

import ast
from collections.abc import Mapping
from pathlib import Path

import pytest

from mia import strings
from scripts import check_strings
from scripts.check_strings import Use

ROOT = Path(__file__).resolve().parents[2]


def messages(languages: Mapping[str, Mapping[str, str]]) -> list[str]:
    return [finding.message for finding in check_strings.agreement(languages)]


def uses(code: str) -> list[Use]:
    tree = ast.parse(code)
    return list(check_strings.uses("x.py", tree, check_strings.error_classes({"x.py": tree})))


def unmet(code: str, strings: Mapping[str, str]) -> list[str]:
    return [finding.message for finding in check_strings.unmet(iter(uses(code)), strings)]


def test_every_text_is_there_in_every_language_with_the_same_parameters() -> None:
    assert list(check_strings.agreement(check_strings.catalogues(ROOT))) == []


def test_no_key_stands_there_twice(tmp_path: Path) -> None:
    assert list(check_strings.twice(ROOT)) == []
    folder = tmp_path / check_strings.FOLDER
    folder.mkdir(parents=True)
    (folder / "en.json").write_text('{"a.b": "From", "a.c": "x", "a.b": "Made from"}', "utf-8")
    assert [one.message for one in check_strings.twice(tmp_path)] == ["a.b stands there twice"]


def test_every_key_the_code_and_the_pages_name_has_a_text() -> None:
    strings = check_strings.catalogues(ROOT)["en"]
    assert list(check_strings.unmet(check_strings.all_uses(ROOT), strings)) == []


def test_the_code_does_name_texts() -> None:
    named = {key for use in check_strings.all_uses(ROOT) for key in use.keys}
    assert {"error.backend.unknown", "error.model.missing"} <= named


def test_a_key_that_one_language_lacks_is_found() -> None:
    assert messages({"en": {"a.b": "x"}, "es": {}}) == ["a.b is missing"]


def test_an_empty_text_is_found() -> None:
    assert messages({"en": {"a.b": "x"}, "es": {"a.b": " "}}) == ["a.b is missing"]


def test_a_parameter_that_one_language_lacks_is_found() -> None:
    found = messages({"en": {"a.b": "{path} is gone"}, "es": {"a.b": "ya no está"}})
    assert found == ["a.b names other parameters than in en"]


def test_formats_and_parts_of_a_parameter_do_not_matter() -> None:
    assert messages({"en": {"a.b": "{size:.1f} MB"}, "es": {"a.b": "{size} MB"}}) == []


def test_a_text_that_is_not_there_is_found() -> None:
    assert unmet('translate("cli.x")', {}) == ["no text for cli.x"]


def test_an_error_without_text_is_found_whatever_class_it_has() -> None:
    code = 'class Gone(MiaError): pass\nclass Far(Gone): pass\nraise errors.Far("a.b")'
    assert unmet(code, {}) == ["no text for error.a.b"]


def test_both_sides_of_a_conditional_code_are_looked_up() -> None:
    assert unmet('raise MiaError("a.b" if x else "a.c")', {"error.a.b": "x"}) == [
        "no text for error.a.c"
    ]


def test_a_class_that_puts_a_prefix_before_its_codes_is_understood() -> None:
    code = (
        "class Wire(MiaError):\n"
        "    def __init__(self, name, **p):\n"
        '        super().__init__(f"wire.{name}", param="", **p)\n'
        'raise Wire("cut")'
    )
    assert unmet(code, {"error.wire.cut": "cut at {param}"}) == []
    assert unmet(code, {"error.cut": "x"}) == ["no text for error.wire.cut"]


def test_a_parameter_that_is_not_given_is_found() -> None:
    strings = {"error.a.b": "{path} of {size}"}
    assert unmet('raise MiaError("a.b", path=p)', strings) == ["error.a.b needs size"]
    assert unmet('raise MiaError("a.b", **p)', strings) == []


def test_a_notice_may_speak_with_the_text_of_an_error() -> None:
    code = 'Notice("warning", "mic.gone", {})'
    assert unmet(code, {"notice.mic.gone": "x"}) == []
    assert unmet(code, {"error.mic.gone": "x"}) == []
    assert unmet(code, {}) == ["no text for notice.mic.gone or error.mic.gone"]


def test_keys_in_pages_are_found() -> None:
    html = '<p data-text="page.hello"></p>\n<script>t("page.bye")</script>'
    assert [use.keys for use in check_strings.page_uses("a.html", html)] == [
        ("page.hello",),
        ("page.bye",),
    ]


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ({"LANG": "es_ES.UTF-8"}, "es"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "es_MX.UTF-8"}, "es"),
        ({"LANG": "es_ES.UTF-8", "MIA_LANGUAGE": "en"}, "en"),
    ],
)
def test_the_systems_language_counts_where_its_locale_is_not_installed(
    said: dict[str, str], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strings, "_chosen", None)
    for name in ("MIA_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    assert strings.current() == language
