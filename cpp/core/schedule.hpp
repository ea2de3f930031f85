// The step size as a function of the steps taken; plain data by the time a loop runs.
#pragma once

#include <cmath>

namespace fastgd {

struct Schedule {
    enum class Kind {
        held,        // `rate` until somebody sets another: constant, adaptive, auto, callables
        invscaling,  // rate / t^power
        optimal,     // 1 / (alpha (t0 + t)), Bottou's choice as in scikit-learn
        // what bounds steps whose length each row tells (Crammer et al. 2006), `rate` in all
        passive_aggressive_1,
        passive_aggressive_2,
    };

    Kind kind = Kind::held;
    double rate = 0.01;
    double power = 0.25;
    double alpha = 0.0;
    double t0 = 0.0;

    bool passive_aggressive() const { return kind >= Kind::passive_aggressive_1; }

    // t counts steps from 1.
    double at(double t) const {
        switch (kind) {
            case Kind::invscaling: return rate / std::pow(t, power);
            case Kind::optimal: return 1.0 / (alpha * (t0 + t - 1.0));
            case Kind::held:
            case Kind::passive_aggressive_1:
            case Kind::passive_aggressive_2: break;
        }
        return rate;
    }
};

}  // namespace fastgd
