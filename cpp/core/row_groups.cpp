#include "row_groups.hpp"

#include <algorithm>
#include <bit>

#include "packed_stride.hpp"
#include "sampler.hpp"

namespace fastgd {

namespace {

constexpr Index window_bytes = 128 * 1024;

// Entries in which a group may be found. One in eight leads to a group at most.
constexpr std::size_t probes = 8;

template <class T>
constexpr Index rows_of_a_line = cache_line / static_cast<Index>(sizeof(T));

// Whether neighbours follow each other, but for where one run ends: in rows that are mixed they
// hardly do so twice.
bool in_runs(const RowSelection& rows) {
    if (rows.index == nullptr || rows.count < 4) return false;
    int neighbours = 0;
    for (Index i = 1; i < 4; ++i) neighbours += rows.at(i) == rows.at(i - 1) + 1;
    return neighbours >= 2;
}

}  // namespace

template <class T>
RowGroups<T>::RowGroups(const KernelTable<T>& kernels, const ColumnsView& columns, Index tile_rows)
    : kernels_(kernels),
      columns_(columns),
      leading_(packed_stride<T>(columns.columns())),
      tile_rows_(tile_rows) {
    const Index row_bytes = columns.columns() * static_cast<Index>(sizeof(T));
    group_rows_ = std::min(run_rows_of(row_bytes), Index{64});
    group_bits_ = std::countr_zero(static_cast<std::uint64_t>(group_rows_));
    // long enough for the processor to see that columns are read one number after the other, and
    // no line is read twice
    const Index window_rows =
        std::clamp(window_bytes / row_bytes, std::max(group_rows_, rows_of_a_line<T>), Index{256});
    window_ =
        static_cast<Index>(std::bit_floor(static_cast<std::uint64_t>(window_rows))) >> group_bits_;
    // rows that are mixed and those to be mixed next; beyond two tiles', so that none in use is
    // given up
    const Index mixed = 2 * most_mixed_rows(row_bytes) / group_rows_ + 8;
    slots_ = std::max({mixed, (group_rows_ > 1 ? 2 : 1) * tile_rows + 1, 2 * window_ + 2});
    packed_ = Buffer<T>(slots_ * group_rows_ * leading_);
    group_.assign(static_cast<std::size_t>(slots_), -1);
    last_use_.assign(static_cast<std::size_t>(slots_), -1);
    const int bits = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(8 * slots_)));
    slot_.assign((std::size_t{1} << bits) + probes, 0);
    hash_shift_ = 64 - bits;
}

template <class T>
ColumnFetch RowGroups<T>::rows_of(Index group, Index count) const {
    const Index first = group << group_bits_;
    return {first, std::clamp(columns_.rows() - first, Index{0}, count << group_bits_)};
}

template <class T>
std::size_t RowGroups<T>::home_of(Index group) const {
    const std::uint64_t hash = static_cast<std::uint64_t>(group) * 0x9e3779b97f4a7c15u;
    return static_cast<std::size_t>(hash >> hash_shift_);
}

template <class T>
Index RowGroups<T>::kept_at(Index group) const {
    const std::size_t home = home_of(group);
    for (std::size_t entry = home; entry < home + probes; ++entry)
        if (group_[static_cast<std::size_t>(slot_[entry])] == group) return slot_[entry];
    return -1;
}

// In the first entry that leads to no group looked for there; where all do, the first one's is
// given up and packed again.
template <class T>
void RowGroups<T>::keep_at(Index group, Index slot) {
    group_[static_cast<std::size_t>(slot)] = group;
    const std::size_t home = home_of(group);
    for (std::size_t entry = home; entry < home + probes; ++entry) {
        const Index there = group_[static_cast<std::size_t>(slot_[entry])];
        const std::size_t first = there < 0 ? slot_.size() : home_of(there);
        if (entry >= first && entry < first + probes && there != group) continue;
        slot_[entry] = slot;
        return;
    }
    slot_[home] = slot;
}

