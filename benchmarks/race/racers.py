"""Who races, fastgd first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import racers_compiled, racers_fastgd, racers_sklearn, racers_torch, racers_vw

if TYPE_CHECKING:
    from .racer import Racer

__all__ = ["RACERS"]

RACERS: tuple[type[Racer], ...] = (
    racers_fastgd.Auto,
    racers_fastgd.Minibatch,
    racers_fastgd.SGD,
    racers_sklearn.LBFGS,
    racers_sklearn.NewtonCG,
    racers_sklearn.NewtonCholesky,
    racers_sklearn.SAG,
    racers_sklearn.SAGA,
    racers_sklearn.Liblinear,
    racers_sklearn.SGD,
    racers_sklearn.RidgeCholesky,
    racers_sklearn.RidgeLSQR,
    racers_sklearn.RidgeSAG,
    racers_sklearn.IntelLBFGS,
    racers_sklearn.IntelRidge,
    racers_compiled.SnapPrimal,
    racers_compiled.SnapDual,
    racers_compiled.LiblinearPrimal,
    racers_compiled.LiblinearDual,
    racers_compiled.LiblinearL1,
    racers_compiled.Cyanure,
    racers_compiled.Glum,
    racers_compiled.GlumLBFGS,
    racers_vw.Adaptive,
    racers_vw.SGD,
    racers_vw.LBFGS,
    racers_torch.LBFGS,
    racers_torch.LBFGSDouble,
    racers_torch.Adam,
)
