"""These tests run in `make test-torch`, where PyTorch is, and are not collected elsewhere."""

from __future__ import annotations

import importlib.util

found = importlib.util.find_spec("sentence_transformers")
collect_ignore_glob = [] if found else ["test_*.py"]
