"""Something said, for the ears' tests."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from mia.audio.recording import read_recording
from mia.hearing.hallucinations import plain
from tests.conftest import Utterance
from tests.hearing.contract import Said


@pytest.fixture(scope="session")
def said(utterances: Sequence[Utterance]) -> Said:
    """A Spanish utterance."""
    first = next(one for one in utterances if one.language == "es")
    return Said(read_recording(first.path), "es", plain(first.transcript).split()[-1])
