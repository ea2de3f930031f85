// Sparse rows that do not lie within their memory: told by kind and place, and never read further.
#include <utility>

#include "check.hpp"
#include "core/sparse_check.hpp"
#include "numbers.hpp"

namespace fastgd::testing {
namespace {

// Arrays that end where their memory ends.
template <class Start, class Column>
struct Rows {
    Exact<Start> start;
    Exact<Column> column;

    MatrixView view(Index columns) const {
        MatrixView X;
        X.rows = start.size() - 1;
        X.columns = columns;
        X.column = column.data();
        X.start = start.data();
        X.wide_column = sizeof(Column) == sizeof(std::int64_t);
        X.wide_start = sizeof(Start) == sizeof(std::int64_t);
        return X;
    }
};

template <class Start, class Column>
SparseCheck check_of(const std::vector<Start>& start, const std::vector<Column>& column,
                     int threads = 1) {
    const Rows<Start, Column> rows{Exact<Start>(start), Exact<Column>(column)};
    return check_sparse(rows.view(5), rows.column.size(), threads);
}

template <class Start, class Column>
void check_faults() {
    struct Case {
        const char* name;
        std::vector<Start> start;
        std::vector<Column> column;
        SparseFault fault;
        Index row, position, value;
    };
    const std::vector<Column> columns{0, 3, 1, 2, 4, 0};
    const Case cases[] = {
        {"first start", {1, 2, 6}, columns, SparseFault::first_start, 0, 0, 1},
        {"negative first start", {-1, 2, 6}, columns, SparseFault::first_start, 0, 0, -1},
        {"decreasing", {0, 4, 2, 6}, columns, SparseFault::decreasing, 1, 0, 2},
        {"past the end, then back", {0, 900, 2, 6}, columns, SparseFault::past_end, 0, 0, 900},
        {"negative start", {0, 2, -5}, columns, SparseFault::decreasing, 1, 0, -5},
        {"past the end", {0, 2, 7}, columns, SparseFault::past_end, 1, 0, 7},
        {"largest start",
         {0, 2, std::numeric_limits<Start>::max()},
         columns,
         SparseFault::past_end,
         1,
         0,
         static_cast<Index>(std::numeric_limits<Start>::max())},
        {"column too large", {0, 2, 6}, {0, 3, 5, 2, 4, 0}, SparseFault::column, 1, 2, 5},
        {"column negative", {0, 2, 2, 6}, {0, -1, 1, 2, 4, 0}, SparseFault::column, 0, 1, -1},
        {"least column",
         {0, 6},
         {0, 3, 1, 2, 4, std::numeric_limits<Column>::min()},
         SparseFault::column,
         0,
         5,
         static_cast<Index>(std::numeric_limits<Column>::min())},
    };
    for (const Case& one : cases) {
        const SparseCheck found = check_of(one.start, one.column);
        check(found.fault == one.fault && found.row == one.row && found.position == one.position &&
                  found.value == one.value,
              one.name, ": row ", found.row, ", position ", found.position, ", value ",
              found.value);
    }
}

void faults_are_named() {
    check_faults<std::int32_t, std::int32_t>();
    check_faults<std::int64_t, std::int64_t>();
    check_faults<std::int32_t, std::int64_t>();
}

void rows_in_order_are_told_from_others() {
    using Columns = std::vector<std::int32_t>;
    const std::vector<std::int32_t> start{0, 2, 2, 5};
    const auto sound = [](const SparseCheck& found, bool canonical) {
        return found.fault == SparseFault::none && found.canonical == canonical;
    };
    check(sound(check_of(start, Columns{0, 4, 0, 1, 2}), true));
    check(sound(check_of(start, Columns{4, 0, 0, 1, 2}), false), "out of order");
    check(sound(check_of(start, Columns{0, 4, 0, 1, 1}), false), "twice");
    check(sound(check_of(start, Columns{0, 4, 0, 1, 2, 99}), true), "behind the last row");
    check(sound(check_of(std::vector<std::int32_t>{0, 0}, Columns{}), true), "nothing stored");
}

// Rows short and empty, from one to some hundreds, against a look at each.
void order_is_told_in_rows_of_every_length() {
    Numbers numbers(47);
    for (int repeat = 0; repeat < 300; ++repeat) {
        const Index rows = 1 + numbers.below(300);
        std::vector<std::int64_t> start{0};
        std::vector<std::int32_t> column;
        for (Index i = 0; i < rows; ++i) {
            for (std::int32_t j = 0; j < 5; ++j)
                if (numbers.below(3) == 0) column.push_back(j);
            start.push_back(static_cast<std::int64_t>(column.size()));
        }
        check(check_of(start, column, 2).canonical, "repeat ", repeat);
        for (Index i = 0; i < rows; ++i) {
            const auto at = static_cast<std::size_t>(i);
            if (start[at + 1] - start[at] < 2 || numbers.below(rows) > 3) continue;
            auto wrong = column;
            auto* const first = &wrong[static_cast<std::size_t>(start[at])];
            if (numbers.below(2) == 0)
                std::swap(first[0], first[1]);
            else
                first[0] = first[1];
            check(!check_of(start, wrong, 2).canonical, "repeat ", repeat, ", row ", i);
        }
    }
}

void the_first_fault_is_told_for_any_number_of_threads() {
    constexpr Index rows = 400000;
    std::vector<std::int32_t> start, column;
    for (Index i = 0; i <= rows; ++i) start.push_back(static_cast<std::int32_t>(5 * i));
    for (Index s = 0; s < 5 * rows; ++s) column.push_back(static_cast<std::int32_t>(s % 5));
    check(check_of(start, column, 3).canonical);
    for (const Index at : {1999999, 1200001, 3}) {
        column[static_cast<std::size_t>(at)] = 7;
        for (const int threads : {1, 2, 5}) {
            const SparseCheck found = check_of(start, column, threads);
            check(found.fault == SparseFault::column && found.position == at && found.row == at / 5,
                  "threads ", threads, ": ", found.position);
        }
    }
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"faults are named", faults_are_named},
                {"rows in order are told from others", rows_in_order_are_told_from_others},
                {"order is told in rows of every length", order_is_told_in_rows_of_every_length},
                {"the first fault is told for any number of threads",
                 the_first_fault_is_told_for_any_number_of_threads}},
               argc, argv);
}
