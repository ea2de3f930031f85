// A problem with many zeros, and its rows stored in each of the forms that CSR comes in.
#pragma once

#include <algorithm>

#include "core/large_vector.hpp"
#include "problem.hpp"

namespace fastgd::testing {

struct SparseKind {
    const char* name;
    bool wide_column = false;
    bool wide_start = false;
    bool shuffled = false;  // columns of a row in any order
    bool split = false;     // each number as the sum of two
    bool with_zeros = false;  // some zeros stored
};

inline constexpr SparseKind sparse_kinds[] = {
    {"canonical"},
    {"int64 columns", true},
    {"int64 starts", false, true},
    {"zeros stored", false, false, false, false, true},
    {"unsorted", false, false, true},
    {"duplicates", true, true, true, true},
};

// Columns of every share of numbers stored: none in column 0, all in column 1, the others between;
// each 7th row is empty but for that.
template <class T>
void make_sparse(Numbers& numbers, Problem<T>& problem) {
    for (Index i = 0; i < problem.rows; ++i)
        for (Index j = 0; j < problem.columns; ++j) {
            const double share = static_cast<double>(j) / static_cast<double>(problem.columns);
            const bool stays =
                j == 1 || (j > 0 && i % 7 != 3 && numbers.uniform(0, 1) < share * share);
            if (!stays) problem.X[static_cast<std::size_t>(i * problem.columns + j)] = T(0);
        }
}

template <class T>
Problem<T> sparse_problem(Numbers& numbers, Index rows, Index columns, Index outputs,
                          ProblemKind kind = {}) {
    Problem<T> problem = make_problem<T>(numbers, rows, columns, outputs, kind);
    make_sparse(numbers, problem);
    return problem;
}

// The rows of a dense problem, in memory that ends where they do.
template <class T>
class SparseRows {
  public:
    SparseRows(const Problem<T>& problem, const SparseKind& kind, Numbers& numbers)
        : kind_(kind), rows_(problem.rows), columns_(problem.columns) {
        LargeVector<T> values;
        std::vector<std::int32_t> columns;
        std::vector<std::int32_t> starts{0};
        for (Index i = 0; i < rows_; ++i) {
            std::vector<std::pair<std::int32_t, T>> row;
            for (Index j = 0; j < columns_; ++j) {
                const T x = problem.X[static_cast<std::size_t>(i * columns_ + j)];
                if (x == T(0) && !(kind.with_zeros && j % 3 == 0)) continue;
                const auto column = static_cast<std::int32_t>(j);
                if (kind.split) {
                    row.emplace_back(column, x / 2);
                    row.emplace_back(column, x / 2);
                } else {
                    row.emplace_back(column, x);
                }
            }
            if (kind.shuffled)
                for (std::size_t s = row.size(); s > 1; --s)
                    std::swap(row[s - 1],
                              row[static_cast<std::size_t>(numbers.below(static_cast<Index>(s)))]);
            for (const auto& [column, x] : row) {
                columns.push_back(column);
                values.push_back(x);
            }
            starts.push_back(static_cast<std::int32_t>(values.size()));
        }
        values_ = Exact<T>(values);
        column_ = Exact<std::int32_t>(columns);
        start_ = Exact<std::int32_t>(starts);
        wide_column_ =
            Exact<std::int64_t>(std::vector<std::int64_t>(columns.begin(), columns.end()));
        wide_start_ = Exact<std::int64_t>(std::vector<std::int64_t>(starts.begin(), starts.end()));
    }

    MatrixView view() const {
        MatrixView X;
        X.data = values_.data();
        X.type = element_type_of<T>;
        X.rows = rows_;
        X.columns = columns_;
        X.column_stride = static_cast<Index>(sizeof(T));
        X.column = kind_.wide_column ? static_cast<const void*>(wide_column_.data())
                                     : static_cast<const void*>(column_.data());
        X.start = kind_.wide_start ? static_cast<const void*>(wide_start_.data())
                                   : static_cast<const void*>(start_.data());
        X.wide_column = kind_.wide_column;
        X.wide_start = kind_.wide_start;
        X.canonical = !kind_.shuffled && !kind_.split;
        X.stored_a_row = std::max(values_.size() / rows_, Index{1});
        return X;
    }

    const Exact<T>& values() const { return values_; }

  private:
    SparseKind kind_;
    Index rows_;
    Index columns_;
    Exact<T> values_;
    Exact<std::int32_t> column_, start_;
    Exact<std::int64_t> wide_column_, wide_start_;
};

// The problem's data with its rows in the place of X; both must outlive it.
template <class T>
Data with_rows(const Problem<T>& problem, const SparseRows<T>& rows) {
    Data data = problem.data();
    data.X = rows.view();
    return data;
}

}  // namespace fastgd::testing
