"""The compiled core as Python sees it; tests/test_stub.py compares this file with the module."""

from collections.abc import Callable
from enum import Enum
from typing import Any, Literal, TypeAlias, TypedDict, overload

import numpy as np
from numpy.typing import NDArray

class Targets(Enum):
    real = 0
    binary = 1
    mean = 2
    classes = 3

class SparseFault(Enum):
    first_start = 1
    decreasing = 2
    past_end = 3
    column = 4

class SparseRows:
    def __init__(
        self, data: NDArray[Any], indices: NDArray[Any], indptr: NDArray[Any], columns: int
    ) -> None: ...
    def fault(self) -> tuple[SparseFault, int, int, int] | None: ...
    def canonical(self) -> bool: ...
    def columns_of_fits(self) -> int: ...
    def reading_width(self) -> int: ...

# A table: of each column its pieces in order.
class Columns:
    def __init__(self, columns: list[list[NDArray[Any]]]) -> None: ...

_Features: TypeAlias = NDArray[Any] | SparseRows | Columns

class UserFunctions:
    def __init__(
        self, functions: tuple[Any, Any, Any], addresses: tuple[int, int, int], targets: Targets
    ) -> None: ...
    def evaluate(
        self, order: int, y: NDArray[np.float64], z: NDArray[np.float64]
    ) -> NDArray[np.float64]: ...

class LossParameters:
    shape: float
    smoothing: float
    def __init__(
        self,
        shape: float = 0.0,
        smoothing: float = 0.0,
        functions: UserFunctions | None = None,
    ) -> None: ...

class Solver(Enum):
    batch = 0
    minibatch = 1
    sgd = 2

class Update(Enum):
    plain = 0
    momentum = 1
    nesterov = 2
    accelerated = 3
    lbfgs = 4
    adagrad = 5
    rmsprop = 6
    adam = 7
    adamw = 8

class Precondition(Enum):
    automatic = 0
    none = 1
    scale = 2
    whiten = 3

class PenaltyScale(Enum):
    raw = 0
    std = 1

class Rate(Enum):
    automatic = 0
    constant = 1
    invscaling = 2
    optimal = 3
    adaptive = 4
    callable = 5
    schedule = 6
    pa1 = 7
    pa2 = 8

class VarianceReduction(Enum):
    automatic = 0
    none = 1
    svrg = 2

class Shuffle(Enum):
    none = 0
    block = 1
    full = 2

class Status(Enum):
    converged = 0
    iteration_limit = 1
    time_limit = 2
    stopped = 3
    diverged = 4

class Limit(Enum):
    column = 0
    intercept = 1
    row = 2
    penalty = 3

class FitOptions:
    solver: Solver
    batch_size: int
    fit_intercept: bool
    rate: Rate
    eta0: float
    power_t: float
    t0: float
    precondition: Precondition
    update: Update
    momentum: float
    beta2: float
    variance_reduction: VarianceReduction
    max_iter: int
    max_time: float | None
    tol: float | None
    shuffle: Shuffle
    average: bool
    average_after: int
    seed: int
    n_threads: int
    epochs_before: int
    steps_before: int
    quasi_newton_first: int
    def __init__(self) -> None: ...
    def set_penalty(
        self,
        alpha: float,
        l1_ratio: float,
        penalty_scale: PenaltyScale,
        penalty_factor: NDArray[np.float64] | None = None,
    ) -> None: ...
    def set_bounds(self, low: NDArray[np.float64], high: NDArray[np.float64]) -> None: ...

