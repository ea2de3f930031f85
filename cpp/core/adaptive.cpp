#include "adaptive.hpp"

#include <cmath>

namespace fastgd {

namespace {

// Keep a coefficient that saw no gradient from dividing by zero; those of the papers and of
// PyTorch.
constexpr double epsilon_of_sums = 1e-10;
constexpr double epsilon_of_averages = 1e-8;

// What makes the average of `age` numbers, begun at 0, a mean of them (Kingma and Ba 2015).
double correction(double kept, std::int64_t age) {
    return 1.0 / (1.0 - std::pow(kept, static_cast<double>(age)));
}

}  // namespace

bool carries_velocity(Update update) {
    return update == Update::momentum || update == Update::nesterov || update == Update::adam ||
           update == Update::adamw;
}

template <class T>
AdaptiveRule<T> adaptive_rule(const DescentOptions& options, std::int64_t age) {
    AdaptiveRule<T> rule;
    if (options.update == Update::adagrad) {
        rule.square_kept = rule.square_added = T(1);
        rule.epsilon = static_cast<T>(epsilon_of_sums * options.gradient_unit);
        return rule;
    }
    rule.square_kept = static_cast<T>(options.beta2);
    rule.square_added = static_cast<T>(1.0 - options.beta2);
    rule.epsilon = static_cast<T>(epsilon_of_averages * options.gradient_unit);
    if (options.update == Update::rmsprop) return rule;
    rule.square_correction = static_cast<T>(correction(options.beta2, age));
    rule.mean_added = static_cast<T>(1.0 - options.momentum);
    rule.mean_correction = static_cast<T>(correction(options.momentum, age));
    rule.decoupled = options.update == Update::adamw;
    return rule;
}

template AdaptiveRule<float> adaptive_rule(const DescentOptions&, std::int64_t);
template AdaptiveRule<double> adaptive_rule(const DescentOptions&, std::int64_t);

}  // namespace fastgd
