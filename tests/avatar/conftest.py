"""Models of the test's VTube Studio."""

from __future__ import annotations

import pytest

from tests.avatar.vts import Expression, Hotkey, Model


@pytest.fixture
def akari() -> Model:
    """Has a hotkey for a smile and one for an animation, and an expression without a hotkey."""
    return Model(
        "Akari",
        hotkeys=[
            Hotkey("Smile", file="Smile.exp3.json"),
            Hotkey("Wave", kind="TriggerAnimation", file="wave.motion3.json"),
        ],
        expressions=[Expression("Smile"), Expression("Angry")],
    )


@pytest.fixture
def yuki() -> Model:
    return Model("Yuki", expressions=[Expression("Tears")])
