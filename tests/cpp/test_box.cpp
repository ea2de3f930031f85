// Bounds of coefficients: what lies within them, and the numbers of each precision that do.
#include "check.hpp"
#include "core/box.hpp"
#include "core/descent.hpp"
#include "levels.hpp"
#include "problem.hpp"

namespace fastgd::testing {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

void projection_keeps_what_it_can() {
    const Box box{{0.0, -infinity, 2.0}, {1.0, -3.0, 2.0}};
    LargeVector<double> coef{0.5, -1.0, 7.0};
    box.project(coef);
    check(coef == LargeVector<double>{0.5, -3.0, 2.0});
    check(box.projected(0, -1.0) == 0.0 && box.projected(0, 2.0) == 1.0);
    check(std::isnan(box.projected(0, std::numeric_limits<double>::quiet_NaN())), "NaN is seen");
    const Box none;
    check(none.empty() && none.low_of(5) == -infinity && none.high_of(5) == infinity);
}

void numbers_of_a_precision_lie_inside() {
    const Box box{{0.1, 0.7, -infinity, 0.1, 1e300, -1e300, 0.25},
                  {0.3, 0.7, -0.1, infinity, infinity, -1e299, 0.25}};
    const Box same = box.within<double>();
    check(same.low == box.low && same.high == box.high);
    const Box inside = box.within<float>();
    const double largest = std::numeric_limits<float>::max();
    for (const std::size_t j : {0, 2, 3, 6}) {
        check(box.low[j] <= inside.low[j] && inside.high[j] <= box.high[j], j);
        const auto next =
            static_cast<double>(std::nextafter(static_cast<float>(inside.low[j]), -1.0F));
        check(std::isinf(box.low[j]) || box.low[j] == inside.low[j] || next < box.low[j], j);
    }
    check(inside.low[1] == 0.7F && inside.high[1] == 0.7F, "no float lies there: the nearest");
    check(inside.low[4] == largest && inside.low[5] == -largest && inside.high[5] == -largest);
    check(inside.low[6] == 0.25 && inside.high[6] == 0.25);
}

// Every descent stays inside, and a wide box changes no more than roundings.
void descents_stay_inside() {
    for (const Solver solver : {Solver::batch, Solver::minibatch, Solver::sgd})
        for (const Update update : {Update::plain, Update::momentum, Update::nesterov,
                                    Update::accelerated, Update::adam}) {
            if (solver == Solver::batch ? update == Update::adam : update == Update::accelerated)
                continue;
            each_precision([&](const auto& kernels) {
                using T = Number<decltype(kernels)>;
                Numbers numbers(44);
                const Problem<T> problem = make_problem<T>(numbers, 300, 5, 2);
                const Objective<T> objective(kernels, {0, 0.0}, 1);
                const auto descend = [&](const Box& box, bool average) {
                    DescentOptions options;
                    options.columns = 5;
                    options.outputs = 2;
                    options.batch_size = 32;
                    options.update = update;
                    options.average = average;
                    options.penalty = {0.01, 0.02};
                    options.penalty.box = box;
                    options.schedule.rate = 0.02;
                    const Coefficients start{LargeVector<double>(10, 0.0), {0.0, 0.0}};
                    const auto descent = make_descent(solver, objective, options, start);
                    for (int epoch = 0; epoch < 5; ++epoch) {
                        descent->consume(problem.data(), problem.all());
                        descent->finish_epoch();
                    }
                    return descent->coefficients().coef;
                };
                Box box{LargeVector<double>(10, -0.01), LargeVector<double>(10, 0.03)};
                for (const bool average : {false, true}) {
                    if (solver == Solver::batch && average) continue;
                    std::size_t held = 0;
                    for (const double w : descend(box, average)) {
                        check(-0.01 <= w && w <= 0.03, static_cast<int>(solver), ' ',
                              static_cast<int>(update), ": ", w);
                        if (w < -0.0099 || w > 0.0299) ++held;
                    }
                    check(average || held > 0, "nothing met its bound");
                }
                const LargeVector<double> free = descend({}, false);
                const LargeVector<double> wide =
                    descend({LargeVector<double>(10, -1e9), LargeVector<double>(10, 1e9)}, false);
                for (std::size_t j = 0; j < free.size(); ++j)
                    check(close(static_cast<T>(wide[j]), free[j], 1, 1e3), free[j], " and ",
                          wide[j]);
            });
        }
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"projection keeps what it can", projection_keeps_what_it_can},
                {"numbers of a precision lie inside", numbers_of_a_precision_lie_inside},
                {"descents stay inside", descents_stay_inside}},
               argc, argv);
}
