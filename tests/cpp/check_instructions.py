"""Counts the instructions of fixed pieces of work, and compares them with what is committed.

usage: check_instructions.py PROGRAM --compiler NAME [--valgrind PATH] [--update]

Instructions on one thread at one ISA level do not depend on how busy a machine is. Each piece may
take 5 % more than `instructions.json` says. The counts belong to a compiler: under another one they
are shown and nothing is judged (exit status 77). --update writes them anew.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

LIMITS = Path(__file__).with_name("instructions.json")
LEVEL = "avx2"  # the widest that valgrind knows
SLACK = 0.05
NOT_JUDGED = 77


def names(program: str) -> list[str]:
    done = subprocess.run([program], check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


def count(valgrind: str, program: str, name: str) -> int:
    """Return the instructions of one piece of work."""
    command = [valgrind, "--tool=callgrind", "--toggle-collect=counted", "--collect-atstart=no",
               "--callgrind-out-file=/dev/null", program, name]  # fmt: skip
    environment = os.environ | {"FASTGD_ISA": LEVEL}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or found is None or int(found[1]) == 0:
        raise RuntimeError(f"{name}: nothing was counted:\n{done.stderr}")
    return int(found[1])


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--compiler", required=True, help="that built it")
    parser.add_argument("--valgrind", default="valgrind")
    parser.add_argument("--update", action="store_true")
    arguments = parser.parse_args()
    pieces = names(arguments.program)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        counted = list(pool.map(partial(count, arguments.valgrind, arguments.program), pieces))
    counts = dict(zip(pieces, counted, strict=True))
    if arguments.update:
        committed = {"compiler": arguments.compiler, "isa": LEVEL, "instructions": counts}
        LIMITS.write_text(json.dumps(committed, indent=1) + "\n", encoding="utf-8")
    committed = json.loads(LIMITS.read_text(encoding="utf-8"))
    known = committed["instructions"]
    judged = arguments.compiler == committed["compiler"]
    failed = judged and known.keys() != counts.keys()
    for name, number in counts.items():
        before = known.get(name, 0)
        grown = judged and number > (1.0 + SLACK) * before
        failed |= grown
        share = f"{number / before - 1.0:+.1%}" if before else "new"
        print(f"{name:<45}{number:>12,}  {share}{'  MORE THAN COMMITTED' if grown else ''}")
    if not judged:
        print(f"counts of {committed['compiler']}, built by {arguments.compiler}: not judged")
        return NOT_JUDGED
    if failed:
        print(f"if that is meant: --update writes {LIMITS.name}, and the commit says why")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
