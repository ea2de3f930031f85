#include "columns_in_use.hpp"

#include <algorithm>

namespace fastgd {

namespace {

// Fewer columns are in use where leaving out the others pays: reading takes each number's column
// from a table then.
constexpr Index columns_a_used = 2;

constexpr std::int32_t unused = -1;

// Marks columns in use until there are `most`; returns how many there are.
template <class Column>
Index mark(const MatrixView& X, Index most, std::vector<std::int32_t>& place) {
    const auto* column = static_cast<const Column*>(X.column);
    const Index numbers = X.begin(X.rows);
    Index count = 0;
    for (Index s = 0; s < numbers && count < most; ++s) {
        std::int32_t& mark = place[static_cast<std::size_t>(column[s])];
        count += mark == unused;
        mark = 0;
    }
    return count;
}

}  // namespace

std::optional<ColumnsInUse> ColumnsInUse::of(const MatrixView& X) {
    ColumnsInUse result;
    result.place_.assign(static_cast<std::size_t>(X.columns), unused);
    const Index most = (X.columns + columns_a_used - 1) / columns_a_used;
    const Index count = X.wide_column ? mark<std::int64_t>(X, most, result.place_)
                                      : mark<std::int32_t>(X, most, result.place_);
    if (count == most || count == 0) return std::nullopt;
    result.used_.reserve(static_cast<std::size_t>(count));
    for (std::size_t j = 0; j < result.place_.size(); ++j) {
        if (result.place_[j] == unused) continue;
        result.place_[j] = static_cast<std::int32_t>(result.used_.size());
        result.used_.push_back(static_cast<std::int32_t>(j));
    }
    return result;
}

bool ColumnsInUse::suffice(const Coefficients& start, const PenaltyStrength& penalty) const {
    for (std::size_t at = 0; at < start.coef.size(); ++at) {
        if (place_[at % place_.size()] != unused) continue;
        if (start.coef[at] != 0.0 || penalty.box.projected(at, 0.0) != 0.0) return false;
    }
    return true;
}

LargeVector<double> ColumnsInUse::of(const LargeVector<double>& all) const {
    LargeVector<double> own;
    for (std::size_t first = 0; first < all.size(); first += place_.size())
        for (const std::int32_t j : used_) own.push_back(all[first + static_cast<std::size_t>(j)]);
    return own;
}

Data ColumnsInUse::of(Data data) const {
    data.X.columns = count();
    data.X.place = place_.data();
    data.X.in_use = nullptr;
    return data;
}

FitOptions ColumnsInUse::of(FitOptions options) const {
    PenaltyStrength& penalty = options.penalty;
    penalty.l1_factor = of(penalty.l1_factor);
    penalty.l2_factor = of(penalty.l2_factor);
    penalty.box = {of(penalty.box.low), of(penalty.box.high)};
    return options;
}

Coefficients ColumnsInUse::of(Coefficients all) const {
    all.coef = of(all.coef);
    return all;
}

Coefficients ColumnsInUse::onto_all(Coefficients own) const {
    LargeVector<double> all(own.intercept.size() * place_.size());
    for (std::size_t k = 0; k < own.intercept.size(); ++k)
        for (std::size_t j = 0; j < used_.size(); ++j)
            all[k * place_.size() + static_cast<std::size_t>(used_[j])] =
                own.coef[k * used_.size() + j];
    own.coef = std::move(all);
    return own;
}

FitOutcome ColumnsInUse::onto_all(FitOutcome own) const {
    const auto in_X = [&](Index& j) { j = used_[static_cast<std::size_t>(j)]; };
    own.raw = onto_all(std::move(own.raw));
    std::for_each(own.dependent.begin(), own.dependent.end(), in_X);
    std::for_each(own.told_apart.begin(), own.told_apart.end(), in_X);
    if (own.safe_step.limit == Limit::column) in_X(own.safe_step.index);
    if (own.non_finite) in_X(own.non_finite->column);
    return own;
}

}  // namespace fastgd
