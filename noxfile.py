"""Sessions of development work: `nox` runs the first two, `nox -s NAME` one of them."""

from __future__ import annotations

from pathlib import Path

import nox

nox.options.sessions = ["lint", "tests"]
nox.options.reuse_existing_virtualenvs = True

_CPP_FOLDERS = ("cpp", "tests/cpp")


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests in Python with coverage; arguments go to pytest."""
    session.install(".[test]")
    session.run("pytest", *(session.posargs or ("--cov", "--cov-fail-under=95")))


@nox.session
def oldest_sklearn(session: nox.Session) -> None:
    """Run the estimators' tests on the oldest scikit-learn they work with."""
    session.install(
        ".", "scikit-learn==1.6.*", "hypothesis", "pandas", "pytest<9", "pytest-timeout"
    )
    files = map(str, Path("tests").glob("test_estimators_*.py"))
    # an old scikit-learn meets new packages: their warnings are not ours
    session.run("pytest", "-W", "default", *files, *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, types and house rules."""
    session.install(".[dev]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    sources = [str(p) for folder in _CPP_FOLDERS for p in Path(folder).rglob("*.[ch]pp")]
    session.run("clang-format", "--dry-run", "--Werror", *sources)
    session.run("python", "tests/cpp/check_rules.py", ".")


@nox.session
def cpp(session: nox.Session) -> None:
    """Run the core's own tests on the build as shipped."""
    _cpp_tests(session, "release")


@nox.session
def asan(session: nox.Session) -> None:
    """Run the core's own tests under AddressSanitizer and UndefinedBehaviorSanitizer."""
    _cpp_tests(session, "asan")


@nox.session
def tsan(session: nox.Session) -> None:
    """Run the core's own tests under ThreadSanitizer, on std::thread."""
    _cpp_tests(session, "tsan")


@nox.session
def bench(session: nox.Session) -> None:
    """Compare with peers; arguments go to benchmarks.compare."""
    session.install(".[bench]")
    session.run("python", "-m", "benchmarks.compare", *session.posargs)


def _cpp_tests(session: nox.Session, preset: str) -> None:
    session.install("cmake", "ninja")
    session.run("cmake", "--preset", preset)
    session.run("cmake", "--build", f"build/{preset}")
    session.run("ctest", "--preset", preset, *session.posargs)
