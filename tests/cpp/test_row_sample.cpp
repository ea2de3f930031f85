// Samples of rows: in order, spread over all of them, and standing for as many as there are.
#include <algorithm>
#include <iterator>
#include <numeric>

#include "check.hpp"
#include "core/row_sample.hpp"
#include "numbers.hpp"

namespace fastgd::testing {
namespace {

constexpr Index run_rows = 8;

struct Seen {
    double rows = 0.0;  // stood for
    std::vector<Index> once;
    std::vector<Index> shared;
    double share = 0.0;
    int parts = 0;
};

Seen seen_in(const RowSample& sample) {
    Seen seen;
    sample.each([&](const RowSelection& part, double share) {
        // the last part is the shared one, even where each of its rows counts for one
        const bool counts_once = ++seen.parts == 1 && sample.size() > part.count;
        seen.rows += share * static_cast<double>(part.count);
        seen.share = share;
        for (Index i = 0; i < part.count; ++i)
            (counts_once ? seen.once : seen.shared).push_back(part.at(i));
    });
    return seen;
}

std::vector<Index> all_rows(Index rows) {
    std::vector<Index> result(static_cast<std::size_t>(rows));
    std::iota(result.begin(), result.end(), Index{0});
    return result;
}

bool ascending_within(const std::vector<Index>& sample, Index rows) {
    for (std::size_t i = 1; i < sample.size(); ++i)
        if (sample[i - 1] >= sample[i]) return false;
    return sample.empty() || (sample.front() >= 0 && sample.back() < rows);
}

void check_spread(Index rows, Index wanted) {
    const std::vector<Index> sample = spread_rows(rows, wanted);
    const auto size = static_cast<Index>(sample.size());
    check(ascending_within(sample, rows), "rows ", rows, " wanted ", wanted);
    // runs are whole, but where the stretches they lie in are shorter
    check(size >= std::min(wanted, rows) && size < std::max(wanted, Index{1}) + run_rows, "rows ",
          rows, " wanted ", wanted, ": ", size);
    check(sample == spread_rows(rows, wanted), "rows ", rows, " wanted ", wanted);
}

void rows_are_in_order_and_about_as_many_as_wanted() {
    for (Index rows = 1; rows <= 20; ++rows)
        for (Index wanted = 0; wanted <= 25; ++wanted) check_spread(rows, wanted);
    for (const Index rows : {100, 1001, 123457})
        for (const Index wanted : {1, 8, 9, 50, 99, 100, 999, 1001, 60000, 200000})
            check_spread(rows, wanted);
    check(spread_rows(0, 10).empty());
}

void all_rows_when_as_many_are_wanted() {
    for (const Index rows : {1, 7, 8, 9, 20, 1000, 4099})
        for (const Index wanted : {rows, rows + 1, 10 * rows})
            check(spread_rows(rows, wanted) == all_rows(rows), "rows ", rows, " wanted ", wanted);
}

// One run in each equal stretch, at a place of its own: no period of the rows fits them all.
void runs_are_spread_at_random() {
    constexpr Index rows = 100000, wanted = 800, stretch = 1000;
    const std::vector<Index> sample = spread_rows(rows, wanted);
    check(static_cast<Index>(sample.size()) == wanted);
    std::vector<Index> places;
    for (std::size_t i = 0; i < sample.size(); ++i) {
        check(sample[i] / stretch == static_cast<Index>(i) / run_rows, i, ": ", sample[i]);
        if (i % run_rows == 0) places.push_back(sample[i] % stretch);
    }
    std::sort(places.begin(), places.end());
    const auto distinct = std::unique(places.begin(), places.end()) - places.begin();
    check(distinct > 80, distinct, " places of 100");
    check(places[10] < 250 && places[distinct - 10] > 750, "places in one corner");
}

void parts_stand_for_all_rows() {
    Numbers numbers(50);
    for (const Index rows : {1, 2, 5, 8, 9, 13, 20, 500, 10007})
        for (const Index wanted : {Index{1}, rows / 3, rows - 1, rows, 2 * rows})
            for (const Index rare : {Index{0}, Index{1}, rows / 10, rows}) {
                std::vector<Index> outlying;
                for (Index i = 0; i < rows; ++i)
                    if (numbers.below(rows) < rare) outlying.push_back(i);
                const RowSample sample(rows, wanted, outlying);
                const Seen seen = seen_in(sample);
                check(std::abs(seen.rows - static_cast<double>(rows)) <= 1e-9 * seen.rows, "rows ",
                      rows, " wanted ", wanted, " rare ", outlying.size(), ": ", seen.rows);
                std::vector<Index> together;
                std::merge(seen.once.begin(), seen.once.end(), seen.shared.begin(),
                           seen.shared.end(), std::back_inserter(together));
                check(ascending_within(seen.shared, rows) && ascending_within(together, rows),
                      "rows ", rows, " wanted ", wanted, " rare ", outlying.size());
                check(std::includes(together.begin(), together.end(), outlying.begin(),
                                    outlying.end()),
                      "a row that is needed is left out, rows ", rows, " wanted ", wanted);
                check(sample.size() == static_cast<Index>(together.size()), "rows ", rows);
                if (wanted >= rows) check(together == all_rows(rows), "rows ", rows);
            }
}

void sample_of_every_row() {
    const RowSample sample(1000);
    const Seen seen = seen_in(sample);
    check(sample.all() && sample.size() == 1000 && seen.parts == 1 && seen.share == 1.0);
    check(seen.shared == all_rows(1000));
    // rows that all stand alone leave nothing to share
    const RowSample alone(20, 20, all_rows(20));
    check(alone.all() && seen_in(alone).parts == 1 && seen_in(alone).shared == all_rows(20));
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"in order, as many as wanted", rows_are_in_order_and_about_as_many_as_wanted},
                {"all rows when as many are wanted", all_rows_when_as_many_are_wanted},
                {"runs are spread at random", runs_are_spread_at_random},
                {"parts stand for all rows", parts_stand_for_all_rows},
                {"sample of every row", sample_of_every_row}},
               argc, argv);
}
