// What sparse rows to come are asked for while others are worked on.
#include <algorithm>

#include "check.hpp"
#include "core/sparse_reader.hpp"
#include "levels.hpp"
#include "sparse_problem.hpp"

namespace fastgd::testing {
namespace {

constexpr Index rows = 96;
constexpr Index line = 64;

// Calls body(kernels, X) for each form of CSR.
template <class Body>
void each_form(const Body& body) {
    each_kernel_table([&](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(11);
        const Problem<T> problem = sparse_problem<T>(numbers, rows, 40, 1);
        for (const SparseKind& kind : sparse_kinds) {
            const SparseRows<T> sparse(problem, kind, numbers);
            body(kernels, sparse.view());
        }
    });
}

const char* value_at(const MatrixView& X, Index stored) {
    return static_cast<const char*>(X.data) + stored * X.column_stride;
}

const char* column_at(const MatrixView& X, Index stored) {
    return static_cast<const char*>(X.column) + stored * (X.wide_column ? 8 : 4);
}

void mixed_rows_are_asked_for_one_by_one() {
    each_form([](const auto& kernels, const MatrixView& X) {
        using T = Number<decltype(kernels)>;
        constexpr Index order[] = {5, 90, 3, 0, 3, 95, 17, 41};
        for (const Index coming : {Index{8}, Index{3}}) {
            SparseReader<T> reader(kernels, X, 6);
            const RowTile<T> tile = reader.rows(X, {nullptr, 0, 6}, {order, 0, coming}, nullptr);
            for (Index i = 0; i < 6; ++i) {
                const StoredRow& asked = tile.upcoming[i];
                if (i >= coming) {
                    check(asked.values == nullptr && asked.columns_end == nullptr, "row ", i);
                    continue;
                }
                const Index begin = X.begin(order[i]);
                const Index end = X.begin(order[i] + 1);
                check(asked.values == value_at(X, begin) && asked.values_end == value_at(X, end) &&
                          asked.columns == column_at(X, begin) &&
                          asked.columns_end == column_at(X, end),
                      "row ", i);
            }
        }
    });
}

// Shares of [begin, end): one after the other, of whole lines, none of two lines more than another.
template <class Share>
void check_shares(Index count, const char* begin, const char* end, const Share& share) {
    const char* at = begin;
    for (Index i = 0; i < count; ++i) {
        const auto [first, last] = share(i);
        check(first == at && last >= first, "share ", i, " of ", count);
        check(last == end || (last - first) % line == 0, "share ", i, " ends within a line");
        check(last - first <= (end - begin) / count + line, "share ", i, " of ", last - first);
        at = last;
    }
    check(at == end, "shares end ", end - at, " bytes early");
}

void neighbouring_rows_are_asked_for_in_shares() {
    each_form([](const auto& kernels, const MatrixView& X) {
        using T = Number<decltype(kernels)>;
        for (const Index count : {1, 7, 32})
            for (const Index coming : {1, 20, 50}) {
                SparseReader<T> reader(kernels, X, count);
                const RowTile<T> tile =
                    reader.rows(X, {nullptr, 0, count}, {nullptr, rows - coming, coming}, nullptr);
                const Index begin = X.begin(rows - coming);
                const Index end = X.begin(rows);
                check_shares(count, value_at(X, begin), value_at(X, end), [&](Index i) {
                    return std::pair(tile.upcoming[i].values, tile.upcoming[i].values_end);
                });
                check_shares(count, column_at(X, begin), column_at(X, end), [&](Index i) {
                    return std::pair(tile.upcoming[i].columns, tile.upcoming[i].columns_end);
                });
            }
    });
}

void nothing_is_asked_for_where_no_rows_come() {
    each_form([](const auto& kernels, const MatrixView& X) {
        using T = Number<decltype(kernels)>;
        SparseReader<T> reader(kernels, X, rows);
        const RowTile<T> tile = reader.rows(X, {nullptr, 0, rows}, {}, nullptr);
        check(tile.upcoming == nullptr, "rows to come");
        SparseReader<T> other(kernels, X, rows);
        const RowTile<T> before = other.rows(X, {nullptr, 0, 8}, {nullptr, 8, 8}, nullptr);
        check(before.upcoming != nullptr && before.again().upcoming == nullptr, "asked again");
    });
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run(
        {{"mixed rows are asked for one by one", mixed_rows_are_asked_for_one_by_one},
         {"neighbouring rows are asked for in shares", neighbouring_rows_are_asked_for_in_shares},
         {"nothing is asked for where no rows come", nothing_is_asked_for_where_no_rows_come}},
        argc, argv);
}
