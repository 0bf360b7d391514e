"""The turn engine: it conducts hearing, mind and voice, and knows none of them but their ports.

`turns` holds the rules (pure), `conversation` carries them out, `reply` is one answer from the
first token to the last sample, `playback` knows what was heard. Every number is in `tuning`.
"""

from mia.conversation.conversation import Conversation
from mia.conversation.history import Item
from mia.conversation.parts import Parts
from mia.conversation.reply import Mouth

__all__ = ["Conversation", "Item", "Mouth", "Parts"]
