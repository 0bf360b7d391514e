"""Every file keeps the rules of this repository, and the checker would notice if not."""

from pathlib import Path

import pytest

from scripts import check_source, check_tree


def messages(text: str, name: str = "src/mia/x.py") -> list[str]:
    return [finding.message for finding in check_tree.text_rules(name, text)]


def source(text: str) -> list[str]:
    return [finding.message for finding in check_source.rules("src/mia/x.py", text)]


def test_every_file_of_the_repository_keeps_the_rules() -> None:
    assert [str(finding) for finding in check_tree.check(check_tree.files())] == []


def test_the_files_of_the_repository_are_found() -> None:
    names = {path.relative_to(check_tree.ROOT).as_posix() for path in check_tree.files()}
    assert {"pyproject.toml", "src/mia/errors.py", "requirements.lock"} <= names
    assert not any(name.startswith((".venv/", ".git/")) for name in names)


def test_a_copy_without_git_is_walked_and_hidden_folders_left_out(tmp_path: Path) -> None:
    for name in ("src/mia/x.py", ".ci/run", ".gitignore", ".venv/x.py", "src/__pycache__/x.pyc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    found = {path.relative_to(tmp_path).as_posix() for path in check_tree.files(tmp_path)}
    assert found == {"src/mia/x.py", ".ci/run", ".gitignore"}


@pytest.mark.parametrize(
    "code",
    [
        "import pickle\npickle.loads(data)",
        "from pickle import loads\nloads(data)",
        "from pickle import Unpickler as U\nU(file)",
        "eval(text)",
        "import yaml\nyaml.load(text)",
        "from ruamel.yaml import YAML\nYAML(typ='unsafe')",
        "import torch\ntorch.load(path)",
        "import numpy as np\nnp.load(path, allow_pickle=True)",
        "import subprocess\nsubprocess.run(text, shell=True)",
        "import os\nos.system(text)",
    ],
)
def test_a_reader_that_runs_what_it_reads_is_found(code: str) -> None:
    assert len(source(code)) == 1


@pytest.mark.parametrize(
    "code",
    ["yaml = YAML(typ='rt')\nyaml.load(text)", "import json\njson.loads(x)", "model.eval()"],
)
def test_a_reader_that_only_reads_is_allowed(code: str) -> None:
    assert source(code) == []


@pytest.mark.parametrize("name", check_tree.REGISTRIES)
def test_a_registry_host_is_found(name: str) -> None:
    host = name.replace(" ", ".")
    assert messages(f"see https://{host}/simple") == [f"names a package registry's host ({host})"]


@pytest.mark.parametrize(
    "parts",
    [("", "home", "ana", "x"), ("", "root", "x"), ("", "Users", "ana", "x"), ("", "work", "main")],
)
def test_a_path_of_one_machine_is_found(parts: tuple[str, ...]) -> None:
    assert len(messages("open " + "/".join(parts))) == 1


@pytest.mark.parametrize("path", ["/home/you/mia", "~/mia", "https://x.org/root/y", "/tmp/x.wav"])
def test_an_example_path_is_allowed(path: str) -> None:
    assert messages(f"open {path}") == []


def test_a_long_source_file_is_found_and_a_long_document_is_not() -> None:
    assert messages("x\n" * 421) == ["421 lines; split it (420 at most)"]
    assert messages("x\n" * 421, "docs/x.md") == []


def test_a_big_file_is_found(tmp_path: Path) -> None:
    big = tmp_path / "weights.bin"
    big.write_bytes(b"\0" * (check_tree.LARGEST + 1))
    assert len(check_tree.check([big], tmp_path)) == 1


def test_reading_the_wall_clock_is_found_however_it_is_imported() -> None:
    assert source("import time\ntime.monotonic()") == ["time.monotonic() reads the wall clock"]
    assert source("from time import time as now\nnow()") == ["time.time() reads the wall clock"]


def test_the_loops_clock_is_allowed() -> None:
    assert source("loop.time()") == []


def test_a_date_for_people_is_allowed_where_it_says_so() -> None:
    assert source("datetime.now()  # wall clock: the date in a file's name") == []


def test_a_bare_except_is_found() -> None:
    assert source("try:\n    x()\nexcept:\n    pass") == ["bare except"]


def test_a_broad_except_needs_its_reason() -> None:
    found = source("try:\n    x()\nexcept Exception:\n    pass")
    assert found == ["broad except without a comment that says why"]
    assert source("try:\n    x()\nexcept Exception:  # a stranger's code\n    pass") == []


def test_a_broad_except_that_passes_it_on_needs_none() -> None:
    assert source("try:\n    x()\nexcept BaseException:\n    undo()\n    raise") == []
