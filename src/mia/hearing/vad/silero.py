"""Silero VAD (MIT), the ONNX file run on ONNX Runtime: 0.1 ms for each frame of 32 ms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mia.backends import Backend, Context, Options
from mia.blocking import run_blocking
from mia.conversation.ports import HEARING_RATE, Samples

FRAME = 512
#: The model looks at the last 64 samples of the frame before as well (Silero v5 and later).
CONTEXT = 64

MODEL = "silero-vad"


class SileroOptions(Options):
    """Silero has nothing to choose: its probability is judged by the turn engine."""


class SileroModel:
    """The weights, shared by every stream; each stream has a `SileroVad` of its own."""

    def __init__(self, path: Path) -> None:
        import onnxruntime

        settings = onnxruntime.SessionOptions()
        # One frame is far too little work to share between threads.
        settings.intra_op_num_threads = 1
        settings.inter_op_num_threads = 1
        self.session: Any = onnxruntime.InferenceSession(
            str(path), settings, providers=["CPUExecutionProvider"]
        )

    def detector(self) -> SileroVad:
        return SileroVad(self.session)


class SileroVad:
    """One stream's voice detector. Implements `VoiceDetector`."""

    frame_samples = FRAME

    def __init__(self, session: Any) -> None:
        self._session = session
        self._rate = np.array(HEARING_RATE, np.int64)
        self.reset()

    def reset(self) -> None:
        self._state = np.zeros((2, 1, 128), np.float32)
        self._input = np.zeros((1, CONTEXT + FRAME), np.float32)

    def probability(self, frame: Samples) -> float:
        """How likely speech is in the next 512 samples at 16 kHz."""
        self._input[0, :CONTEXT] = self._input[0, -CONTEXT:]
        self._input[0, CONTEXT:] = frame
        output, self._state = self._session.run(
            None, {"input": self._input, "state": self._state, "sr": self._rate}
        )
        return float(output[0, 0])


async def load(options: SileroOptions, context: Context) -> SileroModel:
    del options
    path = context.models.path(MODEL)
    return await run_blocking(SileroModel, path / "silero_vad.onnx")


BACKEND = Backend(
    port="vad",
    name="silero",
    options=SileroOptions,
    load=load,
    needs=lambda _options, _languages: (MODEL,),
    modules=("onnxruntime",),
    extra="local",
)
