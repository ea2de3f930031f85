// The kernels of one ISA level and one element type, as plain function pointers.
#pragma once

#include "row_tile.hpp"

namespace fastgd {

// What targets of a loss are: any number, labels -1/+1, numbers >= 0 whose mean is exp(z), or the
// number of a class, in each output of its row: these are then one loss.
enum class Targets { real, binary, mean, classes };

class CustomLoss;

// What a loss is adjusted by: its own number, and how wide a kink is rounded off.
struct LossParameters {
    double shape = 0.0;
    double smoothing = 0.0;
    const CustomLoss* custom = nullptr;  // the caller's own, whose `shape` is its curvature
};

// Of the second derivative of losses in exp(z).
inline constexpr double unbounded = __builtin_huge_val();

// What the pointwise stage reads of each row; arrays are row-major, rows x outputs.
template <class T>
struct PointwiseTile {
    Index rows;
    Index outputs;
    const T* z;  // linear predictor without offset
    const T* y;  // targets; labels are -1/+1
    const T* weight;  // or null
    const T* offset;  // or null
    LossParameters loss;
};

// Running sums of some rows about `origin`; `columns` numbers each.
template <class T>
struct MomentSums {
    const T* origin;
    T* sum;  // of w (x - origin)
    T* square;  // of w (x - origin)^2
    T* smallest;  // of x in rows that weigh something
    T* largest;
};

template <class T>
struct Penalty {
    T l1 = 0;
    T l2 = 0;
    const T* l1_factor = nullptr;  // per column; both null for 1
    const T* l2_factor = nullptr;
    const T* low = nullptr;  // outputs x columns, with factors alone; both null for no bounds
    const T* high = nullptr;
};

// What steps do to the coefficient of a column that their rows lack, `pull` being a steady
// gradient:
//   c <- keep c - pulled pull;  the iterates then add up to keep_sum c - pulled_sum pull
struct MissedSteps {
    double keep = 1.0;
    double pulled = 0.0;
    double keep_sum = 0.0;
    double pulled_sum = 0.0;
};

// What is left of coefficients after many steps is divided by: not further than this from 1.
inline constexpr double least_kept = 1e-3;

// Some steps after others. Always inlined: as RowSelection::at.
[[gnu::always_inline]] inline MissedSteps then(const MissedSteps& a, const MissedSteps& b) {
    return {a.keep * b.keep, b.keep * a.pulled + b.pulled, a.keep_sum + b.keep_sum * a.keep,
            a.pulled_sum + b.keep_sum * a.pulled + b.pulled_sum};
}

// One step of length `step` with a ridge.
[[gnu::always_inline]] inline MissedSteps one_step(double step, double ridge) {
    const double keep = 1.0 - step * ridge;
    return {keep, step, keep, step};
}

// Steps along sparse rows move the columns of their row alone; what steps do to all columns, by a
// ridge, an anchor, a kink or an average, each of them is told when a row has it or somebody asks.
template <class T>
struct LazyColumns {
    // Steps that do the same to all columns but for a factor of the pull: coefficients stand for
    // those before the steps, keep c - pulled pull being what they are. Null: see `seen`.
    MissedSteps* all = nullptr;
    // per column, steps it has taken of those since all were up to date
    std::uint32_t* seen = nullptr;
    std::uint32_t taken = 0;  // steps before these
    const T* step = nullptr;  // of each step since then; null: all are `held`
    double held = 0.0;
    // With one ridge for all columns what steps do, else null. Held: of up to 2^low_bits steps,
    // then of multiples of 2^low_bits; else of the first steps, by their number.
    const MissedSteps* missed = nullptr;
    double* total = nullptr;  // sums of the iterates of steps taken: outputs x columns, or null

    // always inlined: see RowSelection
    [[gnu::always_inline]] double step_at(std::uint32_t i) const {
        return step != nullptr ? static_cast<double>(step[i]) : held;
    }

