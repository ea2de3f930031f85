"""The committed report, page by page: ``python -m benchmarks.document``."""

from __future__ import annotations

import argparse
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from . import machine
from .console import say, warn_of_load

_ROOT = Path(__file__).resolve().parents[1]
_PAGES = _ROOT / "docs" / "benchmarks"


@dataclass(frozen=True)
class Page:
    """One page of the report: commands, what they print and draw.

    Attributes
    ----------
    title : str
        Its heading.
    says : str
        What the figures are, and how to read them.
    commands : tuple of str
        Modules of the benchmarks with their arguments; "{picture}" stands for where to draw.
    """

    title: str
    says: str
    commands: tuple[str, ...]


_GRADIENT = "compare --suite gradient --task *squared* --pairs 5"
_EPOCH = "compare --suite epoch --pairs 5"
PAGES = {
    "gradient": Page(
        "Gradients",
        "One value and gradient beside numpy's two products, and the share of the speed at which "
        "the same threads can read X at all: narrow, middling and wide rows, 400 MB or more.",
        (
            f"{_GRADIENT} --columns 100 --threads 1 2 --plot {{picture}}",
            f"{_GRADIENT} --rows 6000000 --columns 16",
            f"{_GRADIENT} --rows 100000 --columns 1024",
        ),
    ),
    "epoch": Page(
        "Epochs of single rows and of mini-batches",
        "Five epochs of a constant step, the whole call, and one more epoch alone.",
        (
            f"{_EPOCH} --task sgd-squared_error --plot {{picture}}",
            f"{_EPOCH} --task sgd-log_loss",
            f"{_EPOCH} --task minibatch256-squared_error",
        ),
    ),
    "race": Page(
        "Time to accuracy",
        "Seconds until coefficients are so close to the optimum of one objective, without an "
        "intercept, by one numpy function for all: every solver climbs a ladder of tolerances or "
        "epochs in a process of its own, six seconds at most.",
        (
            "race --case dense wide sparse-9 sparse-75 --seconds 3 --rounds 1 --racer fastgd "
            "scikit-learn* snapml* LIBLINEAR* cyanure* glum* *intelex* PyTorch*LBFGS* "
            "--plot {picture}",
        ),
    ),
    "race-others": Page(
        "Time to accuracy: other data",
        "The same of tall, badly scaled and float32 data, an absolute penalty, squared errors and "
        "ten classes; beside solvers that do not take minutes.",
        (
            "race --case dense-float32 tall scaled l1 ridge softmax --seconds 2 --rounds 1 "
            "--racer fastgd *lbfgs *newton-ch* *saga snapml* cyanure* glum* *intelex* *Ridge* "
            "PyTorch*LBFGS*32 --plot {picture}",
        ),
    ),
    "small": Page(
        "Small tables, calls and the import", "Alternating pairs in one process.", ("small",)
    ),
    "memory": Page(
        "Memory above X", "The peak of a fit and of predictions above an X of 2 GB.", ("memory",)
    ),
    "layouts": Page(
        "Layouts and types", "Rates beside float32 in C order, one thread.",
        ("layouts --threads 1 --pairs 5",),
    ),
    "choice": Page(
        'What solver="auto" costs', "Seconds to within 1e-4 of the optimum.",
        ("choice --threads 2 --seconds 20 --repeats 2",),
    ),
    "kinks": Page(
        "Losses with kinks on many columns",
        "Whole fits with default parameters but for the strength of the ridge, scored by one "
        "function with the kinks as they are; fastgd rounds them off.",
        ("kinks",),
    ),
    "threads": Page(
        "One thread and all of them",
        "Whether all threads are ever slower than one, from 1 KB to 50 MB.",
        ("threads --largest-bytes 50e6",),
    ),
    "growth": Page(
        "Growth", "Seconds against rows, columns, outputs, threads and density.",
        ("growth --largest-bytes 500e6 --plot {picture}",),
    ),
}  # fmt: skip


def main() -> int:
    """Run the commands of the pages asked for and write what they say.

    Returns
    -------
    int
        0, or 1 if a command failed or called the machine too noisy: its page says so.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.document", description=__doc__)
    parser.add_argument("page", nargs="*", choices=[*PAGES, []], help="by default all")
    names = parser.parse_args().page or list(PAGES)
    warn_of_load(machine.describe()["load_average"][0])
    _PAGES.mkdir(parents=True, exist_ok=True)
    status = 0
    for name in names:
        status |= _write(name, PAGES[name])
    return status


def _write(name: str, page: Page) -> int:
    described = machine.describe()
    lines = [
        f"# {page.title}",
        "",
        page.says,
        "",
        f"{described['date'][:10]}, {described['processor']}, {described['isa_level']}, "
        f"{described['available_threads']} threads. Written by `python -m benchmarks.document "
        f"{name}`.",
        "",
    ]
    status = 0
    for number, command in enumerate(page.commands):
        picture = f"{name}-{number}.svg" if number else f"{name}.svg"
        arguments = command.format(picture=f"docs/benchmarks/{picture}").split()
        say(f"{name}: {' '.join(arguments)}")
        done = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{arguments[0]}", *arguments[1:]],
            cwd=_ROOT,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        status |= int(done.returncode != 0)
        shown = " ".join(f"'{word}'" if "*" in word else word for word in arguments)
        lines += [f"    python -m benchmarks.{shown}", "", "```", done.stdout.rstrip(), "```", ""]
        if done.returncode != 0:
            lines += ["The command ended with an error, or called the machine too noisy.", ""]
        if "{picture}" in command:
            lines += [f"![{page.title}]({picture})", ""]
    (_PAGES / f"{name}.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    return status


if __name__ == "__main__":
    sys.exit(main())
