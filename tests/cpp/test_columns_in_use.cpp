// Rows of which most columns are never stored: read by the columns in use, and back to all.
#include "check.hpp"
#include "core/columns_in_use.hpp"
#include "core/sparse_reader.hpp"
#include "levels.hpp"
#include "problem.hpp"

namespace fastgd::testing {
namespace {

constexpr Index columns = 9;

// Two rows and an empty one; columns 2, 5 and 8 are in use.
template <class Column>
struct Rows {
    Exact<double> values{LargeVector<double>{1.0, 2.0, 3.0, 4.0, 5.0}};
    Exact<Column> column{std::vector<Column>{2, 8, 2, 5, 8}};
    Exact<std::int32_t> start{std::vector<std::int32_t>{0, 2, 2, 5}};

    MatrixView view() const {
        MatrixView X;
        X.data = values.data();
        X.type = ElementType::float64;
        X.rows = 3;
        X.columns = columns;
        X.column_stride = sizeof(double);
        X.column = column.data();
        X.wide_column = sizeof(Column) == sizeof(std::int64_t);
        X.start = start.data();
        X.stored_a_row = 2;
        return X;
    }
};

template <class Column>
void check_reading() {
    const Rows<Column> rows;
    const std::optional<ColumnsInUse> in_use = ColumnsInUse::of(rows.view());
    check(in_use.has_value() && in_use->count() == 3, "columns in use");
    if (!in_use) return;
    Data data;
    data.X = rows.view();
    const MatrixView X = in_use->of(data).X;
    check(X.columns == 3, "a view of ", X.columns, " columns");
    each_kernel_table([&](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        SparseReader<T> reader(kernels, X, X.rows);
        const RowTile<T> tile = reader.rows(X, {nullptr, 0, X.rows}, {}, nullptr);
        const Index expected[] = {0, 2, 0, 1, 2};
        Index at = 0;
        for (Index i = 0; i < tile.rows; ++i)
            for (Index s = 0; s < tile.stored[i]; ++s, ++at)
                check(tile.column[i][s] == expected[at] && tile.row[i][s] == T(at + 1), "number ",
                      at, " has column ", tile.column[i][s]);
        check(at == 5, at, " numbers");
    });
}

void columns_are_renamed() {
    check_reading<std::int32_t>();
    check_reading<std::int64_t>();
}

void many_in_use_are_not() {
    Rows<std::int32_t> rows;
    MatrixView X = rows.view();
    X.columns = 9;
    X.rows = 0;
    check(!ColumnsInUse::of(X), "no row has no column in use");
    const std::vector<std::int32_t> all{0, 1, 2, 3, 4};
    const Exact<std::int32_t> column(all);
    X.rows = 3;
    X.column = column.data();
    check(!ColumnsInUse::of(X), "five of nine are too many");
}

void what_is_told_of_them_is_of_all() {
    const Rows<std::int32_t> rows;
    const ColumnsInUse in_use = *ColumnsInUse::of(rows.view());
    const Coefficients all{{0, 0, 1, 0, 0, 2, 0, 0, 3, 0, 0, 4, 0, 0, 5, 0, 0, 6}, {7, 8}};
    const Coefficients own = in_use.of(all);
    check(own.coef == LargeVector<double>{1, 2, 3, 4, 5, 6}, "coefficients in use");
    check(own.intercept == all.intercept && in_use.onto_all(own).coef == all.coef, "all again");

    FitOutcome outcome;
    outcome.raw = own;
    outcome.dependent = {1};
    outcome.told_apart = {2};
    outcome.safe_step = {.limit = Limit::column, .index = 2};
    outcome.non_finite = CellPosition{1, 0};
    const FitOutcome told = in_use.onto_all(outcome);
    check(told.dependent[0] == 5 && told.told_apart[0] == 8, "columns of a Hessian");
    check(told.safe_step.index == 8 && told.non_finite->column == 2, "columns of a message");
    outcome.safe_step = {.limit = Limit::row, .index = 2};
    check(in_use.onto_all(outcome).safe_step.index == 2, "a row keeps its number");
}

void others_must_rest() {
    const Rows<std::int32_t> rows;
    const ColumnsInUse in_use = *ColumnsInUse::of(rows.view());
    Coefficients start{LargeVector<double>(columns), {0.0}};
    PenaltyStrength penalty;
    check(in_use.suffice(start, penalty), "zeros rest");
    start.coef[5] = 1.0;
    check(in_use.suffice(start, penalty), "what is in use may start anywhere");
    start.coef[4] = 1.0;
    check(!in_use.suffice(start, penalty), "another column does not start at 0");
    start.coef[4] = 0.0;
    penalty.box.low.assign(columns, -1.0);
    penalty.box.high.assign(columns, 1.0);
    check(in_use.suffice(start, penalty), "bounds around 0");
    penalty.box.low[3] = 0.5;
    check(!in_use.suffice(start, penalty), "bounds that keep another from 0");
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"columns are renamed", columns_are_renamed},
                {"many in use are not", many_in_use_are_not},
                {"what is told of them is of all", what_is_told_of_them_is_of_all},
                {"others must rest", others_must_rest}},
               argc, argv);
}
