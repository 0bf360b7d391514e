"""The model catalogue and the store: what models exist, where their bytes come from, what their
licence allows, and whether they are installed whole.

`ModelStore(Home.find()).path("whisper-base")` is all a backend needs of it; `install` brings a
model, `embedded` names those that need no hub.
"""

from mia.models.catalogue import CATALOGUE, embedded, find
from mia.models.entry import Model
from mia.models.progress import Listener, Progress
from mia.models.store import ModelStore, State

__all__ = ["CATALOGUE", "Listener", "Model", "ModelStore", "Progress", "State", "embedded", "find"]
