"""What the command lines share: types of arguments, words on the way."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

__all__ = ["output_file", "positive", "say", "warn_of_load"]

# A processor kept busier than this by others makes times noisy.
_MOST_LOAD = 0.5


def output_file(text: str) -> Path:
    """Make the folder of a file to come: what cannot be written shows before an hour of work."""
    path = Path(text)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise argparse.ArgumentTypeError(
            f"expected a file that can be written, got {text!r}: {error.strerror}"
        ) from None
    return path


def positive(text: str) -> int:
    """Return a whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")
    return int(text)


def say(text: str) -> None:
    """Print to the standard error stream at once: results alone go to the other."""
    print(text, file=sys.stderr, flush=True)


def warn_of_load(load_average: float) -> None:
    """Say so if something else keeps the processors busy."""
    if load_average > _MOST_LOAD:
        say(f"load average is {load_average:.2f}: something else is running")
