#include "sparse_check.hpp"

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
SparseCheck check_columns(const MatrixView& X, Index first, Index last) {
    const auto* column = static_cast<const Column*>(X.column);
    SparseCheck result;
    for (Index i = first; i < last; ++i) {
        Index before = -1;
        bool ascending = true;
        for (Index s = X.begin(i); s < X.begin(i + 1); ++s) {
            const auto j = static_cast<Index>(column[s]);
            if (j < 0 || j >= X.columns) return {SparseFault::column, i, s, j, false};
            ascending = ascending && j > before;
            before = j;
        }
        result.canonical = result.canonical && ascending;
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
