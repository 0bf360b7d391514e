"""Tries inputs on a target and counts what came of them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from bench.fuzz.mutation import mutated
from bench.fuzz.targets import Target


@dataclass(slots=True)
class Outcome:
    """tried: inputs. crashes: an input for each kind of exception, by what it said."""

    tried: int = 0
    crashes: dict[str, bytes] = field(default_factory=dict)


def tried(
    target: Target, seed: int, most: int, until: Callable[[], bool] = lambda: False
) -> Outcome:
    """The right inputs, then up to `most` damaged ones; the same seed tries the same."""
    chance = random.Random(f"{target.name} {seed}")
    outcome = Outcome()
    for number in range(most + len(target.seeds)):
        if until():
            break
        right = number < len(target.seeds)
        data = target.seeds[number] if right else mutated(chance, target.seeds)
        outcome.tried += 1
        try:
            target.call(data)
        except Exception as error:  # noqa: BLE001 (whatever it is, it is what we look for)
            where = error.__traceback__
            while where is not None and where.tb_next is not None:
                where = where.tb_next
            place = f"{where.tb_frame.f_code.co_qualname}" if where is not None else "?"
            outcome.crashes.setdefault(f"{type(error).__name__} in {place}: {error}"[:120], data)
    return outcome
