"""A short, seeded share of `bench.fuzz`, and every crash it ever found."""

from __future__ import annotations

import logging
import random
import warnings
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from bench.fuzz.mutation import mutated
from bench.fuzz.protocol import Protocol
from bench.fuzz.running import tried
from bench.fuzz.targets import TARGETS, Target
from mia.avatar.outputs.vts.protocol import parsed
from mia.channels.realtime import requests
from mia.mind.safety.folding import tokens
from mia.web.access import Access

SHARE = settings(
    max_examples=6,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Libraries have a word to say about every broken packet."""
    logging.disable(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_what_strangers_send_is_read_or_refused_and_never_breaks_anything(target: Target) -> None:
    outcome = tried(target, seed=1, most=150)
    assert outcome.tried >= 150
    assert not outcome.crashes


def test_whatever_a_client_sends_the_session_lives_on_and_can_be_talked_to() -> None:
    run_state_machine_as_test(Protocol, settings=SHARE)


# ── would it notice? ─────────────────────────────────────────────────────────────────────────


def test_a_parser_that_breaks_is_found_out() -> None:
    def breaks(data: bytes) -> None:
        data.decode("utf-8")

    outcome = tried(Target("broken", (b"right",), breaks), seed=1, most=200)
    assert [what.split()[0] for what in outcome.crashes][:1] == ["UnicodeDecodeError"]


def test_a_session_that_breaks_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    async def breaks(self: object, event: object) -> None:
        raise KeyError("broken on purpose")

    monkeypatch.setattr(requests.Requests, "_append", breaks)
    with pytest.raises(Exception, match="broke something inside"):
        run_state_machine_as_test(Protocol, settings=settings(SHARE, max_examples=10))


def test_the_same_seed_tries_the_same() -> None:
    first, second = random.Random(7), random.Random(7)
    for _ in range(50):
        assert mutated(first, (b"seed", b"other")) == mutated(second, (b"seed", b"other"))


# ── what it found ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("origin", ["http://[::!]:80", "http://[x", "http://[\x00::1]:80", "//["])
def test_an_origin_that_is_no_address_is_refused(origin: str) -> None:
    """It was answered with 500: urlsplit raises for what is no IPv6 address."""
    assert not Access().origin_allowed(origin, "localhost:8080", None)


def test_a_reply_of_vtube_studios_that_is_nested_for_ever_is_none() -> None:
    """The connection's task ended with RecursionError."""
    assert parsed("[" * 200_000) == {}
    assert parsed('{"a":' * 200_000) == {}


def test_letters_without_end_are_no_word() -> None:
    """The filter took six seconds for 16 KB of single letters: their number squared."""
    assert len(tokens("a " * 3_000)) < 10_000


@pytest.mark.parametrize("deaf", [False, True])
def test_an_answer_is_owed_though_the_voice_went_on_after_the_commit(deaf: bool) -> None:
    """`response.create` waited for ever for the committed turn, which was no longer one."""
    client = Protocol()
    client.begin(on_stage=False, beta=False, fails=None, deaf=deaf)
    client.spoken_message(seconds=1.0)
    client.sound(loud=False, seconds=1.0)
    client.sound(loud=True, seconds=1.0)
    client.teardown()  # asks for an answer, and wants it
