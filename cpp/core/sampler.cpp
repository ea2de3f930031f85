#include "sampler.hpp"

#include <algorithm>
#include <bit>
#include <iterator>
#include <numeric>

#include "permutation.hpp"

namespace fastgd {

namespace {

constexpr Index run_bytes = 16 * 1024;
// Runs read side by side by one thread: where one begins its first lines come late.
constexpr Index streams = 8;
constexpr Index segment_bytes = 64 * 1024 * 1024;
// The index lists of a segment stay in the second cache level, between rows of no further use.
constexpr Index indexed_rows = 1 << 14;
constexpr Index least_buffers = 8;  // of a segment: the one ahead is listed twice

// A segment's runs are drawn by position among the whole runs; the short last run stays last.
void fill_runs(const Permutation& order, Index rows, Index run_rows, Index begin,
               std::vector<Index>& runs, std::vector<Index>& out) {
    const Index end = begin + static_cast<Index>(out.size());
    const Index ordered_rows = rows / run_rows * run_rows;
    const Index first = begin / run_rows;
    const Index last = (std::min(end, ordered_rows) + run_rows - 1) / run_rows;
    runs.resize(static_cast<std::size_t>(std::max(last - first, Index{0})));
    order.list(first, std::ssize(runs), runs.data());
    Index* to = out.data();
    Index position = begin;
    for (const Index run : runs) {
        const Index offset = position % run_rows;
        const Index size = std::min(run_rows - offset, end - position);
        std::iota(to, to + size, run * run_rows + offset);
        to += size;
        position += size;
    }
    std::iota(to, out.data() + out.size(), position);
}

// Takes turns at `count` rows cut into stretches.
void take_turns(const Index* rows, Index count, Index turns, Index* out) {
    const Index stretch = (count + turns - 1) / turns;
    for (Index i = 0; i < stretch; ++i)
        for (Index at = i; at < count; at += stretch) *out++ = rows[at];
}

}  // namespace

Index run_rows_of(Index row_bytes) {
    const Index rows = std::clamp(run_bytes / row_bytes, Index{1}, Index{1024});
    return static_cast<Index>(std::bit_floor(static_cast<std::uint64_t>(4 * rows / 3)));
}

Sampler::Sampler(Index rows, Index row_bytes, Shuffle shuffle, std::uint64_t seed,
                 const BatchParts& parts, Index parts_a_member)
    : rows_(rows), shuffle_(shuffle), seed_(seed), parts_(parts), parts_a_member_(parts_a_member) {
    run_rows_ = run_rows_of(row_bytes);
    const Index runs = std::clamp(mixed_bytes / (run_rows_ * row_bytes), Index{8}, Index{64});
    const Index batches = (run_rows_ * runs + parts.batch_rows - 1) / parts.batch_rows;
    buffer_rows_ = batches * parts.batch_rows;
    Index wanted = std::max(segment_bytes / row_bytes, Index{1});
    if (shuffle != Shuffle::none)
        wanted = std::min(wanted, std::max(indexed_rows, least_buffers * buffer_rows_));
    segment_rows_ = std::max(wanted / buffer_rows_, Index{1}) * buffer_rows_;
}

// The last buffer of an epoch need not hold whole batches: nobody shares those.
BatchParts Sampler::parts_of(Index count) const {
    return count == buffer_rows_ ? parts_ : BatchParts{count, count};
}

void Sampler::mix(Index* rows, Index count, std::uint64_t key, std::vector<Index>& lanes) const {
    const BatchParts parts = parts_of(count);
    if (parts.count() == 1) return shuffle_in_place(rows, count, key);
    lanes.assign(rows, rows + count);
    Index* lane = lanes.data();
    for (Index p = 0; p < parts.count(); ++p) {
        const Index size = count / parts.batch_rows * parts.rows_of(p, p + 1);
        shuffle_in_place(lane, size, derive_key(key, static_cast<std::uint64_t>(p)));
        parts.deal(lane, size, p, p + 1, rows);
        lane += size;
    }
}

void Sampler::order_fetches(const Index* rows, Index count, Index* fetched,
                            std::vector<Index>& lanes) const {
    const BatchParts parts = parts_of(count);
    if (parts.count() == 1) return take_turns(rows, count, streams, fetched);
    lanes.resize(static_cast<std::size_t>(count));
    for (Index first = 0; first < parts.count(); first += parts_a_member_) {
        const Index last = std::min(first + parts_a_member_, parts.count());
        const Index size = count / parts.batch_rows * parts.rows_of(first, last);
        take_turns(rows, size, streams, lanes.data());
        parts.deal(lanes.data(), size, first, last, fetched);
        rows += size;
    }
}

RowSelection Sampler::segment(std::int64_t epoch, Index segment, RowOrder& order) const {
    const Index begin = segment * segment_rows_;
    const Index count = std::min(segment_rows_, rows_ - begin);
    if (shuffle_ == Shuffle::none) return {nullptr, begin, count};
    std::vector<Index>& rows = order.rows;
    const std::uint64_t key = derive_key(seed_, static_cast<std::uint64_t>(epoch));
    if (shuffle_ == Shuffle::full) {
        const Permutation permutation(rows_, key);
        rows.resize(static_cast<std::size_t>(count));
        permutation.list(begin, count, rows.data());
        return {rows.data(), 0, count};
    }
    // while a buffer is worked on, the next one is fetched, also that of the segment to come; past
    // the end of the epoch, nothing new
    const Index listed = std::min(count + buffer_rows_, rows_ - begin);
    rows.resize(static_cast<std::size_t>(listed));
    const Index whole_runs = std::max(rows_ / run_rows_, Index{1});
    fill_runs(Permutation(whole_runs, key), rows_, run_rows_, begin, order.runs, rows);
    order.upcoming.assign(static_cast<std::size_t>(count), rows.back());
    for (Index at = buffer_rows_; at < listed; at += buffer_rows_)
        order_fetches(rows.data() + at, std::min(buffer_rows_, listed - at),
                      order.upcoming.data() + at - buffer_rows_, order.lanes);
    for (Index at = 0; at < count; at += buffer_rows_)
        mix(rows.data() + at, std::min(buffer_rows_, count - at),
            derive_key(key, static_cast<std::uint64_t>((begin + at) / buffer_rows_)), order.lanes);
    return {rows.data(), 0, count, order.upcoming.data()};
}

}  // namespace fastgd
