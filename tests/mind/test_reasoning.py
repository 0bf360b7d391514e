from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mia.mind.reasoning import ReasoningFilter, may_open_unseen


def filtered(*pieces: str, opened: bool = False, cut_off: bool = False) -> str:
    reasoning = ReasoningFilter(opened=opened)
    text = "".join(reasoning.feed(piece) for piece in pieces)
    return text + reasoning.finish(cut_off=cut_off)


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Hola.", "Hola."),
        ("<think>hmm</think>\n\nHola.", "Hola."),
        ("<THINKING>hmm</Thinking>Hola.", "Hola."),
        ("<reasoning>a</reasoning>Uno. <think>b</think>Dos.", "Uno. Dos."),
        ("<think>nunca termina", ""),
        ("<think></think>Hola.", "Hola."),
        ("<think>a <reasoning>b</reasoning> c</think>Hola.", "Hola."),
        ("3 < 4 y 5 > 2", "3 < 4 y 5 > 2"),
        ("<b>no es un pensamiento</b>", "<b>no es un pensamiento</b>"),
        ("Termina en <thi", "Termina en <thi"),
        ("  \n Hola.", "Hola."),
        ("", ""),
    ],
)
def test_thoughts_are_taken_out_and_nothing_else(text: str, spoken: str) -> None:
    assert filtered(text) == spoken


def test_plain_text_is_given_back_at_once() -> None:
    reasoning = ReasoningFilter()
    assert reasoning.feed("Claro, ") == "Claro, "
    assert reasoning.feed("vamos <") == "vamos "
    assert reasoning.feed("3") == "<3"


def test_a_thought_the_prompt_opened_is_taken_out_when_the_model_is_known_for_it() -> None:
    assert filtered("pienso, luego</thi", "nk>\nExisto.", opened=True) == "Existo."


def test_such_a_model_may_also_open_its_thought_itself() -> None:
    assert filtered("\n<think>pienso</think>Existo.", opened=True) == "Existo."


def test_a_reply_without_any_thought_is_not_lost_when_one_was_waited_for() -> None:
    assert filtered("Existo.", opened=True) == "Existo."


def test_an_unfinished_thought_is_not_spoken_when_the_tokens_ran_out() -> None:
    assert filtered("pienso, luego", opened=True, cut_off=True) == ""


def test_waiting_ends_when_the_server_delivers_thoughts_apart() -> None:
    reasoning = ReasoningFilter(opened=True)
    assert reasoning.feed("Ho") == ""
    assert reasoning.separated() == "Ho"
    assert reasoning.feed("la.") == "la."


def test_a_model_gives_itself_away_by_a_closing_tag() -> None:
    reasoning = ReasoningFilter()
    assert reasoning.feed("pienso</think>Existo.") == "piensoExisto."
    assert reasoning.unopened


def test_a_reply_of_thoughts_alone_is_told_from_an_empty_one() -> None:
    thoughtful, silent = ReasoningFilter(), ReasoningFilter()
    assert thoughtful.feed("<think>hmm</think>") + thoughtful.finish() == ""
    assert silent.finish() == ""
    assert (thoughtful.thought, silent.thought) == (True, False)


@pytest.mark.parametrize(
    ("model", "thinks"),
    [
        ("deepseek/deepseek-r1", True),
        ("qwq-32b", True),
        ("qwen3-4b-thinking-2507", True),
        ("phi-4-reasoning-plus", True),
        ("llama-3.1-8b-instruct", False),
        ("mistral-small-r10", False),
        ("", False),
    ],
)
def test_reasoning_models_are_known_by_their_names(model: str, thinks: bool) -> None:
    assert may_open_unseen(model) is thinks


fragments = st.lists(
    st.sampled_from(
        ["<think>", "</think>", "<thinking>", "</reasoning>", "<", "</", "<thi", "hola", " ", "ñ>"]
    )
    | st.text(max_size=4),
    max_size=12,
).map("".join)


@given(text=fragments, cuts=st.lists(st.integers(0, 80)), opened=st.booleans(), cut=st.booleans())
def test_how_the_text_is_split_makes_no_difference(
    text: str, cuts: list[int], opened: bool, cut: bool
) -> None:
    places = [0, *sorted(min(place, len(text)) for place in cuts), len(text)]
    pieces = [text[a:b] for a, b in itertools.pairwise(places)]
    assert filtered(*pieces, opened=opened, cut_off=cut) == filtered(
        text, opened=opened, cut_off=cut
    )
