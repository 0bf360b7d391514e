"""What a question needs to know of the rows it may be answered by, read from the journal at once.

Everything that is compared for each row is a number, put together by SQLite: a thousand rows of
texts and names cost as much time in Python as all the rest of a question. Texts are read for the
few rows that need them.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from mia.mind.memory.ports import Question

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(slots=True)
class Candidates:
    """Rows of `memory` in the order of their ids, one place in every array for each.

    talk: the conversation, for each row of none another number below zero. usable: may be told;
    the others are there for their neighbours' sake. own, hers: said by the user, by MIA. named:
    said in the exchange with the person the question names. fact: no line of a conversation.
    foreign: in another language than the question. asks: has a question mark. length: of the text,
    in characters.
    """

    ids: Ints
    talk: Ints
    at: Floats
    usable: Flags
    own: Flags
    hers: Flags
    named: Flags
    fact: Flags
    foreign: Flags
    asks: Flags
    length: Ints

    def places(self, ids: Sequence[int]) -> npt.NDArray[np.intp]:
        """Where these are; those that are not among the rows are left out."""
        wanted = np.asarray(ids, np.int64)
        if not len(self.ids) or not len(wanted):
            return np.empty(0, np.intp)
        at = np.minimum(np.searchsorted(self.ids, wanted), len(self.ids) - 1)
        there: npt.NDArray[np.intp] = at[self.ids[at] == wanted]
        return there

    def joined(self, others: Candidates) -> Candidates:
        """These and those, which are others."""
        order = np.argsort(np.concatenate([self.ids, others.ids]), kind="stable")
        names = [one.name for one in fields(self)]
        both = (np.concatenate([getattr(self, one), getattr(others, one)]) for one in names)
        return Candidates(*(column[order] for column in both))

    def near(self, found: Sequence[int], seeds: Sequence[int]) -> Candidates:
        """Only those that were found, and the two lines of its conversation on each side of a
        seed."""
        keep = np.zeros(len(self.ids), bool)
        keep[self.places(seeds)] = True
        order = np.argsort(self.talk, kind="stable")
        talk, seed = self.talk[order], keep[order]
        around = seed.copy()
        for step in (1, 2):
            same = talk[step:] == talk[:-step]
            around[step:] |= seed[:-step] & same
            around[:-step] |= seed[step:] & same
        keep[order] = around
        keep[self.places(found)] = True
        return Candidates(*(getattr(self, one.name)[keep] for one in fields(self)))

    def spread(self, values: Mapping[int, float], otherwise: float) -> Floats:
        """The value of each row; `otherwise` for rows that have none."""
        out = np.full(len(self.ids), otherwise)
        ids, found = np.fromiter(values, np.int64), np.fromiter(values.values(), np.float64)
        if len(ids) and len(out):
            at = np.minimum(np.searchsorted(self.ids, ids), len(out) - 1)
            there = self.ids[at] == ids
            out[at[there]] = found[there]
        return out


#: Bits of the number SQLite makes of a row.
_USABLE, _OWN, _HERS, _NAMED, _FACT, _FOREIGN, _ASKS = 1, 2, 4, 8, 16, 32, 64


def where(question: Question) -> tuple[str, list[object]]:
    """The question's conditions on the table `memory`, as `m`."""
    parts: list[str] = []
    values: list[object] = []
    for condition, value in (
        ("m.speaker = ?", question.speaker),
        ("m.persona = ?", question.persona),
        ("m.at >= ?", question.since),
        ("m.at < ?", question.until),
    ):
        if value is not None:
            parts.append(condition)
            values.append(value)
    return " AND ".join(parts) or "1", values


def read(
    connection: sqlite3.Connection,
    ids: Ints,
    question: Question,
    *,
    named: str | None,
    language: str,
) -> Candidates:
    """Those of the rows that are there and awake. named: the id of the person the question names;
    language: the question's."""
    condition, values = where(question)
    # One row for all: between two rows Python may give the processor to another thread.
    found = connection.execute(
        "SELECT json_group_array(m.id), json_group_array(coalesce(m.session, -m.id)),"
        " json_group_array(CAST(m.at AS INTEGER)), json_group_array("
        f" (m.until IS NULL AND {condition}) * {_USABLE}"
        f" + (m.role = 'user') * {_OWN} + (m.role = 'assistant') * {_HERS}"
        f" + (m.speaker IS ?) * {_NAMED} + (m.kind != 'turn') * {_FACT}"
        f" + (m.language != ?) * {_FOREIGN} + (instr(m.text, '?') > 0) * {_ASKS}),"
        " json_group_array(length(m.text))"
        " FROM json_each(?) wanted CROSS JOIN memory m ON m.id = wanted.value WHERE m.dormant = 0",
        (*values, named, language, json.dumps(ids.tolist())),
    ).fetchone()
    rows, talk, at, flags, length = (json.loads(one) for one in found)
    order = np.argsort(np.array(rows, np.int64), kind="stable")
    row = np.array(rows, np.int64)[order]
    bits = np.array(flags, np.int64)[order]
    usable = bits & _USABLE > 0
    if question.leave_out:
        usable &= ~np.isin(row, list(question.leave_out))
    return Candidates(
        row,
        np.array(talk, np.int64)[order],
        np.array(at, np.float64)[order],
        usable,
        bits & _OWN > 0,
        bits & _HERS > 0,
        bits & _NAMED > 0,
        bits & _FACT > 0,
        bits & _FOREIGN > 0,
        bits & _ASKS > 0,
        np.array(length, np.int64)[order],
    )


def texts(connection: sqlite3.Connection, ids: Ints) -> dict[int, str]:
    """What these memories say."""
    found = connection.execute(
        "SELECT json_group_array(id), json_group_array(text) FROM memory"
        " WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(ids.tolist()),),
    ).fetchone()
    return dict(zip(json.loads(found[0]), json.loads(found[1]), strict=True))
