"""PyTorch as one would use it by hand."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, ClassVar

from .racer import CLASSES_APART, ITERATIONS, SMOOTH, SPARSE, Racer

if TYPE_CHECKING:
    from .problem import Problem

__all__ = ["LBFGS", "Adam", "LBFGSDouble"]

_BATCH = 1024
_RATE = 0.05


class _Torch(Racer):
    package = "torch"
    dtype: ClassVar[str] = "float32"

    def prepare(self, problem: Problem, threads: int) -> None:
        """Make tensors."""
        super().prepare(problem, threads)
        torch: Any = importlib.import_module("torch")
        torch.set_num_threads(threads)
        torch.manual_seed(0)
        self.torch = torch
        self.type = getattr(torch, self.dtype)
        # Rows times columns and back: two compressed forms where X is sparse.
        self.X, self.XT = self._matrices()
        integer = problem.loss == "softmax"
        self.y = torch.from_numpy(problem.y).to(torch.int64 if integer else self.type)
        outputs = int(problem.y.max()) + 1 if integer else 1
        self.shape = (problem.X.shape[1], outputs)

    def _matrices(self) -> tuple[Any, Any]:
        torch, X = self.torch, self.problem.X
        if hasattr(X, "indptr"):
            forms = (X, X.T.tocsr())
            return tuple(
                torch.sparse_csr_tensor(
                    torch.from_numpy(form.indptr),
                    torch.from_numpy(form.indices),
                    torch.from_numpy(form.data).to(self.type),
                    form.shape,
                )
                for form in forms
            )
        dense = torch.from_numpy(X).to(self.type)
        return dense, dense.T

    def loss(self, z: Any, y: Any) -> Any:
        """Return the mean loss of outputs of shape (rows, outputs)."""
        functional = self.torch.nn.functional
        if self.problem.loss == "softmax":
            return functional.cross_entropy(z, y)
        if self.problem.loss == "squared_error":
            return functional.mse_loss(z[:, 0], y) / 2.0
        return functional.softplus(-y * z[:, 0]).mean()

    def coefficients(self, fitted: Any) -> Any:
        """Return an array, one row an output."""
        return fitted.detach().T.numpy()


class LBFGS(_Torch):
    """`torch.optim.LBFGS` on all rows, the products with X and its transpose by hand."""

    name = "PyTorch LBFGS float32"
    cases = SMOOTH | CLASSES_APART | {"ridge"}

    def fit(self, effort: float) -> Any:
        """Fit by so many iterations."""
        torch, alpha = self.torch, self.problem.alpha
        w = torch.zeros(self.shape, dtype=self.type)
        optimizer = torch.optim.LBFGS(
            [w],
            max_iter=int(effort),
            tolerance_grad=0.0,
            tolerance_change=0.0,
            line_search_fn="strong_wolfe",
        )

        def closure() -> Any:
            z = (self.X @ w).requires_grad_()
            loss = self.loss(z, self.y)
            loss.backward()
            w.grad = self.XT @ z.grad + alpha * w
            return loss.detach() + alpha / 2.0 * (w * w).sum()

        optimizer.step(closure)
        return w


class LBFGSDouble(LBFGS):
    """The same in float64."""

    name = "PyTorch LBFGS float64"
    cases = LBFGS.cases - {"dense-float32", "tall"}
    dtype = "float64"


class Adam(_Torch):
    """A linear layer, batches of rows in a new order every epoch, a rate that falls to 0."""

    name = "PyTorch Adam float32"
    cases = LBFGS.cases - SPARSE
    effort = "epochs"
    efforts = ITERATIONS[:20]
    note = f"Adam steps on {_BATCH} rows at a rate of {_RATE} that falls to 0 by a cosine"

    def fit(self, effort: float) -> Any:
        """Fit by so many epochs."""
        torch = self.torch
        d, outputs = self.shape
        layer = torch.nn.Linear(d, outputs, bias=False, dtype=self.type)
        torch.nn.init.zeros_(layer.weight)
        n = len(self.y)
        batches = -(-n // _BATCH)
        optimizer = torch.optim.Adam(layer.parameters(), lr=_RATE, weight_decay=self.problem.alpha)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, int(effort) * batches)
        for _ in range(int(effort)):
            for rows in torch.randperm(n).split(_BATCH):
                optimizer.zero_grad()
                self.loss(layer(self.X[rows]), self.y[rows]).backward()
                optimizer.step()
                schedule.step()
        return layer.weight.T
