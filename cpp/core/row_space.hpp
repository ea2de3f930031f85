// Fewer rows than columns under a ridge: fits in the space that the rows span.
#pragma once

#include <optional>

#include "buffer.hpp"
#include "fit.hpp"
#include "symmetric.hpp"

namespace fastgd {

// A ridge leaves nothing of a model at right angles to all rows (Kimeldorf and Wahba 1971). With
// its factors D, centred rows X and X D^-1 X^T = L L^T the model D^-1 X^T L^-T u predicts L u and
// has the penalty |u|^2: L, rows by rows, stands for X, and a Hessian is one of rows.
template <class T>
class RowSpace {
  public:
    // Whether a Hessian would be taken that is larger than one of rows.
    static bool pays(const Data& data, const FitOptions& options);

    // Nothing where a column bears no ridge, numbers are not finite or `keep_going` says no.
    static std::optional<RowSpace> of(const KernelTable<T>& kernels, const Data& data,
                                      const FitOptions& options, FunctionRef<bool()> keep_going);

    Data of(Data data) const;
    FitOptions of(FitOptions options) const;
    // The model that predicts alike.
    Coefficients of(const Coefficients& all, FunctionRef<bool()> keep_going) const;
    Coefficients onto_all(const Coefficients& own) const;
    // On the columns as they are.
    Measure measure_at(const Coefficients& all, const LossSpec& loss) const;

  private:
    RowSpace(const KernelTable<T>& kernels, const Data& data, const FitOptions& options,
             const ColumnMoments& moments);

    bool weighs(Index row) const {
        return weighs_.empty() || weighs_[static_cast<std::size_t>(row)] > 0.0;
    }
    // X D^-1 X^T
    SymmetricMatrix inner_products(FunctionRef<bool()> keep_going) const;

    const KernelTable<T>& kernels_;
    Data data_;
    bool fit_intercept_;
    int threads_;
    PenaltyStrength penalty_;    // on the columns
    LargeVector<double> weighs_;  // 0 or 1 for each row; empty: all do
    LargeVector<double> shift_;
    LargeVector<T> shift_T_;
    LargeVector<double> root_;  // of 1 / D, infinite where there is no ridge
    Cholesky factor_;
    Buffer<T> lower_;  // L, rows by rows
};

// A fit in the space of the rows where that pays, else on the columns.
template <class T>
FitOutcome fit_in_least_space(const KernelTable<T>& kernels, const LossSpec& loss, const Data& data,
                              const FitOptions& options, Coefficients start, FitMonitor& monitor);

}  // namespace fastgd
