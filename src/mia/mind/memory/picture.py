"""Memories as points on a map: what means something alike lies together. Blocking.

The two directions in which the vectors differ most (principal components), scaled to [-1, 1].
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

import numpy as np

from mia.mind.memory import reading

#: Points drawn: the newest ones. Their components take about 0.1 s.
MOST = 4000


@dataclass(frozen=True, slots=True)
class Point:
    id: int
    x: float
    y: float
    """Both in [-1, 1]."""


def points(connection: sqlite3.Connection, embedder: str, most: int = MOST) -> list[Point]:
    """The newest memories that have a vector, as points; few of them make no map worth looking
    at, but are drawn all the same."""
    newest = connection.execute(
        "SELECT memory FROM vector WHERE embedder = ? ORDER BY memory DESC LIMIT ?",
        (embedder, most),
    ).fetchall()
    ids: list[int] = []
    stacks = []
    for some, vectors in reading.vectors(connection, embedder, [row[0] for row in newest]):
        ids += some
        stacks.append(vectors)
    if len(ids) < 2:
        return [Point(memory, 0.0, 0.0) for memory in ids]
    matrix = np.concatenate(stacks)
    matrix -= matrix.mean(axis=0)
    _, axes = np.linalg.eigh(matrix.T @ matrix)
    # The sign of a component is arbitrary: one that keeps the map the same way round every time.
    plane = axes[:, [-1, -2]]
    plane = plane * np.sign(plane[np.abs(plane).argmax(axis=0), [0, 1]])
    flat = matrix @ plane
    # A few far out must not press the rest into a dot.
    reach = np.maximum(np.percentile(np.abs(flat), 98, axis=0), 1e-9)
    flat = np.clip(flat / reach, -1.0, 1.0)
    return [
        Point(memory, round(float(x), 4), round(float(y), 4))
        for memory, (x, y) in zip(ids, flat, strict=True)
    ]
