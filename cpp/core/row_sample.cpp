#include "row_sample.hpp"

#include <algorithm>
#include <iterator>

#include "permutation.hpp"

namespace fastgd {

namespace {

// Neighbouring rows are cheap to read together; more of them would see less of the data.
constexpr Index run_rows = 8;

}  // namespace

std::vector<Index> spread_rows(Index rows, Index wanted) {
    wanted = std::clamp(wanted, std::min(run_rows, rows), rows);
    const Index runs = (wanted + run_rows - 1) / run_rows;
    std::vector<Index> result;
    result.reserve(static_cast<std::size_t>(std::min(runs * run_rows, rows)));
    for (Index r = 0; r < runs; ++r) {
        const auto edge = [&](Index at) {
            return static_cast<Index>(static_cast<double>(rows) * static_cast<double>(at) /
                                      static_cast<double>(runs));
        };
        const Index begin = edge(r);
        const Index end = edge(r + 1);
        const Index room = end - begin - run_rows;
        // a period in the rows must not meet one in the sample
        const Index first =
            room > 0 ? begin + static_cast<Index>(random_bits(1, static_cast<std::uint64_t>(r)) %
                                                  static_cast<std::uint64_t>(room + 1))
                     : begin;
        for (Index i = first; i < std::min(first + run_rows, end); ++i) result.push_back(i);
    }
    return result;
}

RowSample::RowSample(Index rows, Index wanted, std::vector<Index> outlying)
    : rows_(rows), outlying_(std::move(outlying)) {
    const std::vector<Index> candidates = spread_rows(rows, wanted);
    std::set_difference(candidates.begin(), candidates.end(), outlying_.begin(), outlying_.end(),
                        std::back_inserter(spread_));
    if (spread_.empty()) {
        outlying_.clear();
        return;
    }
    share_ = static_cast<double>(rows - static_cast<Index>(outlying_.size())) /
             static_cast<double>(spread_.size());
}

Index RowSample::size() const {
    return all() ? rows_ : static_cast<Index>(outlying_.size() + spread_.size());
}

}  // namespace fastgd
