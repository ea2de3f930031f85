#include "sparse_check.hpp"

#include <algorithm>
#include <limits>
#include <type_traits>
#include <vector>

#include "parallel.hpp"

namespace fastgd {

namespace {

SparseCheck check_starts(const MatrixView& X, Index stored) {
    if (X.begin(0) != 0) return {SparseFault::first_start, 0, 0, X.begin(0)};
    for (Index i = 0; i < X.rows; ++i) {
        const Index end = X.begin(i + 1);
        if (end < X.begin(i)) return {SparseFault::decreasing, i, 0, end};
        if (end > stored) return {SparseFault::past_end, i, 0, end};
    }
    return {};
}

template <class Column>
SparseCheck first_outside(const MatrixView& X, Index first, Index last) {
    const auto* column = static_cast<const Column*>(X.column);
    for (Index i = first; i < last; ++i)
        for (Index s = X.begin(i); s < X.begin(i + 1); ++s) {
            const auto j = static_cast<Index>(column[s]);
            if (j < 0 || j >= X.columns) return {SparseFault::column, i, s, j, false};
        }
    return {};
}

// Without a branch a number: compilers make vectors of it.
template <class Column>
SparseCheck check_columns(const MatrixView& X, Index first, Index last) {
    using Bits = std::make_unsigned_t<Column>;
    const auto* column = static_cast<const Column*>(X.column);
    const auto greatest = static_cast<Bits>(
        std::min(X.columns - 1, static_cast<Index>(std::numeric_limits<Column>::max())));
    SparseCheck result;
    constexpr Index rows_at_once = 64;  // whose columns stay in the first cache level
    for (Index from = first; from < last; from += rows_at_once) {
        const Index to = std::min(from + rows_at_once, last);
        const Index begin = X.begin(from);
        const Index end = X.begin(to);
        if (begin == end) continue;
        // the sign of a column below 0, or of what is left up to the greatest
        auto outside = static_cast<Bits>(column[begin]);
        outside |= greatest - outside;
        Bits falls = 0;
        for (Index s = begin + 1; s < end; ++s) {
            const auto j = static_cast<Bits>(column[s]);
            outside |= j | (greatest - j);
            falls += column[s] <= column[s - 1] ? 1 : 0;
        }
        if (static_cast<Column>(outside) < 0) return first_outside<Column>(X, from, to);
        // from one row to the next columns may fall
        Bits allowed = 0;
        for (Index i = from; i < to; ++i) {
            const Index s = X.begin(i);
            if (s > begin && s < X.begin(i + 1)) allowed += column[s] <= column[s - 1] ? 1 : 0;
        }
        result.canonical = result.canonical && falls == allowed;
    }
    return result;
}

}  // namespace

SparseCheck check_sparse(const MatrixView& X, Index stored, int threads) {
    SparseCheck result = check_starts(X, stored);
    if (result.fault != SparseFault::none) return result;
    const Index numbers = X.begin(X.rows);
    const Index width = X.wide_column ? sizeof(std::int64_t) : sizeof(std::int32_t);
    const int members = threads_for_work(threads, static_cast<double>(numbers * width));
    std::vector<SparseCheck> found(static_cast<std::size_t>(members));
    run_team(members, [&](int member, int team) {
        const Index first = X.rows * member / team;
        const Index last = X.rows * (member + 1) / team;
        found[static_cast<std::size_t>(member)] = X.wide_column
                                                      ? check_columns<std::int64_t>(X, first, last)
                                                      : check_columns<std::int32_t>(X, first, last);
    });
    // members hold stretches of rows in order
    for (const SparseCheck& part : found) {
        if (part.fault != SparseFault::none) return part;
        result.canonical = result.canonical && part.canonical;
    }
    return result;
}

}  // namespace fastgd
