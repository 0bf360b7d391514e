"""Which memories fit what is being said: words and meaning together, and the talk around them.

Two searches give candidates: rare words (`words`, BM25) and nearest vectors (the index). Each
candidate gets a score from both, then the lines around it lend it some of theirs, its
conversation a little, and the person, the time and the asker named in the question theirs; who
tells more goes before who tells less or asks. Last, the best lines are asked for their like
(`retrieval_weights` says how much each counts, and why), and a question for several things is
answered from several talks (`retrieval_several`). The same code answers in a conversation
and in `bench/memory`.

Nothing is kept between two questions: whatever the journal has is found, at once.

Blocking, for one thread at a time; while the question is embedded, words are looked for on another.
How long a question takes stands in `bench/results/memory.md`.
"""

from __future__ import annotations

import json
import logging
import re
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from mia.mind.memory import gate, reading, retrieval_dates, retrieval_rows, words
from mia.mind.memory.embedding import normalised, spread_of
from mia.mind.memory.index import Compares
from mia.mind.memory.ports import Embedder, Found, Question, VectorIndex, Vectors
from mia.mind.memory.retrieval_rows import Candidates, Floats, Ints
from mia.mind.memory.retrieval_several import asks_for_several, from_several_talks
from mia.mind.memory.retrieval_weights import (
    A_LINE,
    ALIKE,
    DISTRUSTED,
    LONG,
    MOST_ROWS,
    MOST_WORDS,
    POOL,
    RARE_ROWS,
    RARE_SHARE,
    REACH,
    SEEDS,
    SESSION_BEST,
    TRUSTED,
    WEIGHTS,
    WIDE_POOL,
    WORDS_LEAST,
    WORDS_ROWS,
    Weights,
)

log = logging.getLogger(__name__)

_SPANISH_SELF = ("mi", "mis", "mí", "mío", "mía", "yo", "me", "conmigo", "tengo", "soy", "estoy")
_ABOUT_ONESELF = frozenset((*_SPANISH_SELF, "i", "my", "mine", "myself", "we", "our"))


