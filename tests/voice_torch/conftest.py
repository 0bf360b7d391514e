"""These tests run in `make test-torch`, where PyTorch is, and are not collected elsewhere."""

from __future__ import annotations

import importlib.util

collect_ignore_glob = [] if importlib.util.find_spec("TTS") else ["test_*.py"]
