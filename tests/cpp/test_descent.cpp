// The resumable descent: chunks change no bit, and a state goes on where it was taken.
#include <algorithm>
#include <stdexcept>

#include "check.hpp"
#include "core/descent.hpp"
#include "levels.hpp"
#include "problem.hpp"

namespace fastgd::testing {
namespace {

struct DescentKind {
    const char* name;
    Solver solver;
    Update update = Update::plain;
    Index batch_size = 32;
    bool average = false;
    Index average_after = 0;
    bool scaled = false;
    double l1 = 0.0;
    double l2 = 0.0;
    Schedule::Kind schedule = Schedule::Kind::held;
};

const DescentKind kinds[] = {
    {"batch", Solver::batch},
    {"batch momentum", Solver::batch, Update::momentum, 32, false, 0, true, 0.01},
    {"batch nesterov", Solver::batch, Update::nesterov},
    {"batch accelerated", Solver::batch, Update::accelerated, 32, false, 0, true, 0.01, 0.1},
    {"minibatch", Solver::minibatch},
    {"minibatch of 7", Solver::minibatch, Update::plain, 7, false, 0, true, 0.0, 0.1},
    {"minibatch larger than the data", Solver::minibatch, Update::plain, 5000},
    {"minibatch momentum", Solver::minibatch, Update::momentum, 48, false, 0, false, 0.01},
    {"minibatch nesterov", Solver::minibatch, Update::nesterov, 32, true, 3},
    {"minibatch averaged", Solver::minibatch, Update::plain, 4, true},
    {"minibatch invscaling", Solver::minibatch, Update::plain, 16, false, 0, false, 0, 0.1,
     Schedule::Kind::invscaling},
    {"minibatch adagrad", Solver::minibatch, Update::adagrad, 32, true, 5, true, 0.01, 0.1},
    {"minibatch rmsprop", Solver::minibatch, Update::rmsprop, 7},
    {"minibatch adam", Solver::minibatch, Update::adam, 48, false, 0, true, 0.01, 0.1},
    {"minibatch adamw", Solver::minibatch, Update::adamw, 5000, false, 0, false, 0.0, 0.1},
    {"sgd", Solver::sgd},
    {"sgd scaled", Solver::sgd, Update::plain, 1, false, 0, true, 0.01, 0.1},
    {"sgd averaged", Solver::sgd, Update::plain, 1, true},
    {"sgd averaged late", Solver::sgd, Update::plain, 1, true, 777, true},
    {"sgd momentum", Solver::sgd, Update::momentum},
    {"sgd adam", Solver::sgd, Update::adam, 1, true, 99},
    {"sgd invscaling", Solver::sgd, Update::plain, 1, false, 0, false, 0, 0.1,
     Schedule::Kind::invscaling},
};

const DescentKind passive_aggressive_kinds[] = {
    {"sgd passive-aggressive", Solver::sgd, Update::plain, 1, false, 0, false, 0.01, 0.1,
     Schedule::Kind::passive_aggressive_1},
    {"sgd passive-aggressive averaged", Solver::sgd, Update::plain, 1, true, 777, false, 0, 0,
     Schedule::Kind::passive_aggressive_2},
};

template <class T>
DescentOptions options_for(const DescentKind& kind, const Problem<T>& problem) {
    DescentOptions options;
    options.columns = problem.columns;
    options.outputs = problem.outputs;
    options.batch_size = kind.batch_size;
    options.update = kind.update;
    options.momentum = 0.7;
    options.penalty = {kind.l1, kind.l2};
    options.schedule = {.kind = kind.schedule, .rate = 0.01, .power = 0.25};
    options.mean_weight = problem.weight.empty() ? 1.0 : 1.05;
    options.average = kind.average;
    options.average_after = kind.average_after;
    options.preconditioner = Preconditioner::none(true);
    if (kind.scaled)
        for (Index j = 0; j < problem.columns; ++j) {
            options.preconditioner.shift.push_back(0.125 * static_cast<double>(j % 3));
            options.preconditioner.metric.push_back(0.5 + 0.25 * static_cast<double>(j % 4));
        }
    return options;
}

template <class T>
Coefficients zeros(const Problem<T>& problem) {
    return {LargeVector<double>(static_cast<std::size_t>(problem.outputs * problem.columns)),
            LargeVector<double>(static_cast<std::size_t>(problem.outputs))};
}

bool same(const Coefficients& a, const Coefficients& b) {
    return a.coef == b.coef && a.intercept == b.intercept;
}

using Chunks = std::vector<Index>;

// Cuts rows at random: many small chunks, some long ones, some empty.
Chunks random_chunks(Numbers& numbers, Index rows) {
    Chunks sizes;
    for (Index left = rows; left > 0;) {
        const Index most = numbers.below(4) == 0 ? 900 : 20;
        sizes.push_back(std::min(numbers.below(most), left));
        left -= sizes.back();
    }
    return sizes;
}

template <class T>
void feed(Descent<T>& descent, const Problem<T>& problem, const RowSelection& rows,
          const Chunks& chunks) {
    Index done = 0;
    for (const Index size : chunks) {
        descent.consume(problem.data(), rows.part(done, size));
        done += size;
    }
    descent.consume(problem.data(), rows.part(done, rows.count - done));
    descent.finish_epoch();
}

// The first `epochs` epochs in chunks; threads differ as well.
template <class T>
void check_chunks(const KernelTable<T>& kernels, const DescentKind& kind, const Problem<T>& problem,
                  Index loss, Numbers& numbers) {
    const LossSpec spec{loss, loss_oracle(kernels.losses[loss].name).parameters};
    const Objective<T> one_thread(kernels, spec, 1);
    const Objective<T> three_threads(kernels, spec, 3);
    const DescentOptions options = options_for(kind, problem);
    std::vector<Index> order;
    for (Index i = 0; i < problem.rows; ++i) order.push_back((i * 7919) % problem.rows);
    const RowSelection rows{order.data(), 0, problem.rows};
    const auto whole = make_descent(kind.solver, one_thread, options, zeros(problem));
    const auto chunked = make_descent(kind.solver, three_threads, options, zeros(problem));
    const auto single = make_descent(kind.solver, one_thread, options, zeros(problem));
    for (int epoch = 0; epoch < 3; ++epoch) {
        feed(*whole, problem, rows, {});
        feed(*chunked, problem, rows, random_chunks(numbers, problem.rows));
        feed(*single, problem, rows, Chunks(static_cast<std::size_t>(problem.rows), 1));
        check(same(whole->coefficients(), chunked->coefficients()), kind.name, ' ', kernels.isa,
              " float", 8 * sizeof(T), " epoch ", epoch, ": random chunks");
        check(same(whole->coefficients(), single->coefficients()), kind.name, ' ', kernels.isa,
              " float", 8 * sizeof(T), " epoch ", epoch, ": row by row");
    }
    check(whole->state() == chunked->state(), kind.name, ": states differ");
    for (const double c : whole->coefficients().coef) check(std::isfinite(c), kind.name);
    check(!same(whole->coefficients(), zeros(problem)), kind.name, " did not move");
}

void chunked_is_whole() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(40);
        const auto regression = make_problem<T>(numbers, 1501, 11, 2, {false, true, true});
        const auto labels = make_problem<T>(numbers, 1501, 21, 1, {true, true, false});
        for (const DescentKind& kind : kinds) {
            check_chunks(kernels, kind, regression, 0, numbers);
            check_chunks(kernels, kind, labels, find_loss(kernels, "log_loss"), numbers);
        }
    });
}

