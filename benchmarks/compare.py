"""Ratios of fastgd and its peers: ``python -m benchmarks.compare``."""

from __future__ import annotations

import argparse
import fnmatch
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from . import machine, problems, read_limit, report
from .console import output_file, positive, say, warn_of_load
from .peers import PEERS, FastGD
from .runner import Runner
from .tasks import DTYPES, TASKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .comparison import Comparison
    from .peers import Peer
    from .tasks import Task


# Suites of other modules: which, and the arguments it gets before those given.
_ELSEWHERE = {
    "time-to-accuracy": ("race",),
    "sparse": ("race", "--case", "sparse-9", "sparse-75"),
    "wide": ("race", "--case", "wide"),
    "small": ("small",),
    "memory": ("memory",),
    "threads": ("threads",),
    "growth": ("growth",),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the comparisons the arguments ask for, print and write the figures.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments after the program's name; ``sys.argv[1:]`` by default.

    Returns
    -------
    int
        0 when done, 1 when a control shows the machine too noisy to quote the ratios.
    """
    given = list(sys.argv[1:] if argv is None else argv)
    if given[:1] == ["--suite"] and given[1:2] and given[1] in _ELSEWHERE:
        module, *before = _ELSEWHERE[given[1]]
        command = [sys.executable, "-m", f"benchmarks.{module}", *before, *given[2:]]
        return subprocess.run(command, check=False).returncode
    arguments = _parse(given)
    description = machine.describe() | {"rows": arguments.rows, "columns": arguments.columns}
    warn_of_load(description["load_average"][0])
    comparisons = []
    for comparison in _compare_all(arguments):
        comparisons.append(comparison)
        if arguments.json:  # as far as it came, should the rest fail
            report.write_json(arguments.json, description, comparisons)
    _print_heading(description)
    report.print_ratios(comparisons)
    print()
    report.print_controls(comparisons)
    if arguments.plot:
        from .picture import draw

        draw(comparisons, description, arguments.plot)
    return int(any(comparison.noisy for comparison in comparisons))


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.compare",
        description="Speed of fastgd against its peers.",
        epilog=f"--suite {', '.join(_ELSEWHERE)}, given first: those of other modules, whose "
        "arguments follow.",
    )
    parser.add_argument("--suite", choices=("gradient", "epoch", "all"), default="all")
    parser.add_argument("--rows", type=positive, default=1_000_000, metavar="N")
    parser.add_argument("--columns", type=positive, default=100, metavar="D")
    parser.add_argument("--pairs", type=positive, default=15, metavar="P")
    parser.add_argument(
        "--threads",
        type=positive,
        nargs="+",
        default=[machine.available_threads()],
        metavar="T",
        help="one number or several (default: all processors of this process); single-row steps "
        "always run on one",
    )
    parser.add_argument("--dtype", choices=(*DTYPES, "both"), default="both")
    parser.add_argument(
        "--task", default="*", metavar="PATTERN", help="only tasks of such a name, as in 'sgd*'"
    )
    parser.add_argument(
        "--peer", default="*", metavar="PATTERN", help="only peers of such a name, as in 'numpy*'"
    )
    parser.add_argument("--json", type=output_file, metavar="FILE", help="write all raw numbers")
    parser.add_argument("--plot", type=output_file, metavar="FILE", help="draw ratios and shares")
    arguments = parser.parse_args(argv)
    arguments.tasks = [
        task
        for task in TASKS
        if arguments.suite in (task.suite, "all") and fnmatch.fnmatch(task.name, arguments.task)
    ]
    if not arguments.tasks:
        names = ", ".join(task.name for task in TASKS)
        parser.error(f"no task matches --suite and --task; there are {names}")
    return arguments


def _compare_all(arguments: argparse.Namespace) -> Iterator[Comparison]:
    peers = _peers(arguments.peer)
    dtypes = DTYPES if arguments.dtype == "both" else (arguments.dtype,)
    with tempfile.TemporaryDirectory(prefix="fastgd-benchmarks-") as name:
        folder = Path(name)
        library = _build(folder)
        for dtype in dtypes:
            say(f"data: {arguments.rows:,} x {arguments.columns} {dtype}")
            problems.save(folder, arguments.rows, arguments.columns, dtype)
            runner = Runner(folder, dtype, arguments.columns, arguments.pairs, library)
            for task, threads, peer in _plan(arguments.tasks, arguments.threads, peers):
                comparison = runner.compare(task, threads, peer)
                say(_progress(comparison))
                yield comparison


def _plan(
    tasks: Sequence[Task], most_threads: Sequence[int], peers: Sequence[type[Peer]]
) -> Iterator[tuple[Task, int, type[Peer]]]:
    """Yield what to measure: a control for each kind of work, then its peers."""
    controlled = set()
    for task in tasks:
        for threads in dict.fromkeys(task.threads(most) for most in most_threads):
            if (task.work, threads) not in controlled:
                controlled.add((task.work, threads))
                yield task, threads, FastGD
            for peer in peers:
                if task.name in peer.works:
                    yield task, threads, peer


def _peers(pattern: str) -> list[type[Peer]]:
    peers = []
    for peer in PEERS:
        if peer is FastGD or not fnmatch.fnmatch(peer.name, pattern):
            continue
        if machine.installed(peer.package) is None:
            say(f"{peer.name} left out: {peer.package} is not installed")
            continue
        peers.append(peer)
    return peers


def _build(folder: Path) -> Path | None:
    try:
        return read_limit.build(folder)
    except RuntimeError as error:
        say(str(error))
        return None


def _progress(comparison: Comparison) -> str:
    ratio = comparison.ratio
    return (
        f"{comparison.task.name} {comparison.dtype} x{comparison.threads}: {comparison.peer} "
        f"{ratio.median:.3f} [{ratio.low:.3f}, {ratio.high:.3f}]"
    )


def _print_heading(description: dict[str, object]) -> None:
    print(
        f"{description['processor']}, {description['isa_level']}, "
        f"{description['rows']:,} x {description['columns']}, {description['date']}, "
        f"versions {description['versions']}\n"
    )


if __name__ == "__main__":
    sys.exit(main())
