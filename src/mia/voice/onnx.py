"""ONNX voices: a session that can really be stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mia.onnx.sessions import open_session
from mia.voice.onnx_file import with_output

Finder = Callable[[bytes], str | None]


class Cancelled(Exception):
    """A run was stopped because nobody wants its result."""


class Job:
    """Everything done for one clause; `cancel` ends it, from whichever thread."""

    def __init__(self) -> None:
        import onnxruntime

        self.options = onnxruntime.RunOptions()
        self.cancelled = False

    def cancel(self) -> None:
        """Stop a run after the operation it is at, and never begin another."""
        self.cancelled = True
        self.options.terminate = True

    def check(self) -> None:
        """Raises Cancelled."""
        if self.cancelled:
            raise Cancelled


class Model:
    """An ONNX session for one clause at a time.

    model: its file, or what stands in one. durations: finds the tensor to hand out as the last
    output, or None to load the model as it is. threads: of the CPU. gives_back: the memory of each
    run, instead of keeping that of the longest so far; for models that make a whole clause at once
    (500 symbols of Kokoro's take 700 MiB), at a twentieth of their time. Raises OSError, ValueError
    or RuntimeError for a damaged model.
    """

    def __init__(
        self,
        model: Path | bytes,
        threads: int,
        durations: Finder | None = None,
        *,
        gives_back: bool = False,
    ) -> None:
        source: Path | bytes = model
        tensor = None
        if durations is not None:
            content = model.read_bytes() if isinstance(model, Path) else model
            if tensor := durations(content):
                source = with_output(content, tensor)
        self.session = open_session(source, threads)
        self._gives_back = gives_back
        self.times = tensor is not None
        """Whether the last output holds durations."""
        self.inputs: Mapping[str, str] = {
            entry.name: entry.type for entry in self.session.get_inputs()
        }
        self.runs = 0
        """How many runs were begun."""

    def run(self, feeds: Mapping[str, Any], job: Job) -> list[Any]:
        """The outputs. Raises Cancelled as soon as the job is, RuntimeError if the model fails."""
        job.check()
        self.runs += 1
        if self._gives_back:
            job.options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        try:
            return list(self.session.run(None, dict(feeds), job.options))
        except Exception as error:  # the runtime's own exceptions share no public base
            job.check()
            raise RuntimeError(str(error)) from error
