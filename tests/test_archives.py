"""Archives that were handed in: what is taken from them, and what makes them unusable."""

from __future__ import annotations

import gzip
import io
import random
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.catalog import Catalog, archives, find_submission, was_handed_in
from grader.model import Exercise, Submission

SOURCE = b"x = 1\n"

Pack = Callable[[Path, dict[str, bytes]], Path]
Find = Callable[[Path], Submission]


@pytest.fixture
def exercise(small_catalog: Catalog) -> Exercise:
    """week1/first of the small kit."""
    return small_catalog.get("week1/first")


@pytest.fixture
def find(exercise: Exercise) -> Find:
    """What is found for it in an archive."""
    return lambda path: find_submission(exercise, path)


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    """A .zip of these members."""
    path = path.with_name("work.zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def tarred(path: Path, members: dict[str, bytes]) -> Path:
    """A .tar.gz of these members."""
    return tar(path, *((tarfile.TarInfo(name), content) for name, content in members.items()))


def tar(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    path = path.with_name("work.tar.gz")
    with tarfile.open(path, "w:gz") as archive:
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def special(name: str, kind: bytes, target: str = "") -> tuple[tarfile.TarInfo, bytes]:
    """A member that is no ordinary file."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, b""


both = pytest.mark.parametrize("pack", [zipped, tarred])


@both
@pytest.mark.parametrize("place", ["", "week1/first/", "exercises/week1/first/", "first-main/exercises/week1/first/"])
def test_places(pack: Pack, place: str, tmp_path: Path, exercise: Exercise) -> None:
    """An archive holds what a folder would, perhaps below one folder around everything."""
    path = pack(tmp_path / "x", {f"{place}first.py": SOURCE, f"{place}conftest.py": b"boom", "__MACOSX/._x": b""})
    found = find_submission(exercise, path)
    assert (found.problem, found.files) == ("", {"first.py": SOURCE})
    assert was_handed_in(exercise, path)


@both
def test_package(pack: Pack, tmp_path: Path, find: Find) -> None:
    """A package is taken whole, without hidden files and caches."""
    members = dict.fromkeys(["first/__init__.py", "first/a/b.sql", "first/.env", "first/__pycache__/x.pyc"], SOURCE)
    assert list(find(pack(tmp_path / "x", members)).files) == ["first/__init__.py", "first/a/b.sql"]


@both
def test_nothing_handed_in(pack: Pack, tmp_path: Path, exercise: Exercise) -> None:
    """An archive without the exercise."""
    path = pack(tmp_path / "x", {"second.py": SOURCE})
    assert find_submission(exercise, path).problem == f"there is no first.py in {path}"
    assert not was_handed_in(exercise, path)


@both
@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("../first.py", "a name that leads out of it: '../first.py'"),
        ("/etc/passwd", "a name that leads out of it: '/etc/passwd'"),
        ("a/../../b", "a name that leads out of it: 'a/../../b'"),
        ("C:/first.py", "a name that leads out of it: 'C:/first.py'"),
        ("..\\first.py", "a name that leads out of it: '..\\\\first.py'"),
        ("a\x1b[31m.py", "a name that cannot be printed: 'a\\x1b[31m.py'"),
        ("first.py/x", "'first.py/x' below an ordinary file"),
    ],
)
def test_names(pack: Pack, tmp_path: Path, find: Find, name: str, problem: str) -> None:
    """One name that no honest tool writes spoils the archive."""
    path = pack(tmp_path / "x", {"first.py": SOURCE, name: b""})
    assert find(path).problem == f"{path} holds {problem}"


def test_names_that_are_not_utf8(tmp_path: Path, find: Find) -> None:
    """A tar keeps names as bytes."""
    path = tarred(tmp_path / "x", {"first.py": SOURCE, "caf\udce9.py": b""})
    assert find(path).problem == f"{path} holds a name that is not UTF-8: 'caf\\udce9.py'"


@both
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_clash(pack: Pack, tmp_path: Path, find: Find) -> None:
    """Two files that some machines would take for one."""
    path = pack(tmp_path / "x", {"first.py": SOURCE, "First.py": b"x = 2"})
    assert find(path).problem == f"{path} holds both First.py and first.py; hand in one of them"
    path = pack(tmp_path / "x", dict.fromkeys(["first/__init__.py", "first/a.py", "first/A.py"], SOURCE))
    assert find(path).problem == f"{path}/first holds both A.py and a.py; hand in one of them"
    path = pack(tmp_path / "x", {"FIRST.PY": SOURCE})
    assert find(path).problem == f"there is no first.py in {path}, only FIRST.PY; rename it"
    twice = tar(tmp_path / "x", (tarfile.TarInfo("first.py"), SOURCE), (tarfile.TarInfo("first.py"), b"x = 2"))
    assert find(twice).problem == f"{twice} holds 'first.py' twice"


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
@pytest.mark.parametrize("name", ["first.py", "exercises", "first"])
def test_links(tmp_path: Path, find: Find, name: str, kind: bytes) -> None:
    """A link where the exercise should be is refused, and never followed."""
    path = tar(tmp_path / "x", special(name, kind, "/etc/passwd"))
    assert find(path).problem == f"{path}/{name} is a link; hand in what it leads to"


def test_links_in_a_zip(tmp_path: Path, find: Find) -> None:
    """A .zip tells a link by its mode."""
    path = tmp_path / "work.zip"
    with zipfile.ZipFile(path, "w") as archive:
        member = zipfile.ZipInfo("first.py")
        member.create_system, member.external_attr = 3, 0o120777 << 16
        archive.writestr(member, "/etc/passwd")
    assert find(path).problem == f"{path}/first.py is a link; hand in what it leads to"


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_devices(tmp_path: Path, find: Find, kind: bytes) -> None:
    """A device or a pipe where the exercise should be is refused."""
    path = tar(tmp_path / "x", special("first.py", kind))
    assert find(path).problem == f"{path}/first.py is not an ordinary file"


def test_what_lies_elsewhere_has_no_effect(tmp_path: Path, find: Find) -> None:
    """Links and devices beside the exercise are not looked at."""
    ours = (tarfile.TarInfo("week1/first/first.py"), SOURCE)
    path = tar(tmp_path / "x", special("docs", tarfile.SYMTYPE, "/"), special("null", tarfile.CHRTYPE), ours)
    assert find(path).files == {"first.py": SOURCE}


@both
def test_bombs(pack: Pack, tmp_path: Path, find: Find) -> None:
    """A small archive of much is read no further than a hand-in goes."""
    path = pack(tmp_path / "x", {"first.py": bytes(70 << 20)})
    assert path.stat().st_size < 100_000
    assert find(path).problem in (
        f"{path}/first.py is too large: all files together may have 1024 KiB",
        "unpacked, the archive has more than 64 MiB",
    )


def test_bomb_elsewhere(tmp_path: Path, find: Find) -> None:
    """In a .tar.gz everything before the exercise has to be unpacked."""
    path = tarred(tmp_path / "x", {"data.bin": bytes(70 << 20), "first.py": SOURCE})
    assert find(path).problem == "unpacked, the archive has more than 64 MiB"


@both
def test_too_many_members(pack: Pack, tmp_path: Path, find: Find) -> None:
    """More members than any hand-in has."""
    path = pack(tmp_path / "x", {f"{number}.txt": b"" for number in range(archives.ONE.members)} | {"first.py": b""})
    assert find(path).problem == f"{path} holds more than 10000 members"


def test_too_large(tmp_path: Path, find: Find) -> None:
    """An archive whose own size is out of the question is not read at all."""
    path = tmp_path / "work.zip"
    with path.open("wb") as file:
        file.write(b"PK\x03\x04")
        file.truncate((archives.ONE.packed << 20) + 1)
    assert find(path).problem == f"{path} is too large: an archive may have 16 MiB"


def test_no_archive(tmp_path: Path, find: Find) -> None:
    """A name alone makes no archive; an archive by any name is one."""
    path = tmp_path / "work.zip"
    path.write_bytes(b"Rar!")
    assert find(path).problem == f"{path} is neither a .zip nor a .tar.gz archive, whatever its name says"
    path = zipped(tmp_path / "x", {"first.py": SOURCE}).rename(tmp_path / "upload.bin")
    assert find(path).files == {"first.py": SOURCE}


def test_methods_without_bound(tmp_path: Path, find: Find) -> None:
    """LZMA and bzip2 unpack all at once, so they are not read."""
    path = tmp_path / "work.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("first.py", SOURCE)
    assert find(path).problem.endswith("first.py cannot be read: it is compressed by a method other than deflate")


@both
def test_damage(pack: Pack, tmp_path: Path, find: Find) -> None:
    """However an archive is damaged, it is the hand-in's problem and never the grader's."""
    whole = pack(tmp_path / "x", {"week1/first/first.py": SOURCE * 9, "week1/first/notes.txt": b"notes" * 50})
    data = whole.read_bytes()
    if pack is tarred:
        data = gzip.decompress(data)
    rng = random.Random(1)
    for number in range(400):
        damaged = bytearray(data[: rng.randrange(len(data))] if number % 4 == 0 else data)
        for _ in range(rng.randrange(1, 5)):
            if damaged:
                damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        path = whole.with_name(f"{number}.{whole.name.partition('.')[2]}")
        path.write_bytes(gzip.compress(damaged, 1) if pack is tarred else damaged)
        found = find(path)
        assert found.problem or found.files
