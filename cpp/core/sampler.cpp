#include "sampler.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

#include "parallel.hpp"
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
// Fewer rows a thread are listed in less time than it takes to wake it.
constexpr Index listed_a_member = 2048;

// Runs are drawn by position among the whole runs; the short last run stays last.
void fill_runs(const Permutation& order, Index rows, Index run_rows, Index begin, Index end,
               Index* runs, Index* out) {
    const Index ordered_rows = rows / run_rows * run_rows;
    const Index first = begin / run_rows;
    const Index last = (std::min(end, ordered_rows) + run_rows - 1) / run_rows;
    const Index count = std::max(last - first, Index{0});
    order.list(first, count, runs);
    Index position = begin;
    for (Index i = 0; i < count; ++i) {
        const Index offset = position % run_rows;
        const Index size = std::min(run_rows - offset, end - position);
        std::iota(out, out + size, runs[i] * run_rows + offset);
        out += size;
        position += size;
    }
    std::iota(out, out + (end - position), position);
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
                 const BatchParts& parts, int members)
    : rows_(rows), shuffle_(shuffle), seed_(seed), parts_(parts), members_(members) {
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

void Sampler::mix(Index* rows, Index count, std::uint64_t key, Index* lanes) const {
    const BatchParts parts = parts_of(count);
    if (parts.count() == 1) return shuffle_in_place(rows, count, key);
    std::copy_n(rows, count, lanes);
    for (Index p = 0; p < parts.count(); ++p) {
        const Index size = count / parts.batch_rows * parts.rows_of(p, p + 1);
        shuffle_in_place(lanes, size, derive_key(key, static_cast<std::uint64_t>(p)));
        parts.deal(lanes, size, p, p + 1, rows);
        lanes += size;
    }
}

void Sampler::order_fetches(const Index* rows, Index count, Index* fetched, Index* lanes) const {
    const BatchParts parts = parts_of(count);
    if (parts.count() == 1) return take_turns(rows, count, streams, fetched);
    const Index together = parts.a_member(members_);
    for (Index first = 0; first < parts.count(); first += together) {
        const Index last = std::min(first + together, parts.count());
        const Index size = count / parts.batch_rows * parts.rows_of(first, last);
        take_turns(rows, size, streams, lanes);
        parts.deal(lanes, size, first, last, fetched);
        rows += size;
    }
}

void Sampler::list_buffer(std::uint64_t epoch_key, Index begin, Index count, bool mixed,
                          Index* rows, Index* fetched, RowOrder::Lister& scratch) const {
    const Index whole_runs = std::max(rows_ / run_rows_, Index{1});
    fill_runs(Permutation(whole_runs, epoch_key), rows_, run_rows_, begin, begin + count,
              scratch.runs.data(), rows);
    if (fetched != nullptr) order_fetches(rows, count, fetched, scratch.lanes.data());
    if (mixed)
        mix(rows, count, derive_key(epoch_key, static_cast<std::uint64_t>(begin / buffer_rows_)),
            scratch.lanes.data());
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
    // while a buffer is worked on, the next one is fetched, also that of the segment to come
    const Index listed = std::min(count + buffer_rows_, rows_ - begin);
    rows.resize(static_cast<std::size_t>(listed));
    order.upcoming.resize(static_cast<std::size_t>(count));
    order.listers.resize(static_cast<std::size_t>(members_));
    for (RowOrder::Lister& lister : order.listers) {
        lister.runs.resize(static_cast<std::size_t>(buffer_rows_ / run_rows_ + 2));
        lister.lanes.resize(static_cast<std::size_t>(buffer_rows_));
    }
    const auto wanted = std::min<Index>(members_, listed / listed_a_member);
    run_team(static_cast<int>(wanted), [&](int member, int members) {
        for (Index at = member * buffer_rows_; at < listed; at += members * buffer_rows_)
            list_buffer(key, begin + at, std::min(buffer_rows_, listed - at), at < count,
                        rows.data() + at,
                        at > 0 ? order.upcoming.data() + at - buffer_rows_ : nullptr,
                        order.listers[static_cast<std::size_t>(member)]);
    });
    // past the end of the epoch, nothing new
    const Index fetched = std::max(listed - buffer_rows_, Index{0});
    std::fill(order.upcoming.begin() + fetched, order.upcoming.end(), rows.back());
    return {rows.data(), 0, count, order.upcoming.data()};
}

}  // namespace fastgd
