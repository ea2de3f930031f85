#include "row_groups.hpp"

#include <algorithm>
#include <bit>

#include "packed_stride.hpp"

namespace fastgd {

namespace {

// Neighbouring rows in a shuffled order: a run of the sampler.
constexpr Index run_bytes = 16 * 1024;
// Twice what the sampler mixes, as runs begin and end within groups.
constexpr Index kept_bytes = 512 * 1024;

}  // namespace

template <class T>
RowGroups<T>::RowGroups(const KernelTable<T>& kernels, const ColumnsView& columns, Index tile_rows)
    : kernels_(kernels), columns_(columns), leading_(packed_stride<T>(columns.columns())) {
    const Index row_bytes = leading_ * static_cast<Index>(sizeof(T));
    const auto neighbours = static_cast<std::uint64_t>(std::max(run_bytes / row_bytes, Index{1}));
    group_bits_ = std::min(static_cast<int>(std::bit_width(neighbours)) - 1, 4);
    group_rows_ = Index{1} << group_bits_;
    // beyond a tile's, so that none of its own is given up
    slots_ = std::max(kept_bytes / (group_rows_ * row_bytes), tile_rows) + 1;
    packed_ = Buffer<T>(slots_ * group_rows_ * leading_);
    group_.assign(static_cast<std::size_t>(slots_), -1);
    last_use_.assign(static_cast<std::size_t>(slots_), -1);
    const int bits = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(8 * slots_)));
    slot_.assign(std::size_t{1} << bits, 0);
    hash_shift_ = 64 - bits;
}

template <class T>
Index RowGroups<T>::slot_of(Index group) {
    const std::uint64_t hash = static_cast<std::uint64_t>(group) * 0x9e3779b97f4a7c15u;
    Index& slot = slot_[static_cast<std::size_t>(hash >> hash_shift_)];
    if (group_[static_cast<std::size_t>(slot)] != group) slot = claim(group);
    last_use_[static_cast<std::size_t>(slot)] = calls_;
    return slot;
}

// Packs the group in the place of the oldest one that this call does not hold.
template <class T>
Index RowGroups<T>::claim(Index group) {
    while (last_use_[static_cast<std::size_t>(next_slot_)] == calls_)
        next_slot_ = (next_slot_ + 1) % slots_;
    const Index slot = next_slot_;
    next_slot_ = (next_slot_ + 1) % slots_;
    group_[static_cast<std::size_t>(slot)] = group;
    const Index first = group * group_rows_;
    columns_.pack(kernels_, first, std::min(group_rows_, columns_.rows() - first),
                  packed_.data() + slot * group_rows_ * leading_, leading_);
    return slot;
}

template <class T>
void RowGroups<T>::read(const RowSelection& rows, const T** row) {
    ++calls_;
    for (Index i = 0; i < rows.count;) {
        const Index first = rows.at(i);
        const Index group = first >> group_bits_;
        const T* packed = packed_.data() + slot_of(group) * group_rows_ * leading_;
        // the rest of the group, if the selection runs through it
        do {
            row[i] = packed + (rows.at(i) - group * group_rows_) * leading_;
            ++i;
        } while (i < rows.count && rows.at(i) >> group_bits_ == group);
    }
}

template class RowGroups<float>;
template class RowGroups<double>;

}  // namespace fastgd
