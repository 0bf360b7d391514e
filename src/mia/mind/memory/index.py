"""What an index may do beyond its port (`ports.VectorIndex`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from mia.mind.memory.ports import Vectors


@runtime_checkable
class Compares(Protocol):
    """An index that has its vectors at hand; where one has not, the journal's are read."""

    def vectors(self, ids: Sequence[int]) -> tuple[list[int], Vectors]:
        """Those of these memories that it knows, in their order, and float32 [n, dimensions]."""
        ...
