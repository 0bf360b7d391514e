"""A wrong configuration is refused as a whole, and every fault is named with its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mia.config import ConfigError, InvalidConfig, Problem, load
from mia.strings import catalogue
from tests.config.conftest import Files


def problems(files: Files, text: str | bytes) -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as caught:
        files.load(text)
    assert isinstance(caught.value, InvalidConfig)
    for language in ("es", "en"):
        said = caught.value.text(language)
        assert str(files.path) in said
        assert "{" not in said
    return caught.value.problems


def one(files: Files, text: str | bytes) -> tuple[str, str, int, int]:
    """Code, key, line and column of the only problem."""
    (problem,) = problems(files, text)
    place = problem.place
    return problem.code, problem.key, *((place.line, place.column) if place else (0, 0))


def test_a_wrong_key_is_named_with_the_nearest_right_one(files: Files) -> None:
    (problem,) = problems(files, "web:\n  prot: 80\n")
    assert (problem.key, problem.place and problem.place.line) == ("web.prot", 2)
    assert "web.port" in problem.text("en")
    assert "web.port" in problem.text("es")


def test_a_key_in_the_wrong_section_is_sent_to_the_right_one(files: Files) -> None:
    (problem,) = problems(files, "chunk_ms: 20\n")
    assert "audio.chunk_ms" in problem.text("en")


def test_a_wrong_name_of_the_originals_is_recognised_too(files: Files) -> None:
    (problem,) = problems(files, "models: {tts: {edge_vioce: x}}\n")
    assert "models.tts.edge_voice" in problem.text("en")


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ("web: {port: 70000}", "web.port", "from 1 to 65535"),
        ("web: {port: many}", "web.port", "whole number"),
        ("web: {port: true}", "web.port", "whole number"),
        ("web: {port: 1.5}", "web.port", "whole number"),
        ("web: {port: null}", "web.port", "found nothing"),
        ("web: 8080", "web", "a section with keys"),
        ("web: [8080]", "web", "a section with keys"),
        ("language: fr", "language", "es, en, auto"),
        ("log: {level: wran}", "log.level", "“warning”"),
        ("audio: {microphone: perhaps}", "audio.microphone", "true or false"),
        ("audio: {input_device: [1]}", "audio.input_device", "whole number or text or null"),
        ("persona: {name: 5}", "persona.name", "text"),
        ("web: {allowed_origins: x}", "web.allowed_origins", "a list"),
        ("web: {allowed_origins: [a, 5]}", "web.allowed_origins[1]", "expected text"),
        ("lipsync: {rms_max: 0}", "lipsync.rms_max", "above 0"),
        ("models: {llm: {backend: lamacpp}}", "models.llm.backend", "“llamacpp”"),
        ("models: {llm: {fallback: [edge]}}", "models.llm.fallback[0]", "lmstudio"),
        ("models: {llm: {llamacpp: {context_size: 1}}}", "models.llm.llamacpp.context_size", "512"),
        ("models: {tts: {edge: {rate: fast}}}", "models.tts.edge.rate", "of the form"),
    ],
)
def test_a_wrong_value_says_what_was_expected(
    files: Files, text: str, key: str, expected: str
) -> None:
    (problem,) = problems(files, text)
    assert problem.key == key
    assert expected in problem.text("en")
    assert problem.place is not None


def test_all_problems_are_listed_at_once_in_the_order_of_the_file(files: Files) -> None:
    found = problems(files, "log: {level: x}\nwbe: {}\nweb:\n  port: 0\n  hots: y\nlanguage: 1\n")
    assert [p.key for p in found] == ["log.level", "wbe", "web.port", "web.hots", "language"]


def test_a_problem_with_a_key_of_the_originals_is_told_by_its_old_name(files: Files) -> None:
    text = "models:\n  llm:\n    n_gpu_layers: -9\n"
    assert one(files, text) == ("config.wrong_value", "models.llm.n_gpu_layers", 3, 5)


def test_a_shared_value_that_the_chosen_backend_refuses_is_told_where_it_stands(
    files: Files,
) -> None:
    (problem,) = problems(files, "models:\n  tts:\n    backend: edge\n    voice: Dora\n")
    assert (problem.key, problem.place and problem.place.line) == ("models.tts.voice", 4)
    assert "Dora" in problem.text("en")
    assert files.load("models: {tts: {backend: piper, voice: Dora}}").config.models.tts.voice


def test_what_a_chosen_backend_must_have_is_asked_for(files: Files) -> None:
    (problem,) = problems(files, "models: {tts: {backend: far}}")
    assert (problem.code, problem.key) == ("config.missing_key", "models.tts.far.address")
    (problem,) = problems(files, "models: {tts: {far: {}}}")
    assert (problem.code, problem.key) == ("config.missing_key", "models.tts.far.address")
    assert files.load("models: {tts: {backend: far, far: {address: x}}}").config


def test_a_doubled_key_is_found_with_the_line_of_the_first(files: Files) -> None:
    (problem,) = problems(files, "web:\n  port: 1\n  port: 2\n")
    assert (problem.code, problem.key) == ("config.duplicate_key", "web.port")
    assert "line 2" in problem.text("en")


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("web:\n\tport: 1\n", "tab", 2),
        ("a: 1\nweb: [1, 2\n", "bracket", 2),
        ("persona:\n  name: 'Ana\n", "quote", 2),
        ("persona:\n  name: a: b\n", "colon", 2),
        ("web: *nothing\n", "alias", 1),
        ("a: 1\n---\nb: 2\n", "documents", 2),
        ('log:\n  file: "C:\\q"\n', "escape", 2),
        ("web: @x\n", "start", 1),
        ("web: {}\n- a\n", "indentation", 2),
        ("web: {}\nname: \x07\n", "character", 2),
    ],
)
def test_a_fault_of_form_is_explained_where_it_is(
    files: Files, text: str, code: str, line: int
) -> None:
    (problem,) = problems(files, text)
    assert problem.code == f"config.syntax.{code}"
    assert problem.place is not None
    assert problem.place.line == line


def test_a_list_or_bare_text_is_no_configuration(files: Files) -> None:
    assert one(files, "- a\n- b\n")[0] == "config.not_mapping"
    assert one(files, "hello\n")[0] == "config.not_mapping"


def test_text_that_is_not_utf8_is_found_at_its_byte(files: Files) -> None:
    text = b"log: {}\npersona: {name: Mar" + b"\xeda}\n"
    assert one(files, text) == ("config.encoding", "", 2, 20)
    assert one(files, "web: {}".encode("utf-16"))[0] == "config.encoding"


def test_a_huge_file_is_refused_unread(files: Files) -> None:
    assert one(files, b"# \n" * 400_000)[0] == "config.too_big"


def test_aliases_that_stand_for_billions_of_values_are_refused(files: Files) -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    for new, old in zip("bcdefghij", "abcdefghi", strict=True):
        lines.append(f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]")
    assert one(files, "\n".join(lines))[0] == "config.too_complex"


def test_deep_nesting_and_an_alias_to_itself_are_refused(files: Files) -> None:
    assert one(files, "a: " + "[" * 5000 + "]" * 5000)[0] == "config.too_complex"
    assert one(files, "a: &a [*a]\n")[0] == "config.too_complex"


def test_no_tag_builds_an_object(files: Files) -> None:
    assert one(files, "web: !!python/object/apply:os.system [ls]\n")[0] == "config.tag"


@pytest.mark.parametrize("number", [".nan", ".inf", "!!int x", "9" * 5000])
def test_what_is_no_usable_number_is_refused(files: Files, number: str) -> None:
    assert one(files, f"web: {{port: {number}}}\n")[0] == "config.bad_number"


def test_a_folder_in_the_place_of_the_file_is_refused(files: Files) -> None:
    files.path.mkdir()
    with pytest.raises(ConfigError, match=r"config\.yaml"):
        load(files.path, env={}, schema=files.schema)


def test_a_secret_is_never_repeated_in_an_error(files: Files) -> None:
    text = "models: {llm: {lmstudio: {api_key: [hunter2]}, openai: hunter2}}\nweb: {token: 2222}\n"
    with pytest.raises(ConfigError) as caught:
        files.load(text)
    for language in ("es", "en"):
        assert "hunter2" not in caught.value.text(language)
        assert "2222" not in caught.value.text(language)


def test_every_text_of_the_configuration_is_there_in_both_languages() -> None:
    source = Path(__file__).parents[2] / "src" / "mia" / "config"
    text = "".join(path.read_text("utf-8") for path in source.glob("*.py"))
    codes = set(re.findall(r'"(config\.[a-z_.]+[a-z])"', text))
    codes -= {"config.yaml"}
    assert codes
    for language in ("es", "en"):
        known = catalogue(language)
        for code in codes:
            assert f"error.{code}" in known or f"notice.{code}" in known, code
