// Quasi-Newton steps against the two loops over the pairs as they are published.
#include <algorithm>

#include "check.hpp"
#include "core/lbfgs.hpp"
#include "numbers.hpp"

namespace fastgd::testing {
namespace {

using Vector = std::vector<long double>;

long double dot(const Vector& a, const Vector& b) {
    long double sum = 0;
    for (std::size_t j = 0; j < a.size(); ++j) sum += a[j] * b[j];
    return sum;
}

void add(Vector& to, long double factor, const Vector& a) {
    for (std::size_t j = 0; j < a.size(); ++j) to[j] += factor * a[j];
}

// sum_j h_j x_j^2 / 2 + (u . (x - c))^2 / 2: bends by up to ten times what the metric says.
struct Bowl {
    LargeVector<double> bend, coupling, centre, metric;

    Bowl(Numbers& numbers, Index columns)
        : bend(numbers.uniforms<double>(columns, 0.5, 5)),
          coupling(numbers.uniforms<double>(columns, -1, 1)),
          centre(numbers.normals<double>(columns)),
          metric(numbers.uniforms<double>(columns, 0.3, 3)) {
        for (double& u : coupling) u /= std::sqrt(static_cast<double>(columns));
    }
    double along(const LargeVector<double>& x) const {
        double sum = 0;
        for (std::size_t j = 0; j < x.size(); ++j) sum += coupling[j] * (x[j] - centre[j]);
        return sum;
    }
    double value(const LargeVector<double>& x) const {
        double sum = along(x) * along(x);
        for (std::size_t j = 0; j < x.size(); ++j) sum += bend[j] * x[j] * x[j];
        return 0.5 * sum;
    }
    LargeVector<double> gradient(const LargeVector<double>& x) const {
        LargeVector<double> result(x.size());
        const double a = along(x);
        for (std::size_t j = 0; j < x.size(); ++j) result[j] = bend[j] * x[j] + a * coupling[j];
        return result;
    }
};

// Nocedal and Wright 2006, algorithm 7.4.
struct TwoLoops {
    static constexpr std::size_t most_pairs = 16;
    std::vector<Vector> step, change;

    Vector direction(const LargeVector<double>& gradient, const LargeVector<double>& metric,
                     double rate) const {
        Vector q(gradient.begin(), gradient.end());
        const std::size_t first = step.size() > most_pairs ? step.size() - most_pairs : 0;
        Vector share(step.size());
        for (std::size_t i = step.size(); i-- > first;) {
            share[i] = dot(step[i], q) / dot(step[i], change[i]);
            add(q, -share[i], change[i]);
        }
        long double scale = rate;
        if (!step.empty()) {
            Vector moved = change.back();
            for (std::size_t j = 0; j < moved.size(); ++j) moved[j] *= metric[j];
            scale = dot(step.back(), change.back()) / dot(change.back(), moved);
        }
        for (std::size_t j = 0; j < q.size(); ++j) q[j] *= scale * metric[j];
        for (std::size_t i = first; i < step.size(); ++i)
            add(q, share[i] - dot(change[i], q) / dot(step[i], change[i]), step[i]);
        for (long double& d : q) d = -d;
        return q;
    }
    void remember(const LargeVector<double>& from, const LargeVector<double>& to,
                  const LargeVector<double>& gradient_from,
                  const LargeVector<double>& gradient_to) {
        step.emplace_back(to.begin(), to.end());
        add(step.back(), -1, Vector(from.begin(), from.end()));
        change.emplace_back(gradient_to.begin(), gradient_to.end());
        add(change.back(), -1, Vector(gradient_from.begin(), gradient_from.end()));
    }
};

constexpr double rate = 0.1;
constexpr int steps = 30;  // more than there are pairs

void steps_are_those_of_the_two_loops() {
    Numbers numbers(71);
    for (const Index columns : {40, 3000}) {
        const Bowl bowl(numbers, columns);
        Lbfgs lbfgs(bowl.metric, nullptr, 1);
        TwoLoops loops;
        LargeVector<double> point = numbers.normals<double>(columns);
        for (int s = 0; s < steps; ++s) {
            const LargeVector<double> from = point;
            const LargeVector<double> gradient = bowl.gradient(from);
            const Vector expected = loops.direction(gradient, bowl.metric, rate);
            // whatever the bowl says: each step is one that the line search is content with
            lbfgs.step(point, -1e6 * s, gradient, rate);
            const long double length = std::sqrt(dot(expected, expected));
            for (std::size_t j = 0; j < point.size(); ++j)
                check(std::abs(point[j] - from[j] - expected[j]) <= 1e-9L * length, "columns ",
                      columns, ", step ", s, ", column ", j, ": ", point[j] - from[j],
                      ", expected ", expected[j]);
            const LargeVector<double> reached = bowl.gradient(point);
            const long double slope = dot(Vector(gradient.begin(), gradient.end()), expected);
            const long double left = dot(Vector(reached.begin(), reached.end()), expected);
            check(left > 0.9L * slope, "else a longer step along the same direction would follow");
            loops.remember(from, point, gradient, reached);
        }
    }
}

LargeVector<double> descended(const Bowl& bowl, LargeVector<double> point, int threads,
                              int saved_after) {
    Lbfgs lbfgs(bowl.metric, nullptr, threads);
    for (int s = 0; s < steps; ++s) {
        if (s == saved_after) {
            DescentState state;
            lbfgs.save(state);
            lbfgs = Lbfgs(bowl.metric, nullptr, threads);
            lbfgs.load(state);
        }
        const LargeVector<double> gradient = bowl.gradient(point);
        lbfgs.step(point, bowl.value(point), gradient, rate);
    }
    return point;
}

void bits_depend_on_no_team_and_no_break() {
    Numbers numbers(72);
    for (const Index columns : {7, 60'000}) {
        const Bowl bowl(numbers, columns);
        const LargeVector<double> start = numbers.normals<double>(columns);
        const LargeVector<double> expected = descended(bowl, start, 1, -1);
        for (const int threads : {2, 3}) check(descended(bowl, start, threads, -1) == expected);
        for (const int after : {0, 1, 5, 20}) check(descended(bowl, start, 2, after) == expected);
    }
}

// Where nothing bends no length is known: steps grow until they lead up, and then shrink.
void straight_parts_are_gone_down_in_longer_steps() {
    Numbers numbers(73);
    const Bowl bowl(numbers, 12);
    Lbfgs lbfgs(bowl.metric, nullptr, 1);
    const LargeVector<double> origin = numbers.normals<double>(12);
    const LargeVector<double> gradient = bowl.gradient(origin);
    LargeVector<double> point = origin;
    const auto length = [&](std::size_t j) {
        return (point[j] - origin[j]) / (-rate * bowl.metric[j] * gradient[j]);
    };
    for (const double expected : {1.0, 4.0, 16.0, 64.0}) {
        lbfgs.step(point, -expected, gradient, rate);
        for (std::size_t j = 0; j < point.size(); ++j)
            check(std::abs(length(j) - expected) <= 1e-9 * expected, length(j));
    }
    lbfgs.step(point, 1.0, gradient, rate);
    for (std::size_t j = 0; j < point.size(); ++j)
        check(length(j) > 6.3 && length(j) < 32.1, length(j));
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"steps are those of the two loops", steps_are_those_of_the_two_loops},
                {"bits depend on no team and no break", bits_depend_on_no_team_and_no_break},
                {"straight parts are gone down in longer steps",
                 straight_parts_are_gone_down_in_longer_steps}},
               argc, argv);
}
