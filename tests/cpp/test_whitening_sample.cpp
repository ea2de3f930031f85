// Steps by a sample of the rows: how few of them lead how far.
#include "levels.hpp"
#include "whitened.hpp"

namespace fastgd::testing {
namespace {

// So many rows that the metric is a sample's: each step leaves a few percent.
void few_steps_solve_least_squares_by_a_sample() {
    const KernelTable<double>& kernels = selected_kernels<double>();
    Numbers numbers(91);
    const auto problem = correlated<double>(numbers, 20000, 165);
    Whitened<double> whitened(kernels, "squared_error", problem);
    const Coefficients start = whitened.whitening().solve_sample(whitened.zero(), keep_going);
    const double first = whitened.steepest(start);
    check(first > 1e-8, "the sample holds all rows: ", first);
    const double last = whitened.steepest(whitened.after(start, 12));
    check(last <= 1e-9, "from ", first, " to ", last);
}

// So many rows that the metric is a sample's.
Problem<double> labelled_by_a_column(Numbers& numbers) {
    auto problem = correlated<double>(numbers, 40000, 30, 1, {true, false, false});
    for (std::size_t i = 0; i < 40000; ++i)
        problem.y[i] = problem.X[30 * i] + 0.3 * numbers.normal() > 0.0 ? 1.0 : -1.0;
    return problem;
}

// Where all rows of a sample lead is found by few of them, up to a last step or two.
void few_rows_lead_most_of_the_way() {
    const KernelTable<double>& kernels = selected_kernels<double>();
    Numbers numbers(98);
    const Problem<double> problem = labelled_by_a_column(numbers);
    Whitened<double> whitened(kernels, "log_loss", problem);
    const Index before = whitened.rows_read();
    const Coefficients there = whitened.whitening().solve_sample(whitened.zero(), keep_going);
    const auto read = static_cast<double>(whitened.rows_read() - before);
    const auto sample = static_cast<double>(whitened.whitening().sample().rows().size());
    check(sample < 40000, "the sample holds all rows");
    check(read < 9.5 * sample, read, " rows read, the sample has ", sample);
    const double least = whitened.value(whitened.after(there, 8));
    check(whitened.value(there) - least < 5e-3 * least, whitened.value(there), " and ", least);
}

// The few rows have the labels turned, so that where they lead is uphill for all.
void few_rows_that_mislead_are_left() {
    const KernelTable<double>& kernels = selected_kernels<double>();
    Numbers numbers(99);
    Problem<double> problem = labelled_by_a_column(numbers);
    Whitened<double> even(kernels, "log_loss", problem);
    const auto few = even.whitening().sample().thinned(even.objective(), keep_going);
    check(few.has_value(), "no fewer rows");
    if (!few) return;
    few->rows().each([&](const RowSelection& rows, double) {
        for (Index i = 0; i < rows.count; ++i) {
            double& y = problem.y[static_cast<std::size_t>(rows.at(i))];
            y = -y;
        }
    });
    Whitened<double> misled(kernels, "log_loss", problem);
    const Coefficients there = misled.whitening().solve_sample(misled.zero(), keep_going);
    const double least = misled.value(misled.after(there, 8));
    check(misled.value(there) - least < 5e-3 * least, misled.value(there), " and ", least);
}

// As many steps as that say that the sample is not enough: in the end all rows are the sample, and
// the promise is that of Newton's method.
void a_sample_is_widened() {
    Numbers numbers(88);
    const Index columns = 40;
    const auto problem = make_problem<double>(numbers, 9000, columns, 1);
    const auto& kernels = selected_kernels<double>();
    Whitened<double> few(kernels, "log_loss", problem);
    const Coefficients start = few.zero();
    LargeVector<double> promised;
    for (int s = 0; s < 24; ++s) promised.push_back(few.step(start).decrement);
    check(promised[0] == promised[10] && promised[11] != promised[10]);
    check(promised[11] == promised[23], "all rows are there already");
    // the Hessian at zero is a quarter of second moments: of all rows, as for a squared error
    Whitened<double> all(kernels, "squared_error", problem);
    const GradientSums sums = few.sums_at(start);
    const MetricStep step = all.whitening().step(start, sums, keep_going);
    check(std::abs(promised[11] / (4.0 * step.decrement) - 1.0) <= 1e-9, promised[11], ", ",
          step.decrement);
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"few steps by a sample", few_steps_solve_least_squares_by_a_sample},
                {"few rows lead most of the way", few_rows_lead_most_of_the_way},
                {"few rows that mislead are left", few_rows_that_mislead_are_left},
                {"a sample is widened", a_sample_is_widened}},
               argc, argv);
}