    static constexpr int low_bits = 9;
    static constexpr std::uint32_t takes_all = ~std::uint32_t{0};  // `seen` of centred columns
};

// Where variance is reduced from (SVRG, Johnson and Zhang 2013): a row's derivative there is
// subtracted, the gradient of all rows there is added. All null: no reduction.
template <class T>
struct Anchor {
    const T* coef = nullptr;  // outputs x columns
    const T* intercept = nullptr;  // outputs
    const T* gradient = nullptr;  // of the mean loss: coef's, then the intercepts'
};

// Rows whose steps are taken together: only where blocks begin plays a part, in roundings.
inline constexpr Index sgd_block_rows = 4;

// Pairs of different rows of a block, and where that of rows r and q > r stands among them.
template <int B>
inline constexpr int block_pairs = B * (B - 1) / 2;
template <int B>
[[gnu::always_inline]] constexpr int block_pair(int r, int q) {
    return r * (B - 1) - r * (r - 1) / 2 + q - r - 1;
}

// One output's steps of a block of rows.
template <class T>
struct BlockMoves {
    static constexpr Index rows = sgd_block_rows;
    LossParameters loss;
    // of each row with the coefficients before the block; with the anchor's, null without one; with
    // its gradient
    const T* predictor;
    const T* at_anchor;
    const T* with_gradient;
    const T* product;  // of each two rows, by block_pair
    T intercept;  // before the block
    T intercept_metric;
    T anchor_intercept;
    T intercept_gradient;
    T y[rows];
    T offset[rows];
    T step[rows];
    T keep[rows];  // what a ridge leaves of coefficients
    T rate[rows];  // step, capped, times sample weight
    T move[rows];  // result: how far along each row, against it
};

// Sequential steps, one row after the other.
template <class T>
struct SgdChunk {
    RowTile<T> tile;
    Index outputs;
    const T* y;
    const T* weight;  // rows x outputs, or null
    const T* offset;  // or null
    T (*slope)(T z, T y, LossParameters) noexcept;  // of the loss, as LossKernels has them
    void (*moves)(BlockMoves<T>&) noexcept;
    LossParameters loss;
    // one a row; of passive-aggressive steps what bounds it (C), 0 where PA-I has a sparse row of
    // zeros
    const T* step;
    const T* metric;  // per column, or null for the identity
    T intercept_metric;  // 0 keeps the intercept where it is
    T curvature;  // > 0 caps each row's step at 1 / (curvature * its squared norm); 0 does not
    Penalty<T> penalty;
    Anchor<T> anchor;
    T* coef;  // outputs x columns
    T* intercept;  // outputs
    T* coef_sum;  // sums of the iterates, or null
    T* intercept_sum;
    // Whether passive-aggressive steps, which take neither metric nor anchor and are for hinge and
    // epsilon-insensitive losses with exact kinks, are damped (PA-II) or cut (PA-I).
    bool damped;
    LazyColumns<T> lazy{};  // of sparse rows, whose coefficients add up in its `total` alone
};

// What a step with a rate per coefficient keeps of the gradients g, in units of `unit`, so far:
//   square = square_kept * square + square_added * g^2
//   mean   = momentum * mean + mean_added * g, where there is a velocity to hold it, else g
// and how it divides one by the root of the other, each times its correction.
template <class T>
struct AdaptiveRule {
    const T* unit = nullptr;  // per column, the root of the metric, or null
    T* square = nullptr;
    T square_kept = 0;
    T square_added = 0;
    T square_correction = 1;
    T mean_added = 0;
    T mean_correction = 1;
    T epsilon = 0;  // added to the root
    bool decoupled = false;  // the ridge shrinks coefficients beside the step, not through it
};

// One step of a mini-batch.
template <class T>
struct BatchStep {
    const T* partial;  // `partials` gradient sums, added in order
    Index partials;
    Index partial_stride;
    Index outputs;
    Index columns;
    T scale;  // 1 / rows of the batch
    const T* anchor_gradient;  // added to the scaled sum, or null
    T step;
    T momentum;  // 0: plain
    bool nesterov;
    const T* metric;  // per column, or null
    Penalty<T> penalty;
    T* coef;
    T* velocity;  // null when momentum is 0; of adaptive steps the mean gradient
    T* coef_sum;  // or null
    AdaptiveRule<T> adaptive;  // read by adaptive steps alone
    // of sparse rows: the columns that take the step, or null for all; sums of their iterates
    const std::int32_t* touched = nullptr;
    Index touched_count = 0;
    double* total = nullptr;
};

// Columns of a panel: rows of so many neighbouring columns lie one after the other.
inline constexpr Index panel_columns = 16;

// What rows are packed with: (x - shift) * column * row, and the intercept's column of ones.
struct PanelScale {
    const double* shift;  // per column
    const double* column;  // per column
    const double* row;  // per row
    double intercept;  // 1, or 0 without an intercept
};

template <class T>
struct LossKernels {
    const char* name;
    double (*curvature)(LossParameters);  // bound of the second derivative in z, or `unbounded`
    bool quadratic;  // the second derivative is that bound everywhere
    Targets targets;
    // Returns the weighted sum of losses; `derivative` receives weight * dl/dz.
    double (*derivative)(const PointwiseTile<T>&, T* derivative) noexcept;
    double (*value)(const PointwiseTile<T>&) noexcept;
    // `out` receives the second derivative in z (or a bound as good), without sample weights
    void (*working_weight)(const PointwiseTile<T>&, T* out) noexcept;
    // dl/dz of one row and output, here and below null for losses of all outputs together
    T (*slope)(T z, T y, LossParameters) noexcept;
    void (*moves)(BlockMoves<T>&) noexcept;
    // Returns the weighted sum of Fenchel gaps (value + conjugate - z * slope) at derivatives less
    // a share `cut`: one share for each output of those above 0, then one of the others. Null for a
    // loss that tells none.
    double (*fenchel_gaps)(const PointwiseTile<T>&, const T* cut) noexcept;
};

// Some rows in the order they are worked on: `first + i`, or `index[i]` when `index` is given.
struct RowSelection {
    const Index* index = nullptr;
    Index first = 0;
    Index count = 0;
    // rows worth fetching while row i is worked on: `upcoming[i]`, or null
    const Index* upcoming = nullptr;

