#include "row_sample.hpp"

#include <algorithm>

#include "permutation.hpp"

namespace fastgd {

namespace {

// Neighbouring rows are cheap to read together; more of them would see less of the data.
constexpr Index run_rows = 8;

// Of rows listed at a time.
constexpr Index runs_a_part = Index{1} << 16;

RowSelection selection(const std::vector<Index>& rows) {
    return {rows.data(), 0, static_cast<Index>(rows.size())};
}

class Runs {
  public:
    Runs(Index rows, Index wanted)
        : rows_(rows),
          count_((std::clamp(wanted, std::min(run_rows, rows), rows) + run_rows - 1) / run_rows) {}

    Index count() const { return count_; }
    // The most rows there are in so many runs.
    std::size_t most(Index runs) const {
        return static_cast<std::size_t>(std::min(runs * run_rows, rows_));
    }

    // Adds the rows of run r to the list.
    void append(Index r, std::vector<Index>& list) const {
        const Index begin = edge(r);
        const Index end = edge(r + 1);
        const Index room = end - begin - run_rows;
        // a period in the rows must not meet one in the sample
        const Index first =
            room > 0 ? begin + static_cast<Index>(random_bits(1, static_cast<std::uint64_t>(r)) %
                                                  static_cast<std::uint64_t>(room + 1))
                     : begin;
        for (Index i = first; i < std::min(first + run_rows, end); ++i) list.push_back(i);
    }

  private:
    Index edge(Index at) const {
        return static_cast<Index>(static_cast<double>(rows_) * static_cast<double>(at) /
                                  static_cast<double>(count_));
    }

    Index rows_;
    Index count_;
};

}  // namespace

std::vector<Index> spread_rows(Index rows, Index wanted) {
    const Runs runs(rows, wanted);
    std::vector<Index> result;
    result.reserve(runs.most(runs.count()));
    for (Index r = 0; r < runs.count(); ++r) runs.append(r, result);
    return result;
}

RowSample::RowSample(Index rows, Index wanted, std::vector<Index> outlying)
    : rows_(rows), wanted_(wanted), outlying_(std::move(outlying)) {
    each_spread(
        [&](const std::vector<Index>& part) { spread_ += static_cast<Index>(part.size()); });
    if (spread_ == 0) {
        outlying_.clear();
        return;
    }
    share_ = static_cast<double>(rows - static_cast<Index>(outlying_.size())) /
             static_cast<double>(spread_);
}

void RowSample::each_spread(FunctionRef<void(const std::vector<Index>& rows)> body) const {
    const Runs runs(rows_, wanted_);
    std::vector<Index> part;
    part.reserve(runs.most(std::min(runs.count(), runs_a_part)));
    auto outlying = outlying_.begin();
    const auto told_already = [&](Index row) {
        while (outlying != outlying_.end() && *outlying < row) ++outlying;
        return outlying != outlying_.end() && *outlying == row;
    };
    for (Index begin = 0; begin < runs.count(); begin += runs_a_part) {
        part.clear();
        for (Index r = begin; r < std::min(begin + runs_a_part, runs.count()); ++r)
            runs.append(r, part);
        part.erase(std::remove_if(part.begin(), part.end(), told_already), part.end());
        if (!part.empty()) body(part);
    }
}

void RowSample::each(FunctionRef<void(const RowSelection& rows, double share)> body) const {
    if (all()) return body(RowSelection{nullptr, 0, rows_}, 1.0);
    if (!outlying_.empty()) body(selection(outlying_), 1.0);
    each_spread([&](const std::vector<Index>& part) { body(selection(part), share_); });
}

}  // namespace fastgd
