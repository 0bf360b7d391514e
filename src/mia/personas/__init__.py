"""Characters as folders that can be copied, and the character cards they come from and become.

A persona is a folder beside `config.yaml` with prompt files (`*.md`), a `persona.yaml` (name,
language, voice, face), perhaps a model of her own (`model.vrm`) and the card it was made from.
`cards` reads and writes character cards (versions 1 to 3, as JSON or within a PNG), `folder` keeps
the folders, `face` is what she is shown as.
"""

from mia.personas.cards import Card, read_card, to_json
from mia.personas.face import PersonaFace, Worn
from mia.personas.folder import Persona, Personas

__all__ = ["Card", "Persona", "PersonaFace", "Personas", "Worn", "read_card", "to_json"]
