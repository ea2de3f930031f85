// Adaptive updates as numbers: what they keep of past gradients, and what a young average lacks.
#pragma once

#include "descent.hpp"

namespace fastgd {

// Whether an update carries a velocity from step to step, or a mean gradient in its place.
bool carries_velocity(Update update);

// The rule at the `age`-th step since the averages began, counted from 1, without its pointers.
template <class T>
AdaptiveRule<T> adaptive_rule(const DescentOptions& options, std::int64_t age);

}  // namespace fastgd
