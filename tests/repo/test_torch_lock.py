"""The PyTorch tier is pinned as well, and brings nothing of its own that MIA's locks have."""

import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts import check_lock
from scripts.without import without
from tests.repo.test_lock import DEV, ROOT, pins

TORCH = ROOT / "requirements-torch.lock"


@pytest.mark.parametrize("extra", ["xtts", "sentence-transformers"])
def test_everything_the_tier_wants_is_pinned_here_or_in_the_lock_for_tests(extra: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    found = {pin.name: pin for pin in [*pins(DEV), *pins(TORCH)]}
    for line in project["optional-dependencies"][extra]:
        wanted = Requirement(line)
        version = found[canonicalize_name(wanted.name)].version.partition("+")[0]
        assert wanted.specifier.contains(version), line


def test_no_package_is_pinned_twice_and_none_belongs_to_cuda() -> None:
    own = {pin.name for pin in pins(TORCH)}
    assert own.isdisjoint(pin.name for pin in pins(DEV))
    assert not {name for name in own if name.startswith("nvidia-")}
    assert all(pin.hashes for pin in pins(TORCH))


def test_what_another_lock_has_is_taken_out() -> None:
    lock = "# a\na==1 \\\n    --hash=sha256:00\nb==2 \\\n    --hash=sha256:11\nnvidia-x==3\n"
    kept = list(check_lock.read_pins(without(lock, "a==1\n")))
    assert [(pin.name, pin.version) for pin in kept] == [("b", "2")]
