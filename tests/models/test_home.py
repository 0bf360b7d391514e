"""MIA_HOME moves everything, and asking for a folder creates none."""

from pathlib import Path

from mia.home import Home, made


def folders(home: Home) -> list[Path]:
    return [home.models, home.data, home.config, home.cache, home.logs]


def test_mia_home_moves_everything(tmp_path: Path) -> None:
    home = Home.find(environ={"MIA_HOME": str(tmp_path / "x")})
    assert all(path.parent == tmp_path / "x" for path in folders(home))
    assert len(set(folders(home))) == 5
    assert not (tmp_path / "x").exists()


def test_a_folder_named_outright_beats_the_variable(tmp_path: Path) -> None:
    assert Home.find(tmp_path, {"MIA_HOME": "/elsewhere"}).models == tmp_path / "models"


def test_without_a_name_the_systems_own_folders_are_used() -> None:
    home = Home.find(environ={"MIA_HOME": "  "})
    assert home.root is None
    assert all(path.is_absolute() for path in folders(home))


def test_a_relative_home_does_not_move_with_the_working_folder(tmp_path: Path) -> None:
    assert Home.find(environ={"MIA_HOME": "here"}).models.is_absolute()


def test_made_creates_parents(tmp_path: Path) -> None:
    assert made(tmp_path / "a" / "b").is_dir()
    assert made(tmp_path / "a" / "b").is_dir()
