#include "duality_gap.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>

#include "parallel.hpp"
#include "tile_gradient.hpp"
#include "tile_reader.hpp"

namespace fastgd {

namespace {

// Sums over the rows whose derivative is above 0, then over the others.
struct SignedSums {
    std::array<GradientSums, 2> of;

    SignedSums(Index outputs, Index columns)
        : of{GradientSums(outputs, columns), GradientSums(outputs, columns)} {}
    void clear() {
        for (GradientSums& sums : of) sums.clear();
    }
    void add(const SignedSums& other) {
        for (std::size_t s = 0; s < 2; ++s) of[s].add(other.of[s]);
    }
};

struct GapSum {
    double gap = 0.0;

    void clear() { gap = 0.0; }
    void add(const GapSum& other) { gap += other.gap; }
};

template <class T>
struct Member {
    TileReader<T> reader;
    std::array<Buffer<T>, 2> derivative;
    std::array<TileGradient<T>, 2> gradient;

    Member(const KernelTable<T>& kernels, const Data& data, Index tile_rows)
        : reader(kernels, data, tile_rows),
          derivative{Buffer<T>(tile_rows * data.outputs()), Buffer<T>(tile_rows * data.outputs())},
          gradient{TileGradient<T>(kernels, data), TileGradient<T>(kernels, data)} {}
};

// Adds to `total`, block after block, what add_tile(member, tile, targets, last_of_group, sums)
// makes of each tile once its linear predictor is known.
template <class T, class Sums, class AddTile>
void sum_blocks(const Objective<T>& objective, const Data& data, const LinearModel<T>& model,
                const AddTile& add_tile, Sums& total) {
    const KernelTable<T>& kernels = objective.kernels();
    const Blocks blocks = Blocks::of<T>(data.X, data.outputs());
    const RowSelection all{nullptr, 0, data.rows()};
    const double bytes = data.bytes_of<T>(data.rows()) * static_cast<double>(data.outputs());
    const int threads = threads_for_work(objective.threads(), bytes);
    const int slots = threads == 1 ? 1 : OrderedBlocks::slots_for(threads);
    std::vector<std::unique_ptr<Member<T>>> members;
    for (int m = 0; m < threads; ++m)
        members.push_back(std::make_unique<Member<T>>(kernels, data, blocks.tile_rows));
    std::vector<Sums> partial(static_cast<std::size_t>(slots), total);

    OrderedBlocks order((all.count + blocks.block_rows - 1) / blocks.block_rows, slots);
    run_team(threads, [&](int m, int) {
        Member<T>& member = *members[static_cast<std::size_t>(m)];
        order.work(
            [&](Index block, int slot) {
                Sums& sums = partial[static_cast<std::size_t>(slot)];
                sums.clear();
                const Index first = block * blocks.block_rows;
                const RowSelection rows =
                    all.part(first, std::min(blocks.block_rows, all.count - first));
                for (Index begin = 0; begin < rows.count; begin += blocks.tile_rows) {
                    const Index size = std::min(blocks.tile_rows, rows.count - begin);
                    const Index after = std::min(blocks.tile_rows, rows.count - begin - size);
                    const RowSelection selection = rows.part(begin, size);
                    const RowTile<T> tile = member.reader.rows(
                        data, selection, rows.part(begin + size, after), nullptr);
                    const PointwiseTile<T> targets =
                        member.reader.targets(data, selection, objective.loss_parameters());
                    kernels.forward(tile, model.coef, data.outputs(), model.intercept,
                                    member.reader.z());
                    const bool last =
                        (begin + size) % blocks.flush_rows == 0 || begin + size == rows.count;
                    add_tile(member, tile, targets, last, sums);
                }
            },
            [&](int slot) { total.add(partial[static_cast<std::size_t>(slot)]); });
    });
}

template <class T>
SignedSums signed_sums(const Objective<T>& objective, const Data& data,
                       const LinearModel<T>& model) {
    const Index outputs = data.outputs();
    SignedSums total(outputs, data.columns());
    const auto add_tile = [&](Member<T>& member, const RowTile<T>& tile,
                              const PointwiseTile<T>& targets, bool last, SignedSums& sums) {
        T* derivative = member.reader.derivative();
        sums.of[0].loss += objective.loss().derivative(targets, derivative);
        for (Index i = 0; i < tile.rows; ++i)
            sums.of[0].weight +=
                targets.weight == nullptr ? 1.0 : static_cast<double>(targets.weight[i * outputs]);
        for (std::size_t s = 0; s < 2; ++s) {
            T* part = member.derivative[s].data();
            for (Index i = 0; i < tile.rows * outputs; ++i) {
                part[i] = (derivative[i] > 0) == (s == 0) ? derivative[i] : T(0);
                sums.of[s].intercept[static_cast<std::size_t>(i % outputs)] +=
                    static_cast<double>(part[i]);
            }
            member.gradient[s].add(tile, part, outputs, sums.of[s].coef);
            if (last) member.gradient[s].flush(sums.of[s].coef);
        }
    };
    sum_blocks(objective, data, model, add_tile, total);
    return total;
}

// A point of the dual: derivatives less `cut`, of one sign and output after the other, and their
// products with the columns.
struct DualPoint {
    LargeVector<double> cut;
    LargeVector<double> products;