void chunked_is_whole_for_passive_aggressive_steps() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(47);
        const auto regression = make_problem<T>(numbers, 1501, 11, 2, {false, true, true});
        const auto labels = make_problem<T>(numbers, 1501, 21, 1, {true, true, false});
        for (const DescentKind& kind : passive_aggressive_kinds) {
            check_chunks(kernels, kind, regression, find_loss(kernels, "epsilon_insensitive"),
                         numbers);
            check_chunks(kernels, kind, labels, find_loss(kernels, "hinge"), numbers);
        }
    });
}

// Batches of some megabytes are summed block by block.
void chunked_is_whole_for_large_batches() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(41);
        const auto wide = make_problem<T>(numbers, 2600, 700, 1);
        for (const Index batch_size : {800, 1000, 2600})
            for (const Update update : {Update::plain, Update::nesterov, Update::adamw}) {
                const DescentKind kind{
                    "large minibatch", Solver::minibatch, update, batch_size, true, 1};
                check_chunks(kernels, kind, wide, 0, numbers);
            }
        check_chunks(kernels, {"wide batch", Solver::batch}, wide, 0, numbers);
        // of a block no longer than they are, part by part
        const auto wider = make_problem<T>(numbers, 500, 3000, 1);
        for (const Update update : {Update::plain, Update::adamw})
            check_chunks(kernels, {"wider minibatch", Solver::minibatch, update, 200, true, 1},
                         wider, 0, numbers);
    });
}

