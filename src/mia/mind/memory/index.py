"""What an index may do beyond its port (`ports.VectorIndex`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from mia.mind.memory.ports import Vectors


@runtime_checkable
class Compares(Protocol):
    """An index that has its vectors at hand; where one has not, the journal's are read."""

    def likeness(self, vector: npt.NDArray[np.float32], ids: Sequence[int]) -> dict[int, float]:
        """The cosine of each of these memories; those it does not know are left out."""
        ...

    def vectors(self, ids: Sequence[int]) -> Vectors:
        """float32 [n, dimensions] of those of these memories that it knows, in their order."""
        ...