template <class T>
Index RowGroups<T>::slot_of(Index group, Index count, const ColumnFetch& ahead) {
    Index slot = kept_at(group);
    if (slot < 0) {
        slot = claim(group, count, ahead);
        for (Index g = 0; g < count; ++g) keep_at(group + g, slot + g);
    }
    last_use_[static_cast<std::size_t>(slot)] = calls_;
    return slot;
}

// Packs in the place of the oldest groups that this call does not hold.
template <class T>
Index RowGroups<T>::claim(Index group, Index count, const ColumnFetch& ahead) {
    Index slot = next_slot_;
    for (Index free = 0; free < count;) {
        if (slot + count > slots_) slot = free = 0;
        const bool held = last_use_[static_cast<std::size_t>(slot + free)] == calls_;
        if (held) slot += free + 1;
        free = held ? 0 : free + 1;
    }
    next_slot_ = slot + count;
    const ColumnFetch rows = rows_of(group, count);
    columns_.pack(kernels_, rows.first, rows.rows, packed_.data() + slot * group_rows_ * leading_,
                  leading_, ahead);
    return slot;
}

template <class T>
ColumnFetch RowGroups<T>::run_at(const RowSelection& rows, Index i) const {
    ColumnFetch run{0, 0, true};
    if (i >= rows.count) return run;
    run.first = rows.at(i);
    do ++run.rows;
    while (i + run.rows < rows.count && rows.at(i + run.rows) == run.first + run.rows);
    return run;
}

template <class T>
void RowGroups<T>::read_runs(const RowSelection& rows, const RowSelection& next, const T** row) {
    constexpr Index line = rows_of_a_line<T>;
    if (runs_.size() == 0) runs_ = Buffer<T>((tile_rows_ + line) * leading_);
    for (Index i = 0; i < rows.count;) {
        const ColumnFetch run = run_at(rows, i);
        const ColumnFetch after =
            i + run.rows < rows.count ? run_at(rows, i + run.rows) : run_at(next, 0);
        T* out = runs_.data() + i * leading_;
        // whole vectors of each column: those after the run are written over
        const Index count = std::max(
            run.rows, std::min((run.rows + line - 1) / line * line, columns_.rows() - run.first));
        columns_.pack(kernels_, run.first, count, out, leading_, after);
        for (Index end = i + run.rows; i < end; ++i, out += leading_) row[i] = out;
    }
}

template <class T>
void RowGroups<T>::read(const RowSelection& rows, const RowSelection& next, const T** row) {
    if (in_runs(rows)) return read_runs(rows, next, row);
    ++calls_;
    const Index ahead = next.first - rows.first;
    const bool in_order = rows.index == nullptr && next.index == nullptr && next.count > 0 &&
                          ahead > 0 && ahead <= 2 * rows.count;
    const Index count = in_order ? window_ : 1;
    // rows in order do not come back: packed where those before them were, they stay near
    if (in_order && next_slot_ > window_) next_slot_ = 0;
    for (Index i = 0; i < rows.count;) {
        const Index group = rows.at(i) >> group_bits_;
        ColumnFetch after = rows_of(group + count, count);
        after.begins = false;
        if (!in_order) after.rows = 0;
        const Index slot = slot_of(group, count, after);
        const T* packed = packed_.data() + slot * group_rows_ * leading_;
        // the rest of the group, if the selection runs through it
        do {
            row[i] = packed + (rows.at(i) - (group << group_bits_)) * leading_;
            ++i;
        } while (i < rows.count && rows.at(i) >> group_bits_ == group);
    }
    if (next.index == nullptr || group_rows_ == 1) return;
    // each is packed once the next one is known, whose lines are fetched meanwhile
    for (Index i = 0; i < next.count; ++i) {
        const Index group = next.at(i) >> group_bits_;
        if (group == fetched_ || kept(group)) continue;
        ColumnFetch coming = rows_of(group);
        coming.begins = fetched_ != group - 1 && !kept(group - 1);
        if (fetched_ >= 0) slot_of(fetched_, 1, coming);
        fetched_ = group;
    }
}

template class RowGroups<float>;
template class RowGroups<double>;

}  // namespace fastgd
