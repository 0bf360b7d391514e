from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mia.conversation.ports import Message, Prompt
from mia.errors import ConfigError
from mia.mind.chat import chat_messages
from mia.mind.prompts import system_prompt, transcript
from mia.mind.prompts.persona import LARGEST_FILE
from mia.mind.prompts.transcript import HISTORY_CHARACTERS, REMINDED, SAMPLING


def test_the_users_files_are_joined_in_alphabetical_order(tmp_path: Path) -> None:
    (tmp_path / "20-voz.md").write_text("Habla bajito.\n", "utf-8")
    (tmp_path / "10-quien.md").write_text("\ufeffEres Ñusta.\r\n", "utf-8")
    (tmp_path / "30-vacio.md").write_text("\n", "utf-8")
    (tmp_path / "leeme.txt").write_text("no", "utf-8")
    (tmp_path / ".40-oculto.md").write_text("no", "utf-8")
    assert system_prompt(tmp_path, "nada", "es", "MIA") == "Eres Ñusta.\n\nHabla bajito."


@pytest.mark.parametrize("missing", [True, False])
def test_without_files_the_configured_prompt_is_used(tmp_path: Path, missing: bool) -> None:
    folder = tmp_path / "none" if missing else tmp_path
    assert system_prompt(folder, " Eres {persona}. ", "es", "Luna") == "Eres Luna."


@pytest.mark.parametrize("language", ["es", "en"])
def test_without_anything_the_packaged_prompt_of_the_language_is_used(language: str) -> None:
    text = system_prompt(None, "", language, "Luna")
    assert "Luna" in text
    assert "{" not in text
    # about 150 tokens: four characters a token, three and a half in Spanish
    assert len(text) < 560


def test_other_languages_get_the_english_prompt() -> None:
    assert system_prompt(None, "", "fi", "MIA") == system_prompt(None, "", "en", "MIA")


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_model_is_taught_the_expressions_she_has(language: str) -> None:
    text = system_prompt(None, "", language, "MIA", ("joy", "smug"))
    assert "[joy], [smug]" in text
    assert text.startswith(system_prompt(None, "", language, "MIA"))


def test_who_has_a_prompt_about_expressions_is_not_taught_twice(tmp_path: Path) -> None:
    (tmp_path / "10-quien.md").write_text("Eres MIA.", "utf-8")
    assert "[joy]" in system_prompt(tmp_path, "", "es", "MIA", ("joy",))
    (tmp_path / "expressions.md").write_text("Muestra {expressions}.", "utf-8")
    text = system_prompt(tmp_path, "", "es", "MIA", ("joy", "sad"))
    assert text == "Eres MIA.\n\nMuestra [joy], [sad]."


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes("Eres Ñusta".encode("latin-1"))
    with pytest.raises(ConfigError) as caught:
        system_prompt(tmp_path, "", "es", "MIA")
    assert caught.value.code == "prompt.not_utf8"
    assert str(path) in caught.value.text("es")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.mkdir()
    with pytest.raises(ConfigError) as caught:
        system_prompt(tmp_path, "", "es", "MIA")
    assert caught.value.code == "prompt.unreadable"
    assert str(path) in caught.value.text("en")


