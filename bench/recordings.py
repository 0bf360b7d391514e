"""`python -m bench.recordings FOLDER`: people's recordings from Debian's packages, for
`bench.words --recordings FOLDER`.

Telephone prompts in Spanish and English and a novel read aloud, with the transcripts that lie
beside them. Fetched with `apt-get download`, unpacked with `dpkg`, converted to 16 kHz WAV; nothing
is installed. Which prompts is decided by a rule, not by how well they are understood.
"""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import av
import numpy as np
import soundfile

from mia.audio.tap import write_wav
from mia.conversation.ports import HEARING_RATE, Samples

PROMPTS = {"en": "en_US_f_Allison", "es": "es_MX_f_Allison"}
NOVEL = "pocketsphinx-testdata"
#: Of the prompts with so many words and seconds, evenly spread over the alphabet.
EACH = 60
WORDS = range(4, 31)
SECONDS = (0.8, 14.0)


@dataclass(frozen=True, slots=True)
class Recording:
    file: str
    language: str
    transcript: str
    origin: str
    licence: str


def unpacked(packages: tuple[str, ...], place: Path) -> Path:
    """The files of Debian packages, below `place`."""
    # Run as root, apt would fetch as another user, who may not write here.
    options = ["-q", "-o", "APT::Sandbox::User=root"]
    subprocess.run(["apt-get", *options, "download", *packages], cwd=place, check=True)
    for package in place.glob("*.deb"):
        subprocess.run(["dpkg", "-x", package, place / "files"], check=True)
    return place / "files" / "usr" / "share"


def g722(path: Path) -> Samples:
    """The sound of a headerless G.722 file: 16 kHz mono float32."""
    with av.open(str(path), format="g722") as container:
        frames = [frame.to_ndarray().ravel() for frame in container.decode(audio=0)]
    samples: Samples = np.concatenate(frames).astype(np.float32) / np.float32(32768)
    return samples


def prompts(share: Path, language: str) -> Iterator[tuple[Recording, Samples]]:
    package = f"asterisk-core-sounds-{language}"
    listed = share / "doc" / package / f"core-sounds-{language}.txt.gz"
    sounds = share / "asterisk" / "sounds" / PROMPTS[language]
    found: dict[str, tuple[str, Samples]] = {}
    for line in gzip.decompress(listed.read_bytes()).decode("utf-8").splitlines():
        name, _, text = line.partition(":")
        path, text = sounds / f"{name}.g722", text.strip(" .")
        if text in found or len(text.split()) not in WORDS or re.search(r"[\[(*]", text):
            continue
        if path.is_file():
            samples = g722(path)
            if SECONDS[0] <= len(samples) / HEARING_RATE <= SECONDS[1]:
                found[text] = name, samples
    chosen = np.linspace(0, len(found) - 1, min(EACH, len(found))).round().astype(int)
    texts = list(found)
    for text in (texts[n] for n in chosen):
        name, samples = found[text]
        file = f"{language}-{name.replace('/', '-')}.wav"
        origin = f"Debian {package}-g722, {name} (Allison Smith)"
        yield Recording(file, language, text, origin, "CC-BY-SA-3.0"), samples


def novel(share: Path) -> Iterator[tuple[Recording, Samples]]:
    folder = share / "pocketsphinx" / "test" / "data" / "librivox"
    for line in (folder / "transcription").read_text("utf-8").splitlines():
        match = re.fullmatch(r"<s> (.*) </s> \((.*)\)", line.strip())
        if match:
            samples, rate = soundfile.read(folder / f"{match[2]}.wav", dtype="float32")
            assert rate == HEARING_RATE, match[2]
            origin = f"Debian {NOVEL}, {match[2]} (LibriVox)"
            licence = "public domain, BSD-2 package"
            yield Recording(f"en-{match[2]}.wav", "en", match[1], origin, licence), samples


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    packages = [f"asterisk-core-sounds-{language}" for language in PROMPTS]
    packages += [f"{package}-g722" for package in packages]
    kept = []
    with tempfile.TemporaryDirectory() as place:
        share = unpacked((*packages, NOVEL), Path(place))
        for recording, samples in (
            *prompts(share, "en"),
            *prompts(share, "es"),
            *novel(share),
        ):
            write_wav(folder / recording.file, samples, HEARING_RATE)
            kept.append(asdict(recording))
    (folder / "truth.json").write_text(json.dumps(kept, ensure_ascii=False, indent=1), "utf-8")
    print(f"{len(kept)} recordings in {folder}")


if __name__ == "__main__":
    main()
