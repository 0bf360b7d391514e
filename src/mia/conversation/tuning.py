"""Every number the turn engine goes by, in one place, with its unit and its reason.

Seconds unless said otherwise. Measurements behind the defaults are in `bench/results/` and
`docs/decisions/0006-the-turn-engine.md`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tuning:
    # ── hearing ──────────────────────────────────────────────────────────────────────────────
    voice_on: float = 0.5
    """Probability from which a frame is voice. Silero's own default."""
    voice_off: float = 0.35
    """Probability below which it no longer is: lower, so that soft syllables do not flicker."""
    onset: float = 0.06
    """Voice this long is somebody speaking: two frames, more than a click. A third would hold up
    every "duck" by its 32 ms, and what is too short for words is sorted out by `least_speech`."""
    stir: float = 0.6
    """Probability from which a single frame may be somebody's first syllable: she is softer from
    there on while she speaks, and loud again a frame later if it was nothing."""
    lull: float = 0.85
    """Probability below which a voice may be about to pause: the words so far are transcribed at
    once. Silero falls below it about 50 ms before it falls below `voice_off`, and in 144 s of
    free talk it was wrong 18 times (`bench/results/pauses.md`)."""
    lull_fall: float = 30.0
    """… or if its level is so many dB below the words', which shows sooner: 28 ms after the end
    instead of 92, for a seventh more looks (decision 10)."""
    lull_after: float = 0.25
    """… but only after this much new voice since they were transcribed last."""
    partial: float = 1.6
    """Voice without any lull for this long is transcribed all the same, for the subtitles and so
    that the mind can read on."""
    gap: float = 0.09
    """Silence this long is a pause (three frames): a reply may be begun, nothing is decided."""
    gap_known: float = 0.03
    """… or one frame of it, where the recogniser has all words already: there is nothing else to
    wait for, and a reply begun too early costs its work alone."""
    late_voice: float = 0.07
    """Voice after the lull at which the words were transcribed that can only be their dying
    sound: two frames. With three a "here" at the end of a sentence was lost."""
    dying: float = 0.36
    """Longest such sound, where it is also softer than the words by …"""
    dying_level: float = 12.0
    """… so many dB. Of 132 recordings 51 had voice after the lull for longer than `late_voice`;
    where it was that soft the words were the same without it, every time
    (`docs/decisions/0010-begin-at-the-lull.md`)."""
    refresh: float = 4.0
    """After this much silence the voice detector starts afresh: Silero's memory drifts in long
    quiet, and then misses a short first word ("Sí, …")."""
    pre_roll: float = 0.35
    """Sound kept from before the onset: the first consonant is softer than the threshold."""
    tail: float = 0.2
    """Silence kept after the last voiced sample for the recogniser."""
    least_speech: float = 0.2
    """Voice shorter than this in all is not worth a recogniser's time."""
    longest_utterance: float = 27.0
    """Whisper sees 30 s; a speech without any gap is cut here."""
    settle_after: float = 12.0
    """Once an utterance is this long its understood part is kept as text, and its sound let go."""

    recognition: float = 30.0
    """A recogniser that has not said what was said by then has failed: the next utterance must not
    wait for it. Several recognisers have a shorter patience of their own with each."""
    judgement: float = 3.0
    """A turn detector that has not judged by then (it takes 0.06 s) is done without."""

    # ── endpointing: how long to wait after the last voiced sample ───────────────────────────
    hold_sure: float = 0.25
    """The voice has finished and the words are a sentence."""
    hold_likely: float = 0.45
    """The voice has probably finished."""
    hold_unlikely: float = 1.1
    """The voice goes on: most pauses inside a thought are shorter than this."""
    hold_open: float = 1.6
    """The words cannot be the end: "y…", "que…", "and…"."""
    commit_by: float = 0.6
    """A hold that is over is waited out until the reply has a sound, but no longer than this:
    nothing could be heard before, and who goes on meanwhile has not been cut short."""
    hold_longest: float = 2.5
    """Whatever else is known, nobody waits longer."""
    sure: float = 0.9
    """Completeness from which the voice is believed outright: Smart Turn is confident on real
    ends, and on many Spanish pauses too, which is why the words have a say."""
    likely: float = 0.5
    pause_memory: float = 0.9
    """Weight of the past in the speaker's learned pause (exponential mean)."""
    pause_margin: float = 1.25
    """A learned pause is waited out with this margin …"""
    pause_most: float = 0.9
    """… but never longer than this."""

    # ── guessing ─────────────────────────────────────────────────────────────────────────────
    first_sound: float = 0.8
    """How long a reply takes to its first sound, until it is known for this machine."""
    head_start_margin: float = 1.25
    """A reply is begun this many times that long before the end of the hold."""
    hits_enough: float = 0.5
    """When fewer guesses than this come true, the head start shrinks in proportion."""
    guess_memory: float = 0.8
    """Weight of the past in both (exponential means): about the last five turns."""

    # ── speaking over MIA ────────────────────────────────────────────────────────────────────
    reopen: float = 0.6
    """Who goes on this soon after MIA began had not finished: the turn is opened again."""
    duck_gain: float = 0.125
    """-18 dB: she is still there, and no longer in the way."""
    duck_ramp: float = 0.01
    pause_after: float = 0.2
    """Voice over MIA this long holds her sound: more than a click, and silence within 300 ms."""
    insist_after: float = 0.9
    """Voice over MIA this long is an interruption, whatever the words are."""
    cough: float = 0.3
    """Voice over MIA shorter than this, without a stop word, was nothing."""
    brief: float = 0.7
    """After voice over MIA shorter than this she goes on as soon as it ends, before it is known
    what it was (a "mm-hm", mostly); if it was words, she stops again."""
    doubt: float = -0.95
    """Brief words over MIA in which the recogniser itself believes less than this (mean
    log-probability) are no reason to stop: what Whisper makes of hums mostly lies between -1.1
    and -2.5, of words above -0.9."""
    verdict: float = 1.2
    """If the recogniser has not said by then what was said over MIA, she goes on."""
    fade: float = 0.01
    """Ramp at the edges of sound that is cut or resumed, against clicks."""

    # ── answering ────────────────────────────────────────────────────────────────────────────
    first_piece: float = 45.0
    """A language model that has not begun by then has failed (a cold large one may take long)."""
    next_piece: float = 20.0
    """… nor one that stalls this long in mid-reply."""
    synthesis: float = 30.0
    """A clause whose sound does not come (or goes on) within this has failed."""
    first_voice: float = 2.0
    """The mind writes no further until the first clause has a sound, but no longer than this:
    two cores give it sooner when nothing else uses them."""
    jobs: int = 2
    """Clauses synthesised at once, at most: two cores."""
    clauses_waiting: int = 64
    """Clauses written but not yet synthesised, at most. More than a long reply has: a mind that
    waits for her voice keeps whoever else talks to her waiting too (with 8, and one mind for two
    conversations, a minute's answer held up the other's for 38 s)."""
    buffered: float = 12.0
    """Seconds of sound ready to be played from which on no further clause is begun."""
    hurry: float = 1.2
    """With less sound than this left a second clause is synthesised beside the first."""
    ahead_of_gate: int = 1
    """Clauses synthesised for a guess before it is committed."""
    filler: float = 1.0
    """If a reply still has no sound this long after the last voiced sample, something short is
    said meanwhile ("a ver…")."""
    fillers_apart: int = 2
    """At most every second turn …"""
    filler_again: int = 5
    """… and the same one not within so many."""
    longest_reply: int = 4000
    """Characters after which a reply is ended: a model that repeats itself for ever."""
    block: float = 0.02
    """Length of the blocks a loudspeaker is given."""


DEFAULT = Tuning()
