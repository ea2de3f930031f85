// The metric in which steps are taken: the path changes, the optimum does not.
#pragma once

#include <algorithm>

#include "../kernels/table.hpp"
#include "large_vector.hpp"
#include "moments.hpp"
#include "penalty.hpp"

namespace fastgd {

// Coefficients move by -step * metric * gradient on columns reduced by `shift`; both are empty
// for plain steps on raw columns. The intercept moves with `intercept_metric` (0: it is fixed).
struct Preconditioner {
    LargeVector<double> shift;
    LargeVector<double> metric;
    double intercept_metric = 1.0;

    bool identity() const { return metric.empty(); }

    // Kernels subtract the shift in T: it must be a number T holds.
    template <class T>
    void round_shift() {
        for (double& s : shift) s = static_cast<double>(static_cast<T>(s));
    }

    // Scales a gradient of one output, the intercept last, by the root of the metric.
    void into_metric(LargeVector<double>& gradient) const;

    // As kernels read it: nothing where no column is moved.
    template <class T>
    static LargeVector<T> shift_of_kernels(const LargeVector<double>& shift) {
        const bool moves = std::any_of(shift.begin(), shift.end(), [](double s) { return s != 0; });
        return moves ? LargeVector<T>(shift.begin(), shift.end()) : LargeVector<T>{};
    }

    static Preconditioner none(bool fit_intercept);

    // Diagonal scaling by the curvature of each column, c * variance + l2. `batch_size` bounds
    // what one rare large entry may do to a batch (0: all rows): where a column's largest entry
    // carries more than that batch's share of its second moment, the column moves more slowly; and
    // of sparse rows only columns worth it are centred, as each batch pays for that.
    static Preconditioner scale(const ColumnMoments& moments, double curvature,
                                const PenaltyStrength& penalty, bool fit_intercept,
                                Index batch_size);
};

}  // namespace fastgd
