"""A pytest plugin: on a machine that checks (`CI=true`) nothing is passed over in silence.

A skipped test or module counts as failed there, with the reason for the skip, and so does a run
in which no test was executed. On a developer's machine skips are only listed.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping

import pytest

TRUE = frozenset({"1", "true", "yes"})


def is_strict(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether this run is one where a skip is a failure."""
    return environ.get("CI", "").lower() in TRUE


def _fail(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure that says what was skipped and why."""
    if not is_strict() or report.outcome != "skipped" or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    report.outcome = "failed"
    report.longrepr = f"skipped where skipping is a failure (CI=true): {reason}"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Skips of a test, from a marker, a fixture or its body."""
    report = yield
    _fail(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Skips of a whole module, such as `pytest.importorskip` at its top."""
    report = yield
    _fail(report)
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run without a single test has checked nothing."""
    if is_strict() and session.testscollected == 0 and not session.config.option.collectonly:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