    // Takes the share off what is left of one output's derivatives.
    void shrink(std::size_t output, double share) {
        const std::size_t outputs = cut.size() / 2;
        for (const std::size_t s : {output, outputs + output}) cut[s] += share * (1.0 - cut[s]);
        const std::size_t columns = products.size() / outputs;
        for (std::size_t j = 0; j < columns; ++j) products[output * columns + j] *= 1.0 - share;
    }
};

// The derivatives as they are or, to sum to 0, less a share of the sign that outweighs the other.
DualPoint balanced(const SignedSums& sums, bool fit_intercept) {
    const std::size_t outputs = sums.of[0].intercept.size();
    const std::size_t columns = sums.of[0].coef.size() / outputs;
    const double weight = sums.of[0].weight;
    DualPoint point{LargeVector<double>(2 * outputs), LargeVector<double>(outputs * columns)};
    for (std::size_t k = 0; k < outputs; ++k) {
        const double above = sums.of[0].intercept[k];
        const double below = -sums.of[1].intercept[k];
        if (fit_intercept && above != below) {
            const std::size_t heavier = above > below ? 0 : 1;
            point.cut[heavier * outputs + k] = std::abs(above - below) / std::max(above, below);
        }
        for (std::size_t j = k * columns; j < (k + 1) * columns; ++j)
            point.products[j] = ((1.0 - point.cut[k]) * sums.of[0].coef[j] +
                                 (1.0 - point.cut[outputs + k]) * sums.of[1].coef[j]) /
                                weight;
    }
    return point;
}

// Whether the derivatives have to sum to 0 for the sake of a column.
bool constants_bind(const PenaltyStrength& penalty, const SignedSums& sums) {
    for (std::size_t j = 0; j < sums.of[0].coef.size(); ++j)
        if (penalty.exempts(j) && sums.of[0].coef[j] + sums.of[1].coef[j] != 0.0) return true;
    return false;
}

// Of the penalty in its scale a constant column bears nothing: its products are 0 up to rounding
// where the derivatives sum to 0.
bool constant(std::size_t column, const PenaltyStrength& strength, const PenaltyStrength& penalty) {
    return penalty.exempts(column) && !strength.exempts(column);
}

// Whether the derivatives' products with exempted columns are 0, as they have to be.
bool respects_exempted(const DualPoint& point, const PenaltyStrength& strength) {
    for (std::size_t j = 0; j < point.products.size(); ++j)
        if (strength.exempts(j) && point.products[j] != 0.0) return false;
    return true;
}

// The same, with products no larger than the l1 strength.
DualPoint within_l1(DualPoint point, const PenaltyStrength& strength,
                    const PenaltyStrength& penalty) {
    const std::size_t outputs = point.cut.size() / 2;
    const std::size_t columns = point.products.size() / outputs;
    for (std::size_t k = 0; k < outputs; ++k) {
        double share = 0.0;
        for (std::size_t j = k * columns; j < (k + 1) * columns; ++j) {
            const double size = std::abs(point.products[j]);
            const double l1 = penalty.l1_of(j);
            if (size > l1 && !constant(j, strength, penalty))
                share = std::max(share, (size - l1) / size);
        }
        if (share > 0.0) point.shrink(k, share);
    }
    return point;
}

// What Fenchel's inequality leaves between a coefficient's penalty and the dual's product.
double penalty_gap(double l1, double l2, double coef, double product) {
    const double bounded = std::clamp(-product, -l1, l1);
    const double gap = l1 * std::abs(coef) - coef * bounded;
    if (l2 == 0.0) return gap;
    const double away = coef - soft_threshold(-product, l1) / l2;
    return gap + 0.5 * l2 * away * away;
}

template <class T>
double gap_to(const DualPoint& point, const Objective<T>& objective, const Data& data,
              const LinearModel<T>& model, const Coefficients& at, const PenaltyStrength& penalty,
              double weight) {
    GapSum rows;
    if (std::any_of(point.cut.begin(), point.cut.end(), [](double c) { return c != 0.0; })) {
        const LargeVector<T> cut(point.cut.begin(), point.cut.end());
        const auto add_tile = [&](Member<T>&, const RowTile<T>&, const PointwiseTile<T>& targets,
                                  bool, GapSum& sums) {
            sums.gap += objective.loss().fenchel_gaps(targets, cut.data());
        };
        sum_blocks(objective, data, model, add_tile, rows);
    }
    double columns = 0.0;
    for (std::size_t j = 0; j < at.coef.size(); ++j)
        columns += penalty_gap(penalty.l1_of(j), penalty.l2_of(j), at.coef[j], point.products[j]);
    return rows.gap / weight + columns;
}

}  // namespace

template <class T>
double duality_gap(const Objective<T>& objective, const Data& data, const Coefficients& at,
                   const PenaltyStrength& strength, PenaltyScale scale, bool fit_intercept) {
    const PenaltyStrength penalty =
        scaled_penalty(objective, data, {nullptr, 0, data.rows()}, strength, scale);
    const LargeVector<T> coef(at.coef.begin(), at.coef.end());
    const LargeVector<T> intercept(at.intercept.begin(), at.intercept.end());
    const LinearModel<T> model{coef.data(), intercept.data()};
    const SignedSums sums = signed_sums(objective, data, model);
    const double weight = sums.of[0].weight;
    const double value = sums.of[0].loss / weight + penalty.value(at.coef);
    if (!std::isfinite(value)) return value;
    if (objective.loss().fenchel_gaps == nullptr) return std::numeric_limits<double>::infinity();
    // no loss is below 0: the dual's point 0 is worth nothing
    double least = value;
    const auto consider = [&](const DualPoint& point) {
        const double gap = gap_to(point, objective, data, model, at, penalty, weight);
        if (gap < least) least = gap;
    };
    const DualPoint point = balanced(sums, fit_intercept || constants_bind(penalty, sums));
    if (penalty.l2 > 0.0 && respects_exempted(point, strength)) consider(point);
    if (penalty.l2 == 0.0 || penalty.l1 > 0.0) consider(within_l1(point, strength, penalty));
    return least;
}

template double duality_gap(const Objective<float>&, const Data&, const Coefficients&,
                            const PenaltyStrength&, PenaltyScale, bool);
template double duality_gap(const Objective<double>&, const Data&, const Coefficients&,
                            const PenaltyStrength&, PenaltyScale, bool);

}  // namespace fastgd
