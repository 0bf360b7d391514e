"""The lock files hold exactly what pyproject.toml asks for, for every system."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts import check_lock
from scripts.check_lock import Pin, Target

ROOT = Path(__file__).resolve().parents[2]
RUNTIME, DEV = check_lock.LOCKS


def pins(lock: Path) -> list[Pin]:
    return list(check_lock.read_pins(lock.read_text("utf-8")))


def wanted(*extras: str) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = list(project["dependencies"])
    for extra in extras:
        lines += project["optional-dependencies"][extra]
    requirements = [Requirement(line) for line in lines]
    return [one for one in requirements if one.name != project["name"]]


@pytest.mark.parametrize(
    ("lock", "extras"), [(RUNTIME, ("local", "edge")), (DEV, ("local", "edge", "dev"))]
)
def test_every_dependency_is_pinned_to_a_version_it_allows(
    lock: Path, extras: tuple[str, ...]
) -> None:
    locked = pins(lock)
    for requirement in wanted(*extras):
        found = [pin for pin in locked if pin.name == canonicalize_name(requirement.name)]
        assert found, f"{requirement} is not in {lock.name}; run make lock"
        assert all(requirement.specifier.contains(pin.version) for pin in found), requirement


def test_tests_run_on_the_very_versions_that_users_get() -> None:
    developed = {(pin.name, pin.version) for pin in pins(DEV)}
    assert {(pin.name, pin.version) for pin in pins(RUNTIME)} <= developed


@pytest.mark.parametrize("lock", check_lock.LOCKS)
def test_every_pin_has_its_digests_and_no_index_is_named(lock: Path) -> None:
    assert all(pin.hashes for pin in pins(lock))
    lines = lock.read_text("utf-8").splitlines()
    assert not [line for line in lines if "://" in line or line.startswith("-")]


@pytest.mark.parametrize("lock", check_lock.LOCKS)
def test_nobody_has_to_download_torch(lock: Path) -> None:
    names = {pin.name for pin in pins(lock)}
    assert not {name for name in names if name == "torch" or name.startswith("nvidia-")}


def test_a_release_with_wheels_for_one_system_only_is_found() -> None:
    pin = Pin("x", "1", None, frozenset({"aa"}))
    files = {"aa": "x-1-cp311-cp311-manylinux_2_28_x86_64.whl"}
    assert not check_lock.lacks_wheel(pin, files, Target("linux", (3, 11)))
    assert check_lock.lacks_wheel(pin, files, Target("linux", (3, 12)))
    assert check_lock.lacks_wheel(pin, files, Target("windows", (3, 11)))


def test_a_wheel_whose_digest_is_not_locked_does_not_count() -> None:
    pin = Pin("x", "1", None, frozenset({"aa"}))
    assert check_lock.lacks_wheel(pin, {"bb": "x-1-py3-none-any.whl"}, Target("linux", (3, 11)))


@pytest.mark.network
@pytest.mark.parametrize("lock", check_lock.LOCKS)
def test_every_pin_has_a_wheel_on_linux_macos_and_windows(lock: Path) -> None:
    missing = check_lock.check(lock)
    assert {target.name: without for target, without in missing.items() if without} == {}
