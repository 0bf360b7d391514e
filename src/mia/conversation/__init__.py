"""The turn engine: it conducts hearing, mind and voice, and knows none of them but their ports.

`turns` holds the rules (pure), `conversation` carries them out, `reply` is one answer from the
first token to the last sample, `playback` knows what was heard. Every number is in `tuning`.
"""

from mia.conversation.company import Company
from mia.conversation.conversation import Conversation
from mia.conversation.history import Item
from mia.conversation.parts import Parts
from mia.conversation.reply import Mouth
from mia.conversation.speakers import Line, Speaker

__all__ = ["Company", "Conversation", "Item", "Line", "Mouth", "Parts", "Speaker"]
