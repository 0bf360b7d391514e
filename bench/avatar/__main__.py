"""`python -m bench.avatar [--file] [--broken]`: the face against what is asked of it.

Mouth, lips, drift, barge-in, looks and blinks are measured on a virtual clock with the sound of
real voices; what it costs, and the outputs, on this machine. `--broken`: the same checks on faces
that were broken on purpose, to see them fail.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import sys
from collections.abc import Iterable

from bench.avatar import checks
from bench.avatar.broken import FAULTS
from bench.avatar.checks import SYNC_HEAD, Check, Sync, synced
from bench.avatar.room import take
from bench.avatar.voices import Reading, readings
from bench.machine import file
from mia.avatar.lipsync import LipSync

COMMAND = "python -m bench.avatar --file"


def table(found: Iterable[Check]) -> str:
    rows = ["| | found | target | |", "|---|---|---|---|"]
    rows += [
        f"| {c.what} | {c.found} | {c.target} | {'✓' if c.kept else '**no**'} |" for c in found
    ]
    return "\n".join(rows)


def syncs(read: list[Reading]) -> tuple[list[Sync], list[Sync]]:
    """Every voice by what it tells; and, to compare, told less, and the original's way."""
    told, less = [], []
    for one in read:
        name, said = f"{one.voice} {one.language}", one.replies["plain"]
        phonemes = any(s.phonemes for sounds in one.spoken.values() for s in sounds)
        told.append(synced(f"{name}, {'phonemes' if phonemes else 'words'}", take(one, said)))
        if phonemes:
            less.append(synced(f"{name}, words only", take(one.without("phonemes"), said)))
        less.append(synced(f"{name}, nothing", take(one.without("phonemes", "words"), said)))
        rms = take(one, said, lipsync=LipSync("rms"))
        less.append(synced(f"{name}, `lipsync.mode: rms`", rms))
    return told, less


def all_checks(read: list[Reading], told: list[Sync]) -> list[Check]:
    phonemes = [one for one in read if one.voice in ("Kokoro", "Piper")]
    return [
        *checks.mouth(told),
        *checks.lips([take(one, one.replies["lips"]) for one in phonemes]),
        *checks.drift(read[0]),
        *checks.barge_in(read[0]),
        *checks.cues(read[0]),
        *checks.blinks(),
    ]


def broken(read: list[Reading]) -> str:
    """Each fault, and the checks that fail with it: at least the one that is to."""
    rows = ["| what is broken | fails |", "|---|---|"]
    for fault in FAULTS:
        with fault.made():
            failed = [check for check in fault.checked(read) if not check.kept]
        shown = "; ".join(f"{check.what}: {check.found}" for check in failed)
        rows.append(f"| {fault.what} | {shown or '**nothing**'} |")
    return "\n".join(rows)


async def outputs() -> str:
    """Rate and cost of the outputs, where their own benchmark is there."""
    if importlib.util.find_spec("bench.avatar.outputs") is None:
        return ""
    found: str = await importlib.import_module("bench.avatar.outputs").measure()
    return found


def main() -> None:
    read = asyncio.run(readings())
    if "--broken" in sys.argv:
        file("avatar-broken", "The face, broken on purpose", f"{COMMAND} --broken", broken(read))
        return
    told, less = syncs(read)
    body = [table(all_checks(read, told)), "## The mouth, voice by voice", SYNC_HEAD]
    body[-1] += "\n" + "\n".join(one.row() for one in told)
    body += ["Told less than they could tell, and the original's way:", SYNC_HEAD]
    body[-1] += "\n" + "\n".join(one.row() for one in less)
    body.append(NOTES)
    if found := asyncio.run(outputs()):
        body += ["## Outputs", found]
    file("avatar", "The face", COMMAND, "\n\n".join(body))


NOTES = """\
The sound is what the loudspeaker played, sample by sample on the loop's clock; the mouth is what
an output gets at 60 Hz. Their offset is where mouth and loudness (RMS, smoothed alike both ways,
σ 30 ms) correlate best; negative is a mouth that leads. Correlation is at no shift, and of
everyday replies: lips that close on p, b and m while those are loud lower it, so on the sentences
full of p, b and m, where closing is counted, it is lower (0.72 to 0.85).
Everything but CPU is on a virtual clock and comes out the same in every run, with the same sound:
Piper's is another one each time it is read. That the checks can fail is in `avatar-broken.md`."""


if __name__ == "__main__":
    main()
