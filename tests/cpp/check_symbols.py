"""Checks what the linker will see: kernels kept apart by ISA level, one symbol out of the module.

usage: check_symbols.py kernels LEVEL OBJECT...   objects of kernels.cpp at one ISA level
       check_symbols.py baseline OBJECT...        objects that every x86-64 processor must run
       check_symbols.py module LIBRARY            the compiled Python module
       (--nm and --objdump name the tools)

An inline function compiled with AVX may be the copy the linker keeps for all: then an older
processor meets an illegal instruction. So kernel objects define no weak symbol, and outside their
level's namespace nothing at all.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDE_REGISTER = re.compile(r"%[yz]mm\d")
# A reference by which exception tables find their handler; it holds no code.
HARMLESS = re.compile(r"^DW\.ref\.__gxx_personality_v0$")


class Symbol(NamedTuple):
    """One line of `nm`."""

    name: str
    kind: str


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def symbols(nm: str, path: str, *options: str) -> list[Symbol]:
    lines = run(nm, "--format=posix", *options, path).splitlines()
    # demangled names hold spaces: kind, value and size are the last words, if they are there
    pattern = re.compile(r"^(.*) ([A-Za-z?-])(?: +[0-9a-fA-F]*)*\s*$")
    matches = (pattern.match(line) for line in lines)
    return [Symbol(*match.groups()) for match in matches if match]


def check_kernels(nm: str, level: str, path: str) -> Iterator[str]:
    for symbol in symbols(nm, path):
        if symbol.kind in "WVu" and not HARMLESS.match(symbol.name):
            yield f"{path}: weak symbol {symbol.name} ({symbol.kind})"
    for symbol in symbols(nm, path, "--demangle", "--defined-only", "--extern-only"):
        if not symbol.name.startswith(f"fastgd::{level}::") and not HARMLESS.match(symbol.name):
            yield f"{path}: {symbol.name} lies outside namespace fastgd::{level}"


def check_baseline(objdump: str, path: str) -> Iterator[str]:
    function = "?"
    code = run(objdump, "--disassemble", "--demangle", "--no-show-raw-insn", path)
    for line in code.splitlines():
        if line.endswith(">:"):
            function = line
        if WIDE_REGISTER.search(line):
            yield f"{path}: {function} {line.strip()}"


def check_module(nm: str, path: str) -> Iterator[str]:
    exported = symbols(nm, path, "--dynamic", "--defined-only", "--demangle")
    for symbol in exported:
        if symbol.name != "PyInit__core":
            yield f"{path}: exports {symbol.name} ({symbol.kind})"
    if "PyInit__core" not in [symbol.name for symbol in exported]:
        yield f"{path}: does not export PyInit__core"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--nm", default="nm")
    parser.add_argument("--objdump", default="objdump")
    parser.add_argument("what", choices=("kernels", "baseline", "module"))
    parser.add_argument("arguments", nargs="+")
    given = parser.parse_args()
    if given.what == "kernels":
        level, *paths = given.arguments
        faults = [f for path in paths for f in check_kernels(given.nm, level, path)]
    elif given.what == "baseline":
        faults = [f for path in given.arguments for f in check_baseline(given.objdump, path)]
    else:
        faults = [f for path in given.arguments for f in check_module(given.nm, path)]
    for fault in faults[:30]:
        print(fault)
    if len(faults) > 30:
        print(f"and {len(faults) - 30} more")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
