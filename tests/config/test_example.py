"""The example documents every key, loads as it is, and is up to date."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mia.config import Config, ConfigError, compose, example, installed, keys
from mia.config.composition import discovered
from mia.config.loading import interpret
from mia.strings import catalogue, languages

ROOT = Path(__file__).parents[2]


def own() -> type[Config]:
    """The schema of MIA's own backends: other packages' are not in the file we ship."""
    return compose(
        {
            port: {
                name: backend
                for name, backend in found.items()
                if backend.options.__module__.startswith("mia.")
            }
            for port, found in discovered().items()
        }
    )


def test_the_shipped_example_is_up_to_date() -> None:
    shipped = (ROOT / "config.example.yaml").read_text("utf-8")
    assert shipped == example(own()), "run: mia config example > config.example.yaml"


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_example_loads_and_says_nothing_but_the_defaults(
    schema: type[Config], language: str, tmp_path: Path
) -> None:
    path = tmp_path / "config.yaml"
    loaded = interpret(example(schema, language), path, env={}, schema=schema)
    plain = interpret("", path, env={}, schema=schema)
    assert not loaded.notices
    pairs = [
        (getattr(loaded.config.models, section), getattr(plain.config.models, section))
        for section in ("llm", "stt", "tts")
    ]
    pairs.append((loaded.config.avatar.outputs, plain.config.avatar.outputs))
    pairs.append((loaded.config.memory.embedder, plain.config.memory.embedder))
    for mine, default in pairs:
        for name in set(mine.available) - {"far"}:  # it has an option without default
            assert mine.options(name).model_dump() == default.options(name).model_dump()
    skip: dict[str, bool | set[str]] = {
        "models": True, "vad": True, "avatar": True, "memory": {"embedder"},
    }  # fmt: skip
    assert loaded.config.model_dump(exclude=skip) == plain.config.model_dump(exclude=skip)


def test_the_example_names_every_key(schema: type[Config]) -> None:
    text = example(schema)
    for key in keys(schema).values():
        assert key.hidden or f"{key.path[-1]}:" in text, key.name


def test_a_section_nothing_reads_yet_loads_once_its_comment_marks_are_taken_off(
    schema: type[Config], tmp_path: Path
) -> None:
    lines = example(schema).splitlines()
    start = lines.index("# websocket:")
    end = next((n for n, line in enumerate(lines) if n > start and not line), len(lines))
    text = "\n".join(line.removeprefix("# ") for line in lines[start:end])
    loaded = interpret(text, tmp_path / "config.yaml", env={}, schema=schema)
    assert {notice.code for notice in loaded.notices} == {"config.waiting.websocket"}


def test_every_key_of_mias_own_is_described_in_every_language() -> None:
    for key in keys(compose({})).values():
        assert key.description, key.name
        assert catalogue("en")[f"config.{key.name}"] == key.description
        for language in languages():
            assert key.described(language) != f"config.{key.name}"


def test_every_option_of_the_installed_backends_is_described() -> None:
    undescribed = [
        key.name
        for key in keys(installed()).values()
        if key.backend and not key.section and not key.description
    ]
    assert not undescribed


edits = st.lists(
    st.tuples(
        st.integers(0, 1_000_000),
        st.integers(0, 12),
        st.one_of(
            st.text(max_size=6),
            st.sampled_from(
                [
                    "\t",
                    ":",
                    ": ",
                    "- ",
                    "[",
                    "{",
                    "&a ",
                    "*a",
                    "!!int ",
                    "'",
                    '"',
                    "|",
                    "\n",
                    "  ",
                    "null",
                    "true",
                    "-1",
                    "1e999",
                    "<<: ",
                    "%",
                    "---\n",
                    "? ",
                    "~",
                    "\0",
                    "é",
                ]
            ),
        ),
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(edits)
def test_no_edit_of_the_example_does_more_than_a_config_error(
    schema: type[Config], changes: list[tuple[int, int, str]]
) -> None:
    text = example(schema)
    # Without comments an edit is more likely to hit something that counts.
    text = "\n".join(line for line in text.splitlines() if "#" not in line) + "\n"
    for position, length, new in changes:
        at = position % (len(text) + 1)
        text = text[:at] + new + text[at + length :]
    said = "fine"
    try:
        interpret(text, Path("config.yaml"), env={}, schema=schema)
    except ConfigError as error:
        said = error.text("es") and error.text("en")
    assert said
