"""The numbers retrieval stands on, each with its reason. Nothing is tuned at run time.

Chosen on two LoCoMo conversations (conv-26 and conv-30) as the rounded middle of the best fifth of
random tries, so that none of them sits on a peak; `python -m bench.memory` reports the others.
With `asking`, `length` and `alike` added, 99 new tries moved none of the others beyond noise.

The unit of a score is the spread of an embedder's cosines between things that have nothing to do
with each other (`embedding.Centred.spread`): 1 is one such spread above the average.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each sign that a memory fits is worth."""

    likeness: float = 0.65
    """Of the meaning. Less than words: names and numbers decide more."""
    words: float = 1.0
    """Of the words (BM25), in the spread of the rows that have any of them."""
    before: float = 0.55
    """Of the line said just before. The highest neighbour, because people answer what they were
    asked: the line with the answer often shares no word with a question, its neighbour does."""
    after: float = 0.35
    """Of the line said just after."""
    before_two: float = 0.15
    after_two: float = 0.15
    """Of the lines beyond: the other half of an exchange."""
    session: float = 0.6
    """Of the mean of the conversation's three best lines: what a talk was about."""
    speaker: float = 1.8
    """For lines of the one person that is named in the question."""
    own: float = 0.5
    """For the asker's own lines where they ask about themselves."""
    when: float = 0.8
    """For lines that tell a time, where a time is asked for."""
    dated: float = 1.5
    """For lines said in the time that is named ("ayer", "in May")."""
    recent: float = 0.1
    """For what was said this moment, halved every `half_life_s`; it settles ties only."""
    fact: float = 0.5
    """For facts: they have no neighbours that speak for them."""
    asking: float = 0.5
    """Taken from lines with a question mark: what is looked for is mostly in the answer."""
    length: float = 0.5
    """For the natural logarithm of a line's length (1 + characters / `A_LINE`): who says more tells
    more, and BM25 and embedders both favour short lines."""
    alike: float = 0.15
    """For likeness to the mean of the `ALIKE` best lines: what was said about the same thing at
    other times, as questions about several things need it (Rocchio's feedback)."""
    half_life_s: float = 30 * 86_400.0


WEIGHTS = Weights()

SESSION_BEST = 3
#: See `Weights.alike`.
ALIKE = 5
#: Characters of a short line, and from where on more of them count no more.
A_LINE, LONG = 20, 300
#: Candidates taken from the vectors and from the words. Beyond 200 LoCoMo's recall does not move.
POOL = 200
#: Candidates taken from the vectors where less than half of those are the asker's, or of the time
#: that is asked about.
WIDE_POOL = 800
#: Candidates whose neighbours are looked at.
SEEDS = 30
#: How far the ids of a conversation's neighbouring lines may lie apart, because other conversations
#: are written down at the same time.
REACH = 4
#: Words of a question that are looked for, rarest first.
MOST_WORDS = 10
#: No more rows than this are weighed for their words: from there on the commoner ones are left out,
#: so that a question costs no more where more is remembered.
MOST_ROWS = 3000
#: A word in more rows than this is common, unless that is less than `RARE_SHARE` of them: beyond
#: it costs more time than it tells (10 ms at 100,000 rows), and it hides what was said in the
#: other language.
RARE_ROWS = 300
RARE_SHARE = 0.01
#: BM25 is measured against the mean square it would have over this many rows, as many as there are
#: in a LoCoMo conversation, so that a score means the same however much is remembered …
WORDS_ROWS = 600
#: … but never against less than this: else one word that is in one row only would outweigh
#: everything.
WORDS_LEAST = 1.5
#: Where memories are in two languages, words speak for those in the question's own, right or wrong.
#: There they count in full from this share of the question's words on, and not at all below the
#: other. (On the Spanish-English set words in full cost 20 points of recall@1.)
TRUSTED, DISTRUSTED = 1.0, 0.5
