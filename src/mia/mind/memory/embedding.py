"""What the embedders share: vectors of length 1, and a session of ONNX Runtime that leaves the
processor to others while it waits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mia.blocking import IMPORTING
from mia.errors import BackendUnavailable
from mia.mind.memory.ports import Vectors

#: Threads of one embedding. Two cores are what MIA asks for.
THREADS = 2


def normalised(vectors: Any) -> Vectors:
    """float32 [n, d], every row of length 1 (a row of zeros stays one)."""
    floats = np.asarray(vectors, np.float32)
    length = np.linalg.norm(floats, axis=-1, keepdims=True)
    return np.divide(floats, length, out=np.zeros_like(floats), where=length > 0)


def session(source: Path | bytes, *, extensions: bool = False) -> Any:
    """An ONNX Runtime session. extensions: with the operators that tokenise text.

    Raises BackendUnavailable `memory.embedder_damaged`.
    """
    with IMPORTING:
        import onnxruntime

        settings = onnxruntime.SessionOptions()
        if extensions:
            import onnxruntime_extensions

            settings.register_custom_ops_library(onnxruntime_extensions.get_library_path())
    settings.intra_op_num_threads = THREADS
    settings.inter_op_num_threads = 1
    # Spinning threads fight the voice and the mind for the cores: a query beside them took 0.4 to
    # 2 s in an engine that spins, and 17 ms in one that does not.
    settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
    settings.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(
            source if isinstance(source, bytes) else str(source),
            settings,
            providers=["CPUExecutionProvider"],
        )
    except Exception as error:  # the runtime's own exceptions share no public base
        raise BackendUnavailable("memory.embedder_damaged", reason=error) from error
