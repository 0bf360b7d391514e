"""What a language model is told before the conversation begins.

`system_prompt` is for models that follow instructions: the user's own `prompts/*.md`, or the
packaged ones beside this file. `transcript` is for base models, which only continue a text.
"""

from mia.mind.prompts.persona import system_prompt
from mia.mind.prompts.transcript import MAX_TOKENS, TranscriptPrompt, transcript

__all__ = ["MAX_TOKENS", "TranscriptPrompt", "system_prompt", "transcript"]
