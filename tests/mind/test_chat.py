from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mia.conversation.ports import Message, Prompt
from mia.mind.chat import NO_WORDS, chat_messages

messages = st.lists(
    st.builds(
        Message, st.sampled_from(["system", "user", "assistant"]), st.text("ab \n", max_size=4)
    ),
    max_size=9,
).map(tuple)


def told(*pairs: tuple[str, str]) -> list[tuple[str, str]]:
    prompt = Prompt(tuple(Message(role, text) for role, text in pairs), "es")  # type: ignore[arg-type]
    return [(message["role"], message["content"]) for message in chat_messages(prompt)]


def test_an_ordinary_prompt_stays_as_it_is() -> None:
    pairs = [("system", "s"), ("user", "a"), ("assistant", "b"), ("user", "c")]
    assert told(*pairs) == pairs


def test_a_late_note_stands_before_the_users_words() -> None:
    assert told(("system", "s"), ("user", "a"), ("assistant", "b"), ("system", "n"), ("user", "c"))[
        -1
    ] == ("user", "n\n\nc")


def test_two_messages_of_one_role_become_one() -> None:
    assert told(("system", "s"), ("system", "t"), ("user", "a"), ("user", "b")) == [
        ("system", "s\n\nt"),
        ("user", "a\n\nb"),
    ]


def test_a_conversation_mia_opened_begins_with_a_silent_user() -> None:
    assert told(("assistant", "Hola"), ("user", "a"))[0] == ("user", NO_WORDS)


@given(messages)
def test_every_prompt_takes_the_strict_form(prompt: tuple[Message, ...]) -> None:
    roles = [message["role"] for message in chat_messages(Prompt(prompt, "es"))]
    talk = roles[1:] if roles[0] == "system" else roles
    assert talk
    assert all(role == ("user", "assistant")[index % 2] for index, role in enumerate(talk))


@given(messages)
def test_no_word_is_lost(prompt: tuple[Message, ...]) -> None:
    text = "".join(message["content"] for message in chat_messages(Prompt(prompt, "es")))
    assert sum(map(text.count, "ab")) == sum(m.content.count(c) for m in prompt for c in "ab")
