// The metric and the step of a stream of rows, taken from its first ones.
#pragma once

#include "fit_options.hpp"
#include "objective.hpp"

namespace fastgd {

struct StreamSteps {
    Preconditioner preconditioner;
    double rate = 0.0;
};

// What `options` leave open, from the rows at hand; rows to come may differ. X must be finite.
template <class T>
StreamSteps stream_steps(const Objective<T>& objective, const Data& data,
                         const FitOptions& options);

}  // namespace fastgd
