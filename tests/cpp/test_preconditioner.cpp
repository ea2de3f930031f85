// The metric of the steps, from column moments, by hand.
#include <cmath>

#include "check.hpp"
#include "core/preconditioner.hpp"

namespace fastgd::testing {
namespace {

// Columns: ordinary; constant; a rare large entry.
ColumnMoments moments() {
    ColumnMoments result;
    result.weight = 1000.0;
    result.mean = {2.0, 7.0, 0.0};
    result.variance = {4.0, 0.0, 0.01};
    result.smallest = {-4.0, 7.0, -1.0};
    result.largest = {8.0, 7.0, 50.0};
    return result;
}

bool near(double a, double b) { return std::abs(a - b) <= 1e-14 * std::abs(b); }

void none_is_the_identity() {
    check(Preconditioner::none(true).identity() && Preconditioner::none(false).identity());
    check(Preconditioner::none(true).intercept_metric == 1.0);
    check(Preconditioner::none(false).intercept_metric == 0.0);
    check(Preconditioner::none(true).shift.empty());
}

void batch_metric_is_the_inverse_curvature() {
    const Preconditioner p = Preconditioner::scale(moments(), 0.25, {0.0, 0.5}, true, 0);
    check(!p.identity());
    check(p.shift == moments().mean);
    check(near(p.metric[0], 1.0 / (0.25 * 4.0 + 0.5)), p.metric[0]);
    check(near(p.metric[1], 1.0 / 0.5), p.metric[1]);
    check(near(p.metric[2], 1.0 / (0.25 * 0.01 + 0.5)), p.metric[2]);
    check(p.intercept_metric == 4.0);
}

void constant_columns_stay_where_they_are() {
    const Preconditioner p = Preconditioner::scale(moments(), 1.0, {}, true, 0);
    check(p.metric[1] == 0.0, p.metric[1]);
    ColumnMoments rounding = moments();
    rounding.variance[1] = 1e-32 * 49.0;  // what rounding leaves of a constant
    check(Preconditioner::scale(rounding, 1.0, {}, true, 0).metric[1] == 0.0);
}

void without_intercept_nothing_is_centred() {
    const Preconditioner p = Preconditioner::scale(moments(), 1.0, {}, false, 0);
    check(p.shift == LargeVector<double>(3, 0.0));
    check(near(p.metric[0], 1.0 / (4.0 + 2.0 * 2.0)), p.metric[0]);
    check(near(p.metric[1], 1.0 / 49.0), p.metric[1]);
    check(p.intercept_metric == 0.0);
}

// A batch may hold the one large entry: then its column bends by reach^2 / batch.
void rare_large_entries_slow_their_column() {
    const auto metric_of_rare = [](Index batch) {
        return Preconditioner::scale(moments(), 1.0, {}, true, batch).metric[2];
    };
    check(metric_of_rare(1) < metric_of_rare(100) && metric_of_rare(100) < metric_of_rare(0));
    check(near(metric_of_rare(97), 1.0 / (50.0 * 50.0 / 100.0)), metric_of_rare(97));
    // an ordinary column of a large batch is as in batch descent
    check(Preconditioner::scale(moments(), 1.0, {}, true, 100).metric[0] ==
          Preconditioner::scale(moments(), 1.0, {}, true, 0).metric[0]);
}

void overflowed_moments_give_no_metric() {
    ColumnMoments overflowed = moments();
    overflowed.variance[0] = INFINITY;
    check(Preconditioner::scale(overflowed, 1.0, {}, true, 0).metric[0] == 0.0);
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"none is the identity", none_is_the_identity},
                {"metric is the inverse curvature", batch_metric_is_the_inverse_curvature},
                {"constant columns stay", constant_columns_stay_where_they_are},
                {"without intercept nothing is centred", without_intercept_nothing_is_centred},
                {"rare large entries slow their column", rare_large_entries_slow_their_column},
                {"overflowed moments give no metric", overflowed_moments_give_no_metric}},
               argc, argv);
}