void state_goes_on_bit_for_bit() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(42);
        const auto problem = make_problem<T>(numbers, 900, 13, 1, {false, true, false});
        const Objective<T> objective(kernels, {0, 0.0}, 2);
        for (const DescentKind& kind : kinds) {
            const DescentOptions options = options_for(kind, problem);
            const auto whole = make_descent(kind.solver, objective, options, zeros(problem));
            for (int epoch = 0; epoch < 2; ++epoch) feed(*whole, problem, problem.all(), {});
            whole->set_rate(0.004);
            const DescentState state = whole->state();
            const auto resumed = make_descent(kind.solver, objective, options, zeros(problem));
            resumed->restore(state);
            check(resumed->state() == state, kind.name, ": restore and state differ");
            check(same(whole->coefficients(), resumed->coefficients()), kind.name);
            check(whole->rate() == resumed->rate(), kind.name);
            for (int epoch = 0; epoch < 2; ++epoch) {
                feed(*whole, problem, problem.all(), {});
                feed(*resumed, problem, problem.all(), {});
                check(same(whole->coefficients(), resumed->coefficients()), kind.name, " float",
                      8 * sizeof(T), ", epoch ", epoch, " after restoring");
            }
            check(whole->state() == resumed->state(), kind.name);
        }
    });
}

void epochs_without_rows_change_nothing() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(43);
        const auto problem = make_problem<T>(numbers, 64, 3, 1);
        const Objective<T> objective(kernels, {0, 0.0}, 1);
        for (const DescentKind& kind : kinds) {
            const auto descent =
                make_descent(kind.solver, objective, options_for(kind, problem), zeros(problem));
            descent->finish_epoch();
            descent->consume(problem.data(), {nullptr, 0, 0});
            descent->finish_epoch();
            check(same(descent->coefficients(), zeros(problem)), kind.name);
        }
    });
}

// One step of each solver on one batch of all rows is the same step.
void one_batch_of_all_rows_is_a_batch_step() {
    const KernelTable<double>& kernels = selected_kernels<double>();
    Numbers numbers(44);
    const auto problem = make_problem<double>(numbers, 200, 6, 1, {false, true, false});
    const Objective<double> objective(kernels, {0, 0.0}, 1);
    double mean_weight = 0.0;
    for (const double w : problem.weight) mean_weight += w / 200.0;
    DescentOptions options = options_for({"", Solver::batch}, problem);
    options.batch_size = 200;
    options.mean_weight = mean_weight;
    options.penalty = {0.01, 0.1};
    const auto batch = make_descent(Solver::batch, objective, options, zeros(problem));
    const auto minibatch = make_descent(Solver::minibatch, objective, options, zeros(problem));
    for (int epoch = 0; epoch < 3; ++epoch) {
        feed(*batch, problem, problem.all(), {});
        feed(*minibatch, problem, problem.all(), {});
    }
    for (std::size_t j = 0; j < 6; ++j)
        check(std::abs(batch->coefficients().coef[j] - minibatch->coefficients().coef[j]) < 1e-14);
}

void batch_descent_refuses_adaptive_updates() {
    const KernelTable<double>& kernels = selected_kernels<double>();
    Numbers numbers(45);
    const auto problem = make_problem<double>(numbers, 20, 2, 1);
    const Objective<double> objective(kernels, {0, 0.0}, 1);
    for (const Update update : {Update::adagrad, Update::adamw}) {
        bool refused = false;
        try {
            make_descent(Solver::batch, objective,
                         options_for({"", Solver::batch, update}, problem), zeros(problem));
        } catch (const std::invalid_argument&) {
            refused = true;
        }
        check(refused);
    }
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"chunked is whole", chunked_is_whole},
                {"chunked is whole for passive-aggressive steps",
                 chunked_is_whole_for_passive_aggressive_steps},
                {"chunked is whole, large batches", chunked_is_whole_for_large_batches},
                {"a state goes on bit for bit", state_goes_on_bit_for_bit},
                {"epochs without rows change nothing", epochs_without_rows_change_nothing},
                {"a batch of all rows is a batch step", one_batch_of_all_rows_is_a_batch_step},
                {"batch refuses adaptive updates", batch_descent_refuses_adaptive_updates}},
               argc, argv);
}
