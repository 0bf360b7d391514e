"""The voice: from the text a mind writes to sound with the times of its words.

- `ClauseCutter` cuts the stream of text, `read_aloud` turns a clause into words for the ear,
  `displayable` into a subtitle, `align_words` lays the times of the one onto the other;
  `VoiceWording` is all of them as the conversation wants them.
- `tts/` holds the voice backends, one a module; `Voices` chooses among them clause by clause.
"""

from mia.voice.align import align_words
from mia.voice.catalogue import VoiceInfo, voices_of
from mia.voice.clauses import ClauseCutter
from mia.voice.markup import displayable
from mia.voice.speakable import Speakable, read_aloud, speakable
from mia.voice.voices import Candidate, Voices
from mia.voice.wording import VoiceWording

__all__ = [
    "Candidate",
    "ClauseCutter",
    "Speakable",
    "VoiceInfo",
    "VoiceWording",
    "Voices",
    "align_words",
    "displayable",
    "read_aloud",
    "speakable",
    "voices_of",
]