class _Descent:
    def __init__(
        self,
        loss: str,
        parameters: LossParameters,
        options: FitOptions,
        coef: NDArray[np.float64],
        intercept: NDArray[np.float64],
    ) -> None: ...
    def adapt_to(
        self,
        X: _Features,
        y: NDArray[Any],
        sample_weight: NDArray[Any] | None = None,
        positive_label: float | None = None,
    ) -> None: ...
    def consume(
        self,
        X: _Features,
        y: NDArray[Any],
        sample_weight: NDArray[Any] | None = None,
        offset: NDArray[Any] | None = None,
        positive_label: float | None = None,
    ) -> None: ...
    def finish_epoch(self) -> None: ...
    def coefficients(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
    def block_rows(self) -> int: ...
    def state(self) -> dict[str, list[float]]: ...
    def restore(self, state: dict[str, list[float]]) -> None: ...

class DescentFloat32(_Descent): ...
class DescentFloat64(_Descent): ...

class _BuildInfo(TypedDict):
    compiler: str
    cxx_standard: int
    openmp: int

class _Search(TypedDict):
    non_finite: tuple[int, int] | None

class _SafeStep(TypedDict):
    rate: float
    limit: Limit
    index: int
    share: float

# Missing where a cell of X is not finite.
class _Fitted(_Search, total=False):
    coef: NDArray[np.float64]
    intercept: NDArray[np.float64]
    objective: float
    gradient_norm: float
    suboptimality: float
    n_iter: int
    n_passes: float
    status: Status
    safe_step: _SafeStep
    precondition: Precondition
    dependent: list[int]
    told_apart: list[int]
    second_moments_from: int | None
    squares_overflow: bool
    rounded: float
    separable: bool
    history: dict[str, NDArray[np.float64]]

class _Moments(_Search, total=False):
    mean: NDArray[np.float64]
    variance: NDArray[np.float64]
    smallest: NDArray[np.float64]
    largest: NDArray[np.float64]

class _Conditioned(_Moments, total=False):
    curvature: float
    l2: NDArray[np.float64]
    shift: NDArray[np.float64]
    second_moments: NDArray[np.float64] | None
    rows: int
    ridge: float
    dependent: list[int]
    told_apart: list[int]
    batch: _SafeStep
    sgd: _SafeStep

def available_threads() -> int: ...
def build_info() -> _BuildInfo: ...
def cpu_quota() -> float: ...
def isa_level() -> str: ...
def isa_levels() -> list[str]: ...
def losses() -> list[tuple[str, Targets]]: ...
def thread_runtime() -> str: ...
def column_moments(
    X: _Features,
    sample_weight: NDArray[Any] | None,
    single_precision: bool,
    n_threads: int,
) -> _Moments: ...
def conditioning(
    X: _Features,
    y: NDArray[Any],
    sample_weight: NDArray[Any] | None,
    loss: str,
    parameters: LossParameters,
    l2: float,
    penalty_scale: PenaltyScale,
    fit_intercept: bool,
    single_precision: bool,
    n_threads: int,
    penalty_factor: NDArray[np.float64] | None = None,
) -> _Conditioned: ...
def curvature_product(
    X: _Features,
    sample_weight: NDArray[Any] | None,
    shift: NDArray[np.float64],
    metric: NDArray[np.float64],
    intercept_metric: float,
    curvature: float,
    l2: NDArray[np.float64],
    direction: NDArray[np.float64],
    single_precision: bool,
    n_threads: int,
) -> NDArray[np.float64]: ...
def linear_predictor(
    X: _Features,
    coef: NDArray[np.float64],
    intercept: NDArray[np.float64],
    single_precision: bool,
    n_threads: int,
) -> tuple[NDArray[Any], bool]: ...
def first_non_finite(X: _Features, single_precision: bool) -> tuple[int, int] | None: ...
@overload
def objective_at(
    X: _Features,
    y: NDArray[Any],
    sample_weight: NDArray[Any] | None,
    offset: NDArray[Any] | None,
    positive_label: float | None,
    loss: str,
    parameters: LossParameters,
    alpha: float,
    l1_ratio: float,
    penalty_scale: PenaltyScale,
    coef: NDArray[np.float64],
    intercept: NDArray[np.float64],
    single_precision: bool,
    with_gradient: Literal[False],
    n_threads: int,
    rows: NDArray[np.int64] | None = None,
    penalty_factor: NDArray[np.float64] | None = None,
) -> float: ...
@overload
def objective_at(
    X: _Features,
    y: NDArray[Any],
    sample_weight: NDArray[Any] | None,
    offset: NDArray[Any] | None,
    positive_label: float | None,
    loss: str,
    parameters: LossParameters,
    alpha: float,
    l1_ratio: float,
    penalty_scale: PenaltyScale,
    coef: NDArray[np.float64],
    intercept: NDArray[np.float64],
    single_precision: bool,
    with_gradient: Literal[True],
    n_threads: int,
    rows: NDArray[np.int64] | None = None,
    penalty_factor: NDArray[np.float64] | None = None,
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]: ...
def plain_objective_at(
    X: object,
    y: object,
    coef: object,
    intercept: object,
    loss: str,
    parameters: LossParameters,
    alpha: object,
    l1_ratio: object,
    n_threads: int,
    with_gradient: bool,
) -> Any: ...
def duality_gap(
    X: _Features,
    y: NDArray[Any],
    sample_weight: NDArray[Any] | None,
    offset: NDArray[Any] | None,
    positive_label: float | None,
    loss: str,
    parameters: LossParameters,
    alpha: float,
    l1_ratio: float,
    penalty_scale: PenaltyScale,
    coef: NDArray[np.float64],
    intercept: NDArray[np.float64],
    single_precision: bool,
    fit_intercept: bool,
    n_threads: int,
    penalty_factor: NDArray[np.float64] | None = None,
) -> float: ...
def fit(
    X: _Features,
    y: NDArray[Any],
    sample_weight: NDArray[Any] | None,
    offset: NDArray[Any] | None,
    positive_label: float | None,
    loss: str,
    parameters: LossParameters,
    options: FitOptions,
    coef: NDArray[np.float64],
    intercept: NDArray[np.float64],
    single_precision: bool,
    on_epoch: Callable[..., tuple[bool, bool]] | None,
    on_rate: Callable[[float], float] | None,
) -> _Fitted: ...
def fit_classes(
    X: _Features,
    y: NDArray[Any],
    sample_weight: NDArray[Any] | None,
    loss: str,
    classes: list[
        tuple[float, LossParameters, FitOptions, NDArray[np.float64], NDArray[np.float64], object]
    ],
    single_precision: bool,
    on_rate: Callable[[float], float] | None,
) -> list[_Fitted]: ...
def epochs_before_second_moments(
    options: FitOptions,
    rows: int,
    columns: int,
    outputs: int,
    quadratic: bool,
    single_precision: bool,
    reading_width: int = 0,
) -> int | None: ...
def seconds_of_reading(rows: int, columns: int, outputs: int, item_bytes: int) -> float: ...
def rows_of_hessian(rows: float, columns: int, reading_width: int, quadratic: bool) -> float: ...
def seconds_of_products(products: float) -> float: ...
def most_gram_columns() -> int: ...