def test_a_huge_file_is_refused_rather_than_cut(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("x" * (LARGEST_FILE + 1), "utf-8")
    with pytest.raises(ConfigError) as caught:
        system_prompt(tmp_path, "", "es", "MIA")
    assert caught.value.code == "prompt.too_large"


def test_many_files_together_may_be_too_large_as_well(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.md").write_text("x" * LARGEST_FILE, "utf-8")
    with pytest.raises(ConfigError) as caught:
        system_prompt(tmp_path, "", "es", "MIA")
    assert caught.value.code == "prompt.too_large"


# ── transcripts ──────────────────────────────────────────────────────────────────────────────


def of(*talk: str, language: str = "es") -> str:
    """The transcript of a talk that the user began."""
    messages = tuple(
        Message("user" if index % 2 == 0 else "assistant", text) for index, text in enumerate(talk)
    )
    return transcript(Prompt((Message("system", "s"), *messages), language)).text


def test_a_transcript_ends_where_the_personas_words_begin() -> None:
    assert of("Hola", "¡Buenas!", "¿Qué\ntal?").endswith(
        "\nPregunta: Hola\nRespuesta: ¡Buenas!\nPregunta: ¿Qué tal?\nRespuesta:"
    )


@pytest.mark.parametrize(("language", "label"), [("es", "Pregunta:"), ("en", "Question:")])
def test_a_transcript_stops_at_the_end_of_the_line(language: str, label: str) -> None:
    asked = transcript(Prompt((Message("user", "?"),), language))
    assert asked.stop == ("\n", label)
    assert asked.text.count(label) > 6


def test_a_persona_of_another_name_is_introduced_by_it() -> None:
    text = transcript(Prompt((Message("user", "Hola"),), "es"), persona="Luna").text
    assert "Luna" in text
    assert "MIA" not in text


def test_what_came_before_stays_by_the_byte_when_the_talk_goes_on() -> None:
    talk = ["Hola", "Buenas", "¿Qué tal?", "Bien", "Me alegro"]
    for length in (1, 3):
        shorter = of(*talk[:length]).removesuffix("Respuesta:")
        assert of(*talk[: length + 2]).startswith(shorter)


def test_a_late_note_stands_right_before_the_users_words() -> None:
    prompt = Prompt(
        (
            Message("system", "Eres MIA."),
            Message("user", "Hola"),
            Message("assistant", "Hola."),
            Message("system", "Tiene un perro, Toby."),
            Message("user", "¿Y mi perro?"),
        ),
        "es",
    )
    text = transcript(prompt).text
    assert "Eres MIA." not in text
    assert text.endswith("Nota: Tiene un perro, Toby.\nPregunta: ¿Y mi perro?\nRespuesta:")


def test_old_lines_leave_in_blocks_so_that_the_rest_stays_put_for_several_turns() -> None:
    talk = [f"línea {number} " + "x" * 80 for number in range(120)]
    firsts = []
    for length in range(1, len(talk), 2):
        history = of(*talk[:length]).split("pronto.\n")[-1]
        assert len(history) <= HISTORY_CHARACTERS + len("Respuesta:")
        assert history.count("\n") >= min(length, 10)
        firsts.append(history.split("x")[0])
    changes = sum(a != b for a, b in itertools.pairwise(firsts))
    assert 0 < changes <= len(firsts) / 5


@given(st.lists(st.text(max_size=3_000), min_size=1, max_size=12))
def test_no_talk_breaks_the_form_of_a_transcript(talk: list[str]) -> None:
    text = of(*talk)
    history = text[len(of("")) - len("Respuesta:") :]
    assert text.endswith("Respuesta:")
    assert len(history) <= HISTORY_CHARACTERS + len("Respuesta:")
    assert all(line.startswith(("Pregunta: ", "Respuesta:")) for line in history.split("\n"))


def test_what_is_remembered_for_the_first_turn_is_told_too() -> None:
    prompt = Prompt(
        (
            Message("system", "Eres MIA."),
            Message(
                "system", "<recuerdos>…</recuerdos>", ("MIA recuerda que la persona dijo «Luna»",)
            ),
            Message("user", "¿Cómo se llama mi perra?"),
        ),
        "es",
    )
    text = transcript(prompt).text
    assert (
        "Nota: MIA recuerda que la persona dijo «Luna»\nPregunta: ¿Cómo se llama mi perra?" in text
    )
    system, user = chat_messages(prompt)
    assert system["content"] == "Eres MIA."
    assert user["content"].startswith("<recuerdos>")


def test_only_words_that_come_with_a_note_let_the_brain_repeat_what_stands_there() -> None:
    note = Message("system", "<recuerdos>…</recuerdos>", ("MIA recuerda que dijo «Luna»",))
    nothing = Message("system", "<recuerdos>…</recuerdos>", ("",))
    dog, answer = Message("user", "¿Cómo se llama mi perra?"), Message("assistant", "Luna.")
    thanks = Message("user", "Gracias.")
    assert transcript(Prompt((note, dog), "es")).sampling is REMINDED
    for messages in ((dog,), (nothing, dog), (note, dog, answer, thanks)):
        assert transcript(Prompt(messages, "es")).sampling is SAMPLING
