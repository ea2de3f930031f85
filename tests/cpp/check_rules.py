"""Checks the rules of CONTRIBUTING.md that a reader of the sources could break unseen.

usage: check_rules.py ROOT [--compile-commands FILE]

Prints each breach as path:line: text and exits with 1 if there is one.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_LINES = 400

# These flip flush-to-zero for the whole process, fold NaN checks or bind to the build machine.
BANNED_FLAGS = re.compile(
    r"-(ffast-math|Ofast|ffinite-math-only|funsafe-math-optimizations|march=native)\b"
)
MACHINE_FLAG = re.compile(r"(?<![\w-])-m(?:arch|tune|cpu|avx|fma|sse|prefer)[\w.=-]*")
PARALLEL_PRAGMA = re.compile(r"""(#\s*pragma\s+omp|_Pragma\("omp).*\bparallel\b""")
OTHER_PRAGMA = re.compile(r"""(#\s*pragma\s+omp|_Pragma\("omp)\s+(?!simd\b)""")
COMPILER_OPTIONS_IN_CODE = re.compile(r"#\s*pragma\s+GCC\s+optimize|\boptimize\s*\(\s*\"")
INCLUDE = re.compile(r"""^\s*#\s*include\s+([<"])([^>"]+)[>"]""")
PARALLEL_FILE = "cpp/core/parallel.cpp"
# no function of theirs is emitted on its own: none compiled for one level is linked into another
KERNEL_HEADERS = {"cstddef", "cstdint", "cmath", "immintrin.h"}

# Each storey of cpp/ and those it may include.
STOREYS = {
    "kernels": {"kernels"},
    "dispatch": {"dispatch", "kernels"},
    "core": {"core", "kernels"},
    "bindings": {"bindings", "core", "dispatch", "kernels"},
}

Breach = tuple[str, int, str]


def files(root: Path, *patterns: str) -> list[Path]:
    """Return the files of the repository that match, without caches and builds."""
    found = {path for pattern in patterns for path in root.glob(pattern) if path.is_file()}
    return sorted(
        path
        for path in found
        if not any(part.startswith(".") for part in path.relative_to(root).parts[:-1])
    )


def numbered(path: Path) -> Iterator[tuple[int, str]]:
    yield from enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)


def check_flags(root: Path) -> Iterator[Breach]:
    """No banned flag in a build file; machine flags in isa.cmake alone."""
    build_files = files(
        root,
        *("CMakeLists.txt", "CMakePresets.json", "pyproject.toml", "noxfile.py"),
        *("cpp/**/CMakeLists.txt", "cpp/**/*.cmake", "tests/cpp/CMakeLists.txt"),
    )
    for path in build_files:
        name = path.relative_to(root).as_posix()
        for line, text in numbered(path):
            if BANNED_FLAGS.search(text):
                yield name, line, f"banned flag: {text.strip()}"
            if name != "cpp/isa.cmake" and MACHINE_FLAG.search(text):
                yield name, line, f"machine flag outside cpp/isa.cmake: {text.strip()}"


def check_compile_commands(path: Path) -> Iterator[Breach]:
    """No banned flag in what the compiler is really called with."""
    for number, entry in enumerate(json.loads(path.read_text(encoding="utf-8")), start=1):
        command = entry.get("command") or " ".join(entry["arguments"])
        if BANNED_FLAGS.search(command):
            yield path.name, number, f"banned flag for {entry['file']}: {command}"


def check_pragmas(root: Path) -> Iterator[Breach]:
    """Parallel regions in one file, each with num_threads; elsewhere `omp simd` alone."""
    for path in files(root, "cpp/**/*.?pp"):
        name = path.relative_to(root).as_posix()
        for line, text in numbered(path):
            if "omp_set_num_threads" in text:
                yield name, line, "omp_set_num_threads changes the count of the whole process"
            if COMPILER_OPTIONS_IN_CODE.search(text):
                yield name, line, "compiler options belong in cpp/isa.cmake"
            if name != PARALLEL_FILE and OTHER_PRAGMA.search(text):
                yield name, line, f"OpenMP beside simd belongs in {PARALLEL_FILE}"
            if PARALLEL_PRAGMA.search(text) and "num_threads(" not in text:
                yield name, line, "parallel region without num_threads"


def check_includes(root: Path) -> Iterator[Breach]:
    """Each storey knows only the one below; kernels know a few headers and each other."""
    for path in files(root, "cpp/**/*.?pp"):
        name = path.relative_to(root).as_posix()
        storey = path.relative_to(root / "cpp").parts[0]
        for line, text in numbered(path):
            include = INCLUDE.match(text)
            if include is None:
                continue
            kind, target = include.groups()
            if kind == '"':
                base = (path.parent / target).resolve()
                inside = base.is_relative_to((root / "cpp").resolve())
                owner = base.relative_to((root / "cpp").resolve()).parts[0] if inside else "outside"
                if owner not in STOREYS[storey]:
                    yield name, line, f"{storey} must not include {target}"
            elif storey == "kernels" and target not in KERNEL_HEADERS:
                yield name, line, f"kernels include {sorted(KERNEL_HEADERS)} alone, not <{target}>"
            elif storey != "bindings" and ("pybind" in target or target == "Python.h"):
                yield name, line, f"{storey} must not know Python"


def check_source_lists(root: Path) -> Iterator[Breach]:
    """Every translation unit stands in a hand-written list."""
    listed = "".join(
        (root / "cpp" / name).read_text(encoding="utf-8")
        for name in ("CMakeLists.txt", "isa.cmake")
    )
    for path in files(root, "cpp/**/*.cpp"):
        if path.relative_to(root / "cpp").as_posix() not in listed:
            yield path.relative_to(root).as_posix(), 1, "not in cpp/CMakeLists.txt"
    concepts = (root / "tests/cpp/CMakeLists.txt").read_text(encoding="utf-8").split()
    for path in files(root, "tests/cpp/test_*.cpp"):
        if path.stem.removeprefix("test_") not in [word.rstrip(")") for word in concepts]:
            yield path.relative_to(root).as_posix(), 1, "not in tests/cpp/CMakeLists.txt"


def check_sizes(root: Path) -> Iterator[Breach]:
    """A file says one thing; past 400 lines it says two. Headers begin with what they are."""
    sources = files(
        root,
        *("cpp/**/*.?pp", "python/**/*.py", "python/**/*.pyi", "benchmarks/**/*.py", "*.py"),
        *("tests/**/*.py", "tests/**/*.?pp"),
    )
    for path in sources:
        name = path.relative_to(root).as_posix()
        lines = path.read_text(encoding="utf-8").splitlines()
        if len(lines) > MOST_LINES:
            yield name, len(lines), f"longer than {MOST_LINES} lines"
        if path.suffix == ".hpp" and not lines[0].startswith("// "):
            yield name, 1, "the first line says what the file is"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("root", type=Path)
    parser.add_argument("--compile-commands", type=Path)
    arguments = parser.parse_args()
    root = arguments.root.resolve()
    breaches = [
        breach
        for rule in (check_flags, check_pragmas, check_includes, check_source_lists, check_sizes)
        for breach in rule(root)
    ]
    if arguments.compile_commands:
        breaches += check_compile_commands(arguments.compile_commands)
    for name, line, text in breaches:
        print(f"{name}:{line}: {text}")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
