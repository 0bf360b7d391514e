"""On a machine that checks, nothing is passed over in silence."""

import pytest

pytest_plugins = ["pytester"]

SKIPS = {
    "a marker": "@pytest.mark.skip(reason='no browser')\ndef test_x(): pass",
    "its body": "def test_x(): pytest.skip('no browser')",
    "a fixture": "@pytest.fixture\ndef f(): pytest.skip('no browser')\ndef test_x(f): pass",
    "the module": "pytest.importorskip('no_browser')\ndef test_x(): pass",
}


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("CI", "true")
    return pytester


def outcome(pytester: pytest.Pytester, code: str) -> pytest.RunResult:
    pytester.makepyfile("import pytest\n" + code)
    return pytester.runpytest_inprocess("-p", "tests.support.strict")


@pytest.mark.parametrize("kind", SKIPS)
def test_a_skip_is_a_failure_that_gives_its_reason(run: pytest.Pytester, kind: str) -> None:
    result = outcome(run, SKIPS[kind])
    assert result.ret != 0
    result.stdout.re_match_lines([".*skipped where skipping is a failure.*no.browser.*"])


def test_a_skip_on_a_developers_machine_is_a_skip(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    result = outcome(pytester, SKIPS["a marker"])
    assert result.ret == 0
    result.assert_outcomes(skipped=1)


def test_an_expected_failure_stays_one(run: pytest.Pytester) -> None:
    result = outcome(run, "@pytest.mark.xfail\ndef test_x(): assert False")
    assert result.ret == 0
    result.assert_outcomes(xfailed=1)


def test_a_run_without_a_test_is_a_failure(run: pytest.Pytester) -> None:
    assert outcome(run, "").ret == pytest.ExitCode.TESTS_FAILED


def test_a_passing_test_passes(run: pytest.Pytester) -> None:
    assert outcome(run, "def test_x(): pass").ret == 0