    // always inlined: an out-of-line copy built for one ISA level could serve them all
    [[gnu::always_inline]] Index at(Index i) const {
        return index != nullptr ? index[i] : first + i;
    }
    RowSelection part(Index begin, Index size) const {
        if (index == nullptr) return {nullptr, first + begin, size, nullptr};
        return {index + begin, 0, size, upcoming != nullptr ? upcoming + begin : nullptr};
    }
    RowSelection upcoming_rows() const { return {upcoming, 0, count, nullptr}; }
};

template <class T>
struct KernelTable {
    const char* isa;
    bool (*drops_requests)() noexcept;  // see fetch.hpp
    Index in_turn_bytes;  // see dense_in_turn.hpp
    // row[i] = first + i * stride
    void (*point_at)(const T* first, Index stride, Index rows, const T** row) noexcept;
    // z[i, k] = intercept[k] + (x_i - shift) . coef[k]
    void (*forward)(const RowTile<T>&, const T* coef, Index outputs, const T* intercept,
                    T* z) noexcept;
    // gradient[k] += sum_i derivative[i, k] (x_i - shift)
    void (*backward)(const RowTile<T>&, const T* derivative, Index outputs, T* gradient) noexcept;
    // the same of sparse rows, in double
    void (*add_sparse)(const RowTile<T>&, const T* derivative, Index outputs,
                       double* gradient) noexcept;
    // out[i] = the largest ((x_ij - shift_j) unit_j)^2 of the row; a shift is needed
    void (*largest_squares)(const RowTile<T>&, const T* unit, T* out) noexcept;
    // adds the tile's rows, which are dense, to the sums
    void (*moments)(const RowTile<T>&, const T* weight, const MomentSums<T>&) noexcept;
    void (*batch_step)(const BatchStep<T>&) noexcept;
    void (*sgd)(const SgdChunk<T>&) noexcept;
    void (*passive_aggressive)(const SgdChunk<T>&) noexcept;
    void (*adaptive_step)(const BatchStep<T>&) noexcept;
    // The tile's columns take the steps they missed of those before `lazy.taken`; those that no
    // tile of these steps had yet are added to `touched`. Returns their new number.
    Index (*touch)(const RowTile<T>&, const LazyColumns<T>& lazy, const Penalty<T>&,
                   const T* metric, const T* anchor_gradient, Index outputs, T* coef,
                   std::int32_t* touched, Index count) noexcept;
    // all columns take the steps they missed of those before `lazy.taken`
    void (*bring_up)(const LazyColumns<T>& lazy, const Penalty<T>&, const T* metric,
                     const T* anchor_gradient, Index columns, Index outputs, T* coef) noexcept;
    // out[i, :] = rows of `source` as T, `leading` numbers apart
    void (*pack[element_type_count])(const StridedView& source, const RowSelection&, T* out,
                                     Index leading) noexcept;
    // out[i, :] = row `first + i` of columns of one type and stride, likewise
    void (*pack_columns[element_type_count])(const ColumnPiece* column, Index columns, Index first,
                                             Index rows, T* out, Index leading,
                                             const ColumnFetch& meanwhile) noexcept;
    // Panels of rows, `capacity` rows apart; the intercept's column follows the last one.
    void (*pack_panels)(const RowTile<T>&, const PanelScale&, Index capacity, double* out) noexcept;
    // out (panel_columns^2, rows `stride` apart) += a^T b
    void (*add_products)(const double* a, const double* b, Index rows, double* out,
                         Index stride) noexcept;
    const LossKernels<T>* losses;
    Index loss_count;
};

}  // namespace fastgd