class Retriever:
    """Implements `Finds`."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        embedder: Embedder | None = None,
        index: VectorIndex | None = None,
        weights: Weights = WEIGHTS,
        threshold: float | None = None,
    ) -> None:
        """connection: to the journal, for reading. threshold: the cosine from which on meaning
        alone is enough to tell a memory; None: as measured (`gate`)."""
        self._connection = connection
        self.embedder = embedder
        self.index = index
        self.problem: Exception | None = None
        self._weights = weights
        self._threshold = threshold

    def search(self, question: Question) -> list[Found]:
        """The best `limit` memories, best first, fitting or not."""
        return [found for found, _ in self._ranked(question, question.limit)]

    def recall(self, question: Question) -> list[Found]:
        """Only those that are worth telling, none twice in other words; what the user stated
        first."""
        if not gate.worth_asking(question.text):
            return []
        ranked = self._ranked(question, gate.DEEP)
        least = None
        if self._threshold is not None and self.embedder is not None:
            least = self._threshold / spread_of(self.embedder)
        asked = gate.asks(question.text)
        return gate.fitting(ranked, question.limit, asked=asked, least=least)

    # ── one question ─────────────────────────────────────────────────────────────────────────

    def _ranked(self, question: Question, depth: int) -> list[tuple[Found, gate.Signs]]:
        asked = words.tokens(question.text)
        language = words.language_of(asked, question.language)
        named = self._named(asked)
        about = next(iter(named[0])) if len(named[0]) == 1 else None

        def read(ids: Ints) -> Candidates:
            return retrieval_rows.read(
                self._connection, ids, question, named=about, language=language
            )

        def with_words() -> tuple[dict[int, float], float, Candidates]:
            found, most = self._by_words(question, asked, named)
            return found, most, read(_with_neighbours(found))

        # Both take long, and neither needs the other: the one waits for the disk and the journal,
        # the other for a model's weights and the index.
        vector: npt.NDArray[np.float32] | None = None
        nearest: dict[int, float] = {}
        self.problem = None
        if self.embedder is None:
            by_words, most, rows = with_words()
        else:
            with ThreadPoolExecutor(1, "recall-words") as beside:
                words_found = beside.submit(with_words)
                try:
                    vector = self._vector(self.embedder, question, named[1], language)
                except Exception as error:  # noqa: BLE001 - whatever it raises, words are there
                    self.problem = error
                else:
                    nearest = self._nearest(vector, POOL)
                by_words, most, rows = words_found.result()
        by_meaning, rows = self._by_meaning(vector, nearest, rows, read)
        rows = rows.near(list(by_words.keys() | by_meaning.keys()), _seeds(by_words, by_meaning))
        if not len(rows.ids):
            return []
        vectors = self._vectors(rows.ids)
        cosine = np.full(len(rows.ids), np.nan) if vector is None else np.vecdot(vectors, vector)
        bm25 = rows.spread(by_words, 0.0)
        share = bm25 / most
        spread = spread_of(self.embedder) if self.embedder is not None else 1.0
        likeness = np.nan_to_num(cosine) / spread
        own = self._weights.likeness * likeness
        if by_words:
            trust = _trust(rows, by_meaning, float(share.max()))
            own += self._weights.words * trust * bm25 / _usual(list(by_words.values()))
        score = self._with_company(rows, own) + self._signs(question, asked, named, rows)
        score[~rows.usable] = -np.inf
        score += self._weights.alike * _like_the_best(vectors, score) / spread
        texts = self._tell_when(question, rows, score, depth)
        if asks_for_several(question.text):
            order = from_several_talks(score, rows.talk, depth)
        else:
            order = np.argsort(-score, kind="stable")[:depth]
        order = order[rows.usable[order]]
        texts = texts or retrieval_rows.texts(self._connection, rows.ids[order])
        columns = (rows.ids, score.round(4), cosine.round(4), likeness, share, rows.hers)
        return [
            (
                Found(memory, fit, None if near != near else near),  # nan differs from itself
                gate.Signs(above, part, texts[memory], hers),
            )
            for memory, fit, near, above, part, hers in zip(
                *(column[order].tolist() for column in columns), strict=True
            )
            if memory in texts
        ]

    def _named(self, asked: Sequence[str]) -> tuple[set[str], set[str]]:
        """(ids of the people named, the words that name them)."""
        names = self._connection.execute(
            "SELECT s.id, lower(s.name) FROM speaker s WHERE s.name != '' AND"
            " lower(s.name) IN (SELECT value FROM json_each(?))",
            (json.dumps(list(asked)),),
        ).fetchall()
        return {row[0] for row in names}, {row[1] for row in names}

    def _by_words(
        self,
        question: Question,
        asked: Sequence[str],
        named: tuple[set[str], set[str]],
    ) -> tuple[dict[int, float], float]:
        """(BM25 of each row found by rare words, what all the words together would weigh)."""
        about = " ".join(token for token in asked if token not in named[1])
        terms = words.asked(about)
        known = words.frequencies(self._connection, terms)
        rows = max(words.count(self._connection), 1)
        rarest = sorted(known, key=known.__getitem__)
        rare = affordable(
            {
                term: known[term]
                for term in rarest
                if known[term] <= max(RARE_ROWS, RARE_SHARE * rows)
            }
        )
        # A word that was never said weighs as much as the rarest: a question it makes up half of
        # is only half answered by the other half.
        weights = [_rarity(known.get(stems[0], 0) or known.get(stems[-1], 0), rows)
                   for stems in words.pairs(about)]  # fmt: skip
        most = max(sum(weights), 1.0)
        condition, values = retrieval_rows.where(question)
        found = words.search(self._connection, rare, POOL, condition, values)
        return dict(found), most

    def _vector(
        self,
        embedder: Embedder,
        question: Question,
        names: Collection[str],
        language: words.Language,
    ) -> npt.NDArray[np.float32]:
        """Of the question; where it names somebody, between it and the same without the name.

        A name draws an embedder to the lines in which somebody is called by it, which others say.
        """
        texts = [question.text]
        if names:
            texts.append(_without(question.text, names, language))
        vector: npt.NDArray[np.float32] = normalised(embedder.embed(texts, "query").sum(0))
        return vector

    def _nearest(self, vector: npt.NDArray[np.float32], many: int) -> dict[int, float]:
        """The cosine of each of the nearest memories, whoever said them; the nearest first."""
        try:
            return dict(self.index.search(vector, many)) if self.index is not None else {}
        except Exception as error:  # noqa: BLE001 - as above
            self.problem = error
            return {}

    def _by_meaning(
        self,
        vector: npt.NDArray[np.float32] | None,
        nearest: dict[int, float],
        rows: Candidates,
        read: Callable[[Ints], Candidates],
    ) -> tuple[dict[int, float], Candidates]:
        """(the cosine of each of the nearest, the rows with them and the lines around them)."""
        if vector is None or not nearest:
            return nearest, rows
        rows = _with(nearest, rows, read)
        # The index knows nothing of persons and times: where most of what it finds is another's or
        # of another time, more of it is looked at.
        usable = rows.usable[rows.places(list(nearest))].sum()
        if len(nearest) == POOL and usable < POOL / 2:
            nearest = self._nearest(vector, WIDE_POOL) or nearest
            rows = _with(nearest, rows, read)
        return nearest, rows

    def _vectors(self, ids: Ints) -> Vectors:
        """float32 [n, d], a row for each of these memories; NaN where it has no vector yet."""
        if self.embedder is None:
            return np.empty((len(ids), 0), np.float32)
        wanted = ids.tolist()
        if isinstance(self.index, Compares) and self.problem is None:
            parts = [self.index.vectors(wanted)]
        else:
            parts = [*reading.vectors(self._connection, self.embedder.name, wanted)]
        if len(parts) == 1 and len(parts[0][0]) == len(wanted):
            return parts[0][1]
        vectors = np.full((len(wanted), self.embedder.dimensions), np.nan, np.float32)
        for known, found in parts:
            vectors[np.searchsorted(ids, known)] = found
        return vectors

    def _with_company(self, rows: Candidates, own: Floats) -> Floats:
        """Scores with what the lines around and the whole conversation lend."""
        weights = self._weights
        order = np.argsort(rows.talk, kind="stable")
        talk, ids, score = rows.talk[order], rows.ids[order], own[order]
        one = score.copy()
        for step, before, after in (
            (1, weights.before, weights.after),
            (2, weights.before_two, weights.after_two),
        ):
            # Lines that were not found stand between: far ids are no neighbours.
            near = (talk[step:] == talk[:-step]) & (ids[step:] - ids[:-step] <= REACH)
            score[step:] += before * np.where(near, one[:-step], 0)
            score[:-step] += after * np.where(near, one[step:], 0)
        best_first = np.lexsort((-score, talk))
        starts = np.flatnonzero(np.r_[True, talk[1:] != talk[:-1]])
        lines = np.diff(np.r_[starts, len(talk)])
        rank = np.arange(len(talk)) - np.repeat(starts, lines)
        best = np.where(rank < SESSION_BEST, score[best_first], 0)
        mean = np.add.reduceat(best, starts) / np.minimum(lines, SESSION_BEST)
        score += weights.session * np.repeat(mean, lines)
        back = np.empty_like(score)
        back[order] = score
        return back

    def _signs(
        self,
        question: Question,
        asked: Sequence[str],
        named: tuple[set[str], set[str]],
        rows: Candidates,
    ) -> Floats:
        """What person, time and asker add."""
        weights = self._weights
        extra = np.zeros(len(rows.ids))
        if len(named[0]) == 1:
            extra += weights.speaker * rows.named
        elif not named[0] and _ABOUT_ONESELF.intersection(asked):
            extra += weights.own * rows.own
        if (span := retrieval_dates.named(asked, question.now)) is not None:
            extra += weights.dated * ((rows.at >= span[0]) & (rows.at < span[1]))
        elif question.now:
            age = np.maximum(0.0, question.now - rows.at)
            extra += weights.recent * 0.5 ** (age / weights.half_life_s)
        extra += weights.fact * rows.fact - weights.asking * rows.asks
        extra += weights.length * np.log1p(np.minimum(rows.length, LONG) / A_LINE)
        return extra

    def _tell_when(
        self, question: Question, rows: Candidates, score: Floats, depth: int
    ) -> dict[int, str]:
        """Add to the score of lines that tell a time, where one is asked for; the texts looked
        at. A line that lies too far below the others to reach them so is not looked at."""
        if not retrieval_dates.asks_when(question.text):
            return {}
        least = np.partition(score, -depth)[-depth] if len(score) > depth else -np.inf
        near = np.flatnonzero(rows.usable & (score >= least - self._weights.when))
        texts = retrieval_rows.texts(self._connection, rows.ids[near])
        tells = [
            retrieval_dates.tells_time(texts.get(memory, "")) for memory in rows.ids[near].tolist()
        ]
        score[near] += self._weights.when * np.array(tells, bool)
        return texts


#: Who is named, where the name is left out.
_SOMEBODY: Mapping[words.Language, str] = {"es": "mi amigo", "en": "my friend"}


def _without(text: str, names: Collection[str], language: words.Language) -> str:
    """A text in which nobody is called by these names."""
    some = "|".join(re.escape(name) for name in sorted(names))
    return re.sub(rf"\b(?:{some})\b(?:['’]s\b)?", _SOMEBODY[language], text, flags=re.IGNORECASE)


def _seeds(by_words: Mapping[int, float], by_meaning: Mapping[int, float]) -> list[int]:
    """Those whose neighbours are looked at."""
    return [*list(by_words)[:SEEDS], *list(by_meaning)[:SEEDS]]


def _with_neighbours(found: Mapping[int, float]) -> Ints:
    """The ids of what was found, and of the lines around the best of it; in order, each once."""
    ids = np.fromiter(found, np.int64)
    around = (ids[:SEEDS, None] + np.arange(-REACH, REACH + 1)).ravel()
    return np.unique(np.concatenate([ids, around]))


def _with(
    found: Mapping[int, float], rows: Candidates, read: Callable[[Ints], Candidates]
) -> Candidates:
    """The rows, and those of what was found and of the lines around it that are not there yet."""
    return rows.joined(read(np.setdiff1d(_with_neighbours(found), rows.ids)))


def _like_the_best(vectors: Vectors, score: Floats) -> Floats:
    """The cosine of the better rows to the mean of the `ALIKE` best; 0 for all others."""
    alike = np.zeros(len(score))
    order = np.argsort(-score, kind="stable")[:POOL]
    best = vectors[order[:ALIKE]]
    best = best[~np.isnan(best).any(1)]
    if best.size:
        alike[order] = np.nan_to_num(np.vecdot(vectors[order], best.mean(0)))
    return alike


def _trust(rows: Candidates, by_meaning: Mapping[int, float], best_share: float) -> float:
    """How far words are to be trusted, 0 to 1 (see `retrieval_weights.TRUSTED`)."""
    near = rows.places(list(by_meaning))
    if not len(near):
        return 1.0
    mixed = min(1.0, 2 * float(rows.foreign[near].mean()))
    covered = (best_share - DISTRUSTED) / (TRUSTED - DISTRUSTED)
    return 1.0 - mixed + mixed * min(1.0, max(0.0, covered))


def affordable(rarest: Mapping[str, int]) -> list[str]:
    """The words that are looked for, of words and the rows each is in, the rarest first."""
    rows = np.cumsum(list(rarest.values()))
    many = max(1, int(np.searchsorted(rows, MOST_ROWS, side="right")))
    return list(rarest)[: min(many, MOST_WORDS)]


def _usual(scores: Sequence[float]) -> float:
    """What BM25 is measured against: see `retrieval_weights.WORDS_ROWS`."""
    return max(float(np.sqrt(np.square(scores).sum() / WORDS_ROWS)), WORDS_LEAST)


def _rarity(rows_with: int, rows: int) -> float:
    """BM25's weight of a word (Robertson and Sparck Jones), as SQLite has it."""
    return max(float(np.log((rows - rows_with + 0.5) / (rows_with + 0.5))), 1e-6)
