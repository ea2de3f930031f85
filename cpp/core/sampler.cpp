#include "sampler.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

#include "parallel.hpp"
#include "permutation.hpp"

namespace fastgd {

namespace {

constexpr Index run_bytes = 16 * 1024;
constexpr Index mixed_bytes = 256 * 1024;
// Runs read side by side by one thread: where one begins its first lines come late.
constexpr Index streams = 8;
constexpr Index segment_bytes = 64 * 1024 * 1024;
// The index lists of a segment stay in the second cache level, between rows of no further use.
constexpr Index indexed_rows = 1 << 14;
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
void turns(const Index* rows, Index count, Index stretches, Index* out) {
    const Index stretch = (count + stretches - 1) / stretches;
    for (Index i = 0; i < stretch; ++i)
        for (Index at = i; at < count; at += stretch) *out++ = rows[at];
}

// Whole runs, before they are rounded to whole batches.
Index mixed_rows_of(Index row_bytes) {
    const Index run_rows = run_rows_of(row_bytes);
    return run_rows * std::clamp(mixed_bytes / (run_rows * row_bytes), Index{8}, Index{64});
}

}  // namespace

Index run_rows_of(Index row_bytes) {
    const Index rows = std::clamp(run_bytes / row_bytes, Index{1}, Index{1024});
    return static_cast<Index>(std::bit_floor(static_cast<std::uint64_t>(4 * rows / 3)));
}

Index most_mixed_rows(Index row_bytes) { return 4 * mixed_rows_of(row_bytes) / 3; }

Sampler::Sampler(Index rows, Index row_bytes, Shuffle shuffle, std::uint64_t seed,
                 const BatchParts& parts, int members)
    : rows_(rows), shuffle_(shuffle), seed_(seed), parts_(parts), members_(members) {
    run_rows_ = run_rows_of(row_bytes);
    const Index mixed = mixed_rows_of(row_bytes);
    // a long batch that has no parts may be drawn bit by bit
    if (parts.count() == 1 && parts.batch_rows > indexed_rows) parts_ = {mixed, mixed};
    // as many batches as come nearest: two thirds of what is wanted to four thirds, or one batch
    const Index batches =
        std::max((2 * mixed + parts_.batch_rows) / (2 * parts_.batch_rows), Index{1});
    buffer_rows_ = batches * parts_.batch_rows;
    // the buffer after a segment is listed twice
    const Index least = (batches > 1 ? 8 : 2) * buffer_rows_;
    Index wanted = std::max(segment_bytes / row_bytes, Index{1});
    if (shuffle != Shuffle::none) wanted = std::min(wanted, std::max(indexed_rows, least));
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

void Sampler::take_turns(const Index* rows, Index count, int members, Index* out,
                         Index* lanes) const {
    const BatchParts parts = parts_of(count);
    if (parts.count() == 1) return turns(rows, count, streams, out);
    const Index together = parts.a_member(members);
    for (Index first = 0; first < parts.count(); first += together) {
        const Index last = std::min(first + together, parts.count());
        const Index size = count / parts.batch_rows * parts.rows_of(first, last);
        turns(rows, size, streams, lanes);
        parts.deal(lanes, size, first, last, out);
        rows += size;
    }
}

void Sampler::list_buffer(std::uint64_t epoch_key, Index begin, Index count, bool due, Index* rows,
                          Index* fetched, RowOrder::Lister& scratch) const {
    const Index whole_runs = std::max(rows_ / run_rows_, Index{1});
    fill_runs(Permutation(whole_runs, epoch_key), rows_, run_rows_, begin, begin + count,
              scratch.runs.data(), rows);
    Index* lanes = scratch.lanes.data();
    if (fetched != nullptr) take_turns(rows, count, members_, fetched, lanes);
    if (!due) return;
    if (count > parts_.batch_rows)
        return mix(rows, count,
                   derive_key(epoch_key, static_cast<std::uint64_t>(begin / buffer_rows_)), lanes);
    // one batch is one sum, whatever the order of its rows, but the same for any team
    scratch.batch.assign(rows, rows + count);
    take_turns(scratch.batch.data(), count, BatchParts::most, rows, lanes);
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
        if (parts_.count() > 1) lister.lanes.resize(static_cast<std::size_t>(buffer_rows_));
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
