"""The objective restated in numpy: losses, gradient and exact optimum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from fastgd import losses

FloatArray = npt.NDArray[np.float64]

LOSSES = ("squared_error", "log_loss", "huber")
SOLVERS = ("batch", "minibatch", "sgd")


def pointwise_value(loss: str, z: FloatArray, y: FloatArray, epsilon: float) -> FloatArray:
    """Loss of each linear predictor; labels are -1 and +1."""
    if loss == "squared_error":
        return 0.5 * (z - y) ** 2
    if loss == "log_loss":
        return np.logaddexp(0.0, -y * z)
    r = np.abs(z - y)
    return np.where(r <= epsilon, 0.5 * r**2, epsilon * r - 0.5 * epsilon**2)


def pointwise_derivative(loss: str, z: FloatArray, y: FloatArray, epsilon: float) -> FloatArray:
    """Derivative of each loss in its linear predictor."""
    if loss == "squared_error":
        return z - y
    if loss == "log_loss":
        return -y * np.exp(-np.logaddexp(0.0, y * z))
    return np.clip(z - y, -epsilon, epsilon)


def pointwise_curvature(loss: str, z: FloatArray, y: FloatArray, epsilon: float) -> FloatArray:
    """Second derivative of each loss in its linear predictor."""
    if loss == "squared_error":
        return np.ones_like(z)
    if loss == "log_loss":
        return np.exp(-np.logaddexp(0.0, z) - np.logaddexp(0.0, -z))
    return (np.abs(z - y) <= epsilon).astype(np.float64)


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Data and objective of one linear model."""

    X: npt.NDArray[Any]
    y: npt.NDArray[Any]
    loss: str = "squared_error"
    epsilon: float = 0.1
    alpha: float = 0.0
    l1_ratio: float = 0.0
    sample_weight: npt.NDArray[Any] | None = None
    offset: npt.NDArray[Any] | None = None
    fit_intercept: bool = True

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of `fastgd.fit` but for the solver; its defaults are left out."""
        arguments: dict[str, Any] = self.point_arguments()
        if not self.fit_intercept:
            arguments["fit_intercept"] = False
        return arguments

    def point_arguments(self) -> dict[str, Any]:
        """Keyword arguments of `fastgd.value` but for the coefficients."""
        loss: Any = losses.huber(self.epsilon) if self.loss == "huber" else self.loss
        return {
            "X": self.X,
            "y": self.y,
            "loss": loss,
            "alpha": self.alpha,
            "l1_ratio": self.l1_ratio,
            "sample_weight": self.sample_weight,
            "offset": self.offset,
        }

    @property
    def l1(self) -> float:
        """Strength of the absolute penalty."""
        return self.alpha * self.l1_ratio

    @property
    def l2(self) -> float:
        """Strength of the squared penalty."""
        return self.alpha * (1.0 - self.l1_ratio)

    @property
    def targets(self) -> FloatArray:
        """Targets as a matrix; labels as -1 and +1."""
        y = self.y.astype(np.float64)
        if self.loss == "log_loss":
            y = np.where(y > 0.0, 1.0, -1.0)
        return y.reshape(len(y), -1)

    @property
    def weights(self) -> FloatArray:
        """Sample weights that sum to one."""
        s = np.ones(len(self.X)) if self.sample_weight is None else self.sample_weight
        return np.asarray(s, np.float64) / np.sum(s, dtype=np.float64)

    def predictor(self, coef: npt.ArrayLike, intercept: npt.ArrayLike = 0.0) -> FloatArray:
        """Linear predictor, (n, K)."""
        W = np.atleast_2d(np.asarray(coef, np.float64))
        z = self.X.astype(np.float64) @ W.T + np.asarray(intercept, np.float64)
        return z if self.offset is None else z + np.reshape(self.offset, z.shape)

    def value(self, coef: npt.ArrayLike, intercept: npt.ArrayLike = 0.0) -> float:
        """Objective at given coefficients."""
        z = self.predictor(coef, intercept)
        rows = pointwise_value(self.loss, z, self.targets, self.epsilon).sum(axis=1)
        W = np.asarray(coef, np.float64)
        return float(self.weights @ rows + self.l1 * np.abs(W).sum() + self.l2 / 2 * (W**2).sum())

    def smooth_gradient(
        self, coef: npt.ArrayLike, intercept: npt.ArrayLike = 0.0
    ) -> tuple[FloatArray, FloatArray]:
        """Gradient but for the absolute penalty, in coef (its shape) and intercept (K,)."""
        z = self.predictor(coef, intercept)
        d = pointwise_derivative(self.loss, z, self.targets, self.epsilon) * self.weights[:, None]
        W = np.asarray(coef, np.float64)
        return (d.T @ self.X.astype(np.float64)).reshape(W.shape) + self.l2 * W, d.sum(axis=0)

    def gradient(
        self, coef: npt.ArrayLike, intercept: npt.ArrayLike = 0.0
    ) -> tuple[FloatArray, FloatArray]:
        """Gradient with the subgradient 0 of the absolute penalty at 0."""
        of_coef, of_intercept = self.smooth_gradient(coef, intercept)
        return of_coef + self.l1 * np.sign(np.asarray(coef, np.float64)), of_intercept

    def least_subgradient(self, coef: npt.ArrayLike, intercept: npt.ArrayLike) -> FloatArray:
        """Shortest subgradient, coef and (if fitted) intercept in one vector: 0 at the optimum."""
        g, of_intercept = self.smooth_gradient(coef, intercept)
        W = np.asarray(coef, np.float64)
        at_zero = np.sign(g) * np.maximum(np.abs(g) - self.l1, 0.0)
        of_coef = np.where(W == 0.0, at_zero, g + self.l1 * np.sign(W)).ravel()
        return np.append(of_coef, of_intercept) if self.fit_intercept else of_coef

    def excess(self, coef: npt.ArrayLike, intercept: npt.ArrayLike) -> float:
        """Objective above the optimum, relative to the optimum."""
        least = self.optimum()
        return (self.value(coef, intercept) - least) / least

    def optimum(self) -> float:
        """Least objective, exact to about 1e-9 of that of zero coefficients."""
        X = self.X.astype(np.float64)
        shift = self.weights @ X if self.fit_intercept else np.zeros(X.shape[1])
        scale = np.sqrt(self.weights @ (X - shift) ** 2)
        scale[scale == 0.0] = 1.0
        Z = (X - shift) / scale
        if self.loss == "squared_error" and self.l1 == 0.0:
            return self._ridge(Z, scale)
        # in these units every column bends the objective alike, the penalty included
        bend = np.sqrt(1.0 + self.l2 / scale**2)
        return self._by_scipy(Z / bend, scale * bend)

    def _ridge(self, Z: FloatArray, scale: FloatArray) -> float:
        """Least squares on rows of data and rows of penalty, the normal equations by QR."""
        n, d = Z.shape
        y = self.targets - self.predictor(np.zeros((self.targets.shape[1], d)))
        root = np.sqrt(self.weights)[:, None]
        A = np.vstack([root * np.column_stack([Z, np.ones(n)]), np.eye(d, d + 1)])
        A[n:, :d] *= np.sqrt(self.l2) / scale
        A[:, d] *= self.fit_intercept
        b = np.vstack([root * y, np.zeros((d, y.shape[1]))])
        theta = np.linalg.lstsq(A, b, rcond=1e-13)[0]
        return float(0.5 * ((A @ theta - b) ** 2).sum())

    def newton_optimum(self) -> float:
        """Least objective without penalty, to about 1e-9 of itself or of zero coefficients'.

        Newton's method, damped where a step does not pay, on an orthonormal basis of the
        columns: their units and near dependencies play no part.
        """
        assert self.alpha == 0.0
        y, s = self.targets, self.weights
        Q = self._orthonormal_columns()

        def value(theta: FloatArray) -> float:
            return float(s @ pointwise_value(self.loss, Q @ theta, y[:, 0], self.epsilon))

        theta = np.zeros(Q.shape[1])
        least = at_zero = value(theta)
        damping = 1e-3
        for _ in range(1000):
            z = Q @ theta
            gradient = Q.T @ (s * pointwise_derivative(self.loss, z, y[:, 0], self.epsilon))
            bend = pointwise_curvature(self.loss, z, y[:, 0], self.epsilon)
            hessian = Q.T @ ((s * bend)[:, None] * Q)
            step = -np.linalg.solve(hessian + damping * np.eye(len(theta)), gradient)
            promised = -0.5 * float(gradient @ step)
            if promised <= 1e-10 * least or least <= 1e-9 * at_zero:
                assert damping <= 1e-3  # a step kept short promises little
                return least
            there = value(theta + step)
            if there <= least - 1e-3 * promised:
                theta, least = theta + step, there
                damping = max(damping / 10.0, 1e-13)
            else:
                damping *= 10.0
        raise AssertionError("the oracle itself did not converge")

    def _orthonormal_columns(self) -> FloatArray:
        """Basis of the columns and the intercept, orthonormal under the weights."""
        X = self.X.astype(np.float64)
        shift = self.weights @ X
        Z = X - shift
        Z /= np.maximum(np.sqrt(self.weights @ Z**2), np.finfo(np.float64).tiny)
        root = np.sqrt(self.weights)[:, None]
        Z[:, np.ptp(X, axis=0) == 0.0] = 0.0
        U, size, _ = np.linalg.svd(root * np.column_stack([Z, np.ones(len(Z))]), False)
        return U[:, size > 1e-13 * size[0]] / root

    def _by_scipy(self, Z: FloatArray, scale: FloatArray) -> float:
        """L-BFGS-B on standardised columns; u - v with u, v >= 0 makes the l1 norm smooth."""
        d = Z.shape[1]
        y, s = self.targets, self.weights[:, None]
        outputs = y.shape[1]
        fixed = self.predictor(np.zeros((outputs, d)))
        size = outputs * d

        def function(theta: FloatArray) -> tuple[float, FloatArray]:
            u, v, b = theta[:size], theta[size : 2 * size], theta[2 * size :] * self.fit_intercept
            W = (u - v).reshape(outputs, d)
            raw = W / scale
            z = Z @ W.T + b + fixed
            loss = (s * pointwise_value(self.loss, z, y, self.epsilon)).sum()
            d_z = s * pointwise_derivative(self.loss, z, y, self.epsilon)
            slope = (d_z.T @ Z + self.l2 * raw / scale).ravel()
            absolute = np.tile(self.l1 / scale, outputs)
            value = loss + absolute @ (u + v) + 0.5 * self.l2 * (raw**2).sum()
            of_intercept = d_z.sum(axis=0) * self.fit_intercept
            return value, np.concatenate([slope + absolute, absolute - slope, of_intercept])

        theta = np.zeros(2 * size + outputs)
        steepest = np.abs(function(theta)[1]).max()
        bounds = [(0, None)] * (2 * size) + [(None, None)] * outputs
        options = {"maxiter": 20_000, "maxfun": 50_000, "ftol": 0.0, "gtol": 1e-11, "maxcor": 30}
        for _ in range(20):
            best = minimize(
                function, theta, jac=True, method="L-BFGS-B", bounds=bounds, options=options
            )
            theta = best.x
            at_bound = (theta == 0.0) & (np.arange(len(theta)) < 2 * size)
            left = np.where(at_bound, np.minimum(best.jac, 0.0), best.jac)
            if np.abs(left).max() <= 1e-5 * steepest:
                return float(best.fun)
            # what u and v share changes no coefficient and misleads the curvature estimate
            shared = np.minimum(theta[:size], theta[size : 2 * size])
            theta[: 2 * size] -= np.tile(shared, 2)
        raise AssertionError("the oracle itself did not converge")


def make_problem(
    loss: str = "squared_error",
    n: int = 400,
    d: int = 5,
    *,
    outputs: int | None = None,
    dtype: npt.DTypeLike = np.float64,
    seed: int = 0,
    scale: npt.ArrayLike = 1.0,
    mean: npt.ArrayLike = 0.0,
    noise: float = 0.5,
    **options: Any,
) -> Problem:
    """Draw a problem whose targets follow a linear model with noise, so its optimum is not 0."""
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(n, d))
    shape = (n,) if outputs is None else (n, outputs)
    W = generator.uniform(0.5, 1.5, size=(outputs or 1, d)) * generator.choice([-1, 1], size=d)
    z = (X @ W.T).reshape(shape) / np.sqrt(d) + noise * generator.normal(size=shape) + 0.3
    y = np.where(z > 0.0, 1.0, 0.0) if loss == "log_loss" else z
    return Problem(X=(X * scale + mean).astype(dtype), y=y, loss=loss, **options)
