// One against the rest: a fit for each class, all of which share each reading of X.
#pragma once

#include <vector>

#include "fit.hpp"

namespace fastgd {

// What is a class's own; all options but the penalty's bounds are alike in all classes.
struct ClassFit {
    double label;  // in y's only column: rows that have it are +1, all others -1
    LossSpec loss;  // one loss, by parameters of its own
    FitOptions options;
    Coefficients start;
    FitMonitor* monitor;
};

// In the order of `classes`. Each ends as its fit alone would, up to rounding. Once one is
// interrupted, or X is not finite, all are what that one tells.
template <class T>
std::vector<FitOutcome> fit_classes(const KernelTable<T>& kernels, const Data& data,
                                    const std::vector<ClassFit>& classes);

}  // namespace fastgd
