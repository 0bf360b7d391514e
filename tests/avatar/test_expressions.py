from __future__ import annotations

import numpy as np
import pytest

from mia.avatar import expressions
from mia.avatar.expressions import DWELL, FALL, LINGER, NAMES, RISE, Expressing
from mia.voice.cues import folded


def test_a_look_comes_at_once_and_is_all_there_soon() -> None:
    showing = Expressing()
    showing.show(10.0, "joy")
    assert showing.weights(10.0) == {}
    assert showing.weights(10.05)["joy"] > 0
    assert showing.weights(10.0 + RISE)["joy"] == pytest.approx(1)


def test_one_look_fades_into_the_next() -> None:
    showing = Expressing()
    showing.show(10.0, "joy")
    showing.show(13.0, "sad")
    both = showing.weights(13.1)
    assert 0 < both["joy"] < 1
    assert 0 < both["sad"] < 1
    assert showing.weights(13.0 + FALL) == {"sad": pytest.approx(1)}


def test_a_look_is_seen_before_the_next_one_takes_over() -> None:
    showing = Expressing()
    showing.show(10.0, "joy")
    showing.show(10.3, "sad")
    assert set(showing.weights(10.0 + DWELL)) == {"joy"}
    assert set(showing.weights(10.0 + DWELL + FALL)) == {"sad"}


def test_of_two_that_come_too_soon_the_newest_is_shown() -> None:
    showing = Expressing()
    showing.show(10.0, "joy")
    showing.show(10.3, "sad")
    showing.show(10.6, "angry")
    assert set(showing.weights(13.0)) == {"angry"}


def test_she_calms_down_after_her_last_word() -> None:
    showing = Expressing()
    showing.show(10.0, "joy")
    showing.calm(12.0)
    assert showing.weights(12.0 + LINGER)["joy"] == pytest.approx(1)
    assert showing.weights(12.0 + LINGER + FALL) == {}


def test_a_new_look_while_calming_down_is_shown() -> None:
    showing = Expressing()
    showing.show(10.0, "joy")
    showing.calm(12.0)
    showing.show(13.0, "sad")
    assert showing.weights(30.0) == {"sad": pytest.approx(1)}


def test_neutral_takes_a_look_away() -> None:
    showing = Expressing()
    showing.show(10.0, "joy")
    showing.show(13.0, "neutral")
    assert showing.weights(14.0) == {}


def test_weights_never_jump() -> None:
    showing = Expressing()
    for at, name in ((1.0, "joy"), (1.2, "sad"), (4.0, "joy"), (4.1, "neutral"), (9.0, "shy")):
        showing.show(at, name)
    moments = np.arange(0, 12, 1 / 60)
    for name in NAMES:
        weights = [showing.weights(at).get(name, 0.0) for at in moments]
        assert np.abs(np.diff(weights)).max() < 0.2


def test_every_tag_means_one_of_her_expressions_in_both_languages() -> None:
    tags = expressions.tags()
    assert set(tags.values()) == set(NAMES)
    for tag, name in (("alegría", "joy"), ("happy", "joy"), ("triste", "sad"), ("angry", "angry"),
                      ("sorpresa", "surprised"), ("pensativa", "thinking"), ("blush", "shy"),
                      ("guiño", "wink")):  # fmt: skip
        assert tags[tag] == name
    plain: dict[str, str] = {}
    for tag, name in tags.items():
        assert plain.setdefault(folded(tag), name) == name, f"{tag} means two things"


def test_the_users_own_tags_go_first_and_may_be_new_expressions() -> None:
    tags = expressions.tags({"joy": ["yupi"], "smug": ["smirk"]})
    assert tags["yupi"] == "joy"
    assert tags["smirk"] == "smug"
    assert tags["smug"] == "smug"
    assert expressions.known({"smug": []}) == (*NAMES, "smug")
