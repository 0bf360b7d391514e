"""A VTube Studio for tests: the same messages, rules and errors, without a picture.

After github.com/DenchiSoft/VTubeStudio at aabdc7d. That it is like the real one as far as its
clients can tell is shown by clients that others wrote (`test_other_clients.py`).
"""

from tests.avatar.vts.doors import Door, Served, served
from tests.avatar.vts.model import Expression, Hotkey, Model, Parameter
from tests.avatar.vts.program import VTubeStudio

__all__ = [
    "Door",
    "Expression",
    "Hotkey",
    "Model",
    "Parameter",
    "Served",
    "VTubeStudio",
    "served",
]
