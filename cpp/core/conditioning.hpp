// What the rows tell of a descent on them before any step is taken.
#pragma once

#include <vector>

#include "large_vector.hpp"
#include "penalty_scale.hpp"
#include "step_size.hpp"
#include "symmetric.hpp"

namespace fastgd {

struct Conditioning {
    ColumnMoments moments;  // nothing below is set where these found a non-finite cell
    double curvature = 0.0;  // of the loss
    LargeVector<double> l2;  // of the penalty on each column as given
    LargeVector<double> shift;  // of centred columns; 0 without an intercept
    SymmetricMatrix second_moments;  // of columns in units of their spread, then the intercept
    Index rows = 0;                  // that these are of; 0: too many columns for them
    double ridge = 0.0;              // that whitening adds to each of their diagonal
    std::vector<Index> dependent;    // columns made up of others, as second moments tell
    std::vector<Index> told_apart;  // those of them that differ from these by more than rounding
    SafeStep batch;
    SafeStep sgd;
};

// `loss` gives the curvature; targets play no part but for a loss in exp(z), offsets none. Once
// `keep_going` says no, the result means nothing.
template <class T>
Conditioning conditioning(const KernelTable<T>& kernels, const Data& data, LossSpec loss,
                          const PenaltyStrength& strength, PenaltyScale scale, bool fit_intercept,
                          int threads, FunctionRef<bool()> keep_going);

}  // namespace fastgd
