"""Smart Turn v3.2 (BSD-2): has the speaker finished? Judged from the voice, not from the words.

The model reads Whisper's log-mel features of the last 8 s, padded with silence at the front. One
thread is faster than two (47 against 85 ms, `docs/decisions/0006-the-turn-engine.md`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mia.backends import Context
from mia.blocking import IMPORTING, Worker, run_apart
from mia.conversation.ports import HEARING_RATE, Samples

WINDOW_SECONDS = 8
WINDOW = WINDOW_SECONDS * HEARING_RATE
FRAMES = WINDOW_SECONDS * 100

MODEL = "smart-turn-v3.2"


class SmartTurn:
    """Implements `TurnDetector`."""

    def __init__(self, path: Path) -> None:
        with IMPORTING:
            import onnxruntime
            from faster_whisper.feature_extractor import FeatureExtractor

        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = 1
        settings.inter_op_num_threads = 1
        self._session: Any = onnxruntime.InferenceSession(
            str(path), settings, providers=["CPUExecutionProvider"]
        )
        self._features: Any = FeatureExtractor(chunk_length=WINDOW_SECONDS)
        self._worker = Worker("turn-detector")

    async def completeness(self, samples: Samples) -> float:
        return await self._worker.run(self._judge, samples)

    def _judge(self, samples: Samples) -> float:
        heard = samples[-WINDOW:]
        padded = np.pad(heard, (WINDOW - len(heard), 0))
        # The model was trained on sound of zero mean and unit variance, padding included.
        normal = (padded - padded.mean()) / np.sqrt(padded.var() + 1e-7)
        mel = self._features(normal.astype(np.float32), padding=0)[None, :, :FRAMES]
        (score,) = self._session.run(None, {"input_features": mel.astype(np.float32)})
        return float(score[0, 0])

    async def aclose(self) -> None:
        self._worker.close()


async def load(context: Context) -> SmartTurn:
    """Raises ModelUnavailable where the model is not installed."""
    path = context.models.path(MODEL) / "smart-turn-v3.2-cpu.onnx"
    return await run_apart("turn-detector-load", SmartTurn, path)
