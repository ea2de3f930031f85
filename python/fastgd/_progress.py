"""The progress bar of a fit, by tqdm."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .result import EpochInfo


class ProgressBar:
    """One bar of at most `max_iter` epochs, with the objective beside it."""

    def __init__(self, max_iter: int, solver: str) -> None:
        try:
            from tqdm.auto import tqdm
        except ImportError as error:
            text = "progress: expected tqdm to be installed for progress=True; pip install tqdm"
            raise ImportError(text) from error
        self._bar = tqdm(total=max_iter, desc=f"fastgd {solver}", unit="epoch", leave=False)

    def show(self, info: EpochInfo) -> None:
        """Move the bar by one epoch."""
        self._bar.update()
        self._bar.set_postfix(objective=f"{info.objective:.6g}", refresh=False)

    def close(self) -> None:
        """Take the bar off the screen."""
        self._bar.close()
