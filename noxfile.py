"""What people and continuous integration run: `nox -s grade -- week1`, `nox -s lint tests`.

A stamp in each environment remembers what was installed: a second run installs nothing and asks no index.
"""

import hashlib
import json
import sys
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"  # the first that reads dependency groups
nox.options.default_venv_backend = "uv|virtualenv"  # uv where it is present
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "tests"]

PROJECT = nox.project.load_toml("pyproject.toml")


@nox.session
def grade(session: nox.Session) -> None:
    """Grade exercises: a track, an exercise, a path; see `nox -s grade -- --help`."""
    prepare(session)
    session.run("python", "-m", "grader", "grade", *session.posargs)


@nox.session
def verify(session: nox.Session) -> None:
    """Prove exercises: references earn 100, every mistake is caught, every check catches one."""
    prepare(session)
    session.run("python", "-m", "grader", "verify", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Prove the project: the grader's own tests and every exercise. With arguments: pytest with these."""
    prepare(session, "tests")
    session.run("python", "-m", *(["pytest", *session.posargs] if session.posargs else ["tests"]))


@nox.session
def attacks(session: nox.Session) -> None:
    """Try every hostile submission at every level of isolation. Arguments: levels, parts of names."""
    prepare(session)
    session.run("python", "-m", "tests.attacks", *session.posargs)


@nox.session
def mutants(session: nox.Session) -> None:
    """Grade every reference with one small fault at a time; name those that nobody noticed. Arguments: targets."""
    prepare(session, "tests")
    session.run("python", "-m", "tests.mutants", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure how fast grading is, against the same work done the plain way. Arguments: cases, --repeat N."""
    prepare(session)
    session.run("python", "-m", "tests.bench", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and types."""
    prepare(session, "lint", "tests")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")


def prepare(session: nox.Session, *groups: str) -> None:
    """Install the project's dependencies and those of ``groups``, unless that has been done."""
    if sys.version_info < (3, 11):  # noqa: UP036 - nox may well run on an older Python than the project
        session.error(f"Onspot needs Python 3.11 or newer; this nox runs on {sys.version.split()[0]}.")
    needed = [*PROJECT["project"]["dependencies"], *nox.project.dependency_groups(PROJECT, *groups)]
    stamp = Path(session.virtualenv.location, "-".join(["installed", *groups]))
    wanted = hashlib.sha256(json.dumps(needed).encode()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        # compiled at once, since cells may read modules but not keep what they compile; uv does so only if told
        session.install(*needed, env={"UV_COMPILE_BYTECODE": "1"})
        stamp.write_text(wanted)
