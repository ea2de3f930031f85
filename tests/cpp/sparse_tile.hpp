// Random sparse rows, each in memory of its own, and the same rows with their zeros.
#pragma once

#include "core/large_vector.hpp"
#include "numbers.hpp"

namespace fastgd::testing {

template <class T>
class SparseTile {
  public:
    // Columns are rarer from left to right: some are in most rows, some in none. A few rows store
    // nothing, or zeros alone.
    SparseTile(Numbers& numbers, Index rows, Index columns)
        : columns_(columns), shift_(LargeVector<T>(static_cast<std::size_t>(columns), T(0))) {
        for (Index j = 0; j < columns; j += 3)
            if (j < columns / 4) {
                shift_.data()[j] = static_cast<T>(numbers.uniform(-1, 1));
                centred_.push_back(static_cast<std::int32_t>(j));
            }
        for (Index i = 0; i < rows; ++i) {
            LargeVector<T> full(static_cast<std::size_t>(columns), T(0)), values;
            std::vector<std::int32_t> found;
            for (Index j = 0; j < columns; ++j) {
                if (i % 20 == 7 || numbers.uniform(0, 1) > 1.0 / static_cast<double>(1 + j))
                    continue;
                values.push_back(i % 20 == 9 ? T(0) : static_cast<T>(numbers.uniform(-1, 1)));
                found.push_back(static_cast<std::int32_t>(j));
                full[static_cast<std::size_t>(j)] = values.back();
            }
            values_.emplace_back(values);
            full_.emplace_back(full);
            column_memory_.push_back(found);
            stored_.push_back(static_cast<Index>(found.size()));
        }
        for (std::size_t i = 0; i < values_.size(); ++i) {
            value_.push_back(values_[i].data());
            row_.push_back(full_[i].data());
            column_.push_back(column_memory_[i].data());
        }
    }
    SparseTile(const SparseTile&) = delete;
    SparseTile& operator=(const SparseTile&) = delete;

    const T* shift() const { return shift_.data(); }
    LargeVector<double> shifts() const { return {shift_.data(), shift_.data() + columns_}; }

    // Rows [begin, begin + count), centred or not.
    RowTile<T> sparse(Index begin, Index count, bool shifted) const {
        RowTile<T> tile{value_.data() + begin, nullptr, count, columns_,
                        shifted ? shift_.data() : nullptr};
        tile.column = column_.data() + begin;
        tile.stored = stored_.data() + begin;
        tile.centred = centred_.data();
        tile.centred_columns = shifted ? static_cast<Index>(centred_.size()) : 0;
        return tile;
    }
    // A metric goes with a shift in the kernels of dense rows.
    RowTile<T> dense(Index begin, Index count, const T* shift) const {
        return {row_.data() + begin, nullptr, count, columns_, shift};
    }

  private:
    Index columns_;
    Exact<T> shift_;
    std::vector<std::int32_t> centred_;
    std::vector<Exact<T>> values_;
    std::vector<Exact<T>> full_;
    std::vector<std::vector<std::int32_t>> column_memory_;
    std::vector<const T*> value_;
    std::vector<const T*> row_;
    std::vector<const std::int32_t*> column_;
    std::vector<Index> stored_;
};

}  // namespace fastgd::testing
