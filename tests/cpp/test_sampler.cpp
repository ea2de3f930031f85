// The order of rows in an epoch: each once, from (seed, epoch) alone.
#include <cmath>
#include <set>

#include "check.hpp"
#include "core/sampler.hpp"

namespace fastgd::testing {
namespace {

constexpr Shuffle all_shuffles[] = {Shuffle::none, Shuffle::block, Shuffle::full};

std::vector<Index> epoch_of(const Sampler& sampler, std::int64_t epoch) {
    RowOrder scratch;
    std::vector<Index> order;
    for (Index s = 0; s < sampler.segments(); ++s) {
        const RowSelection rows = sampler.segment(epoch, s, scratch);
        for (Index i = 0; i < rows.count; ++i) order.push_back(rows.at(i));
    }
    return order;
}

bool each_once(const std::vector<Index>& order, Index rows) {
    std::vector<bool> seen(static_cast<std::size_t>(rows));
    for (const Index row : order) {
        if (row < 0 || row >= rows || seen[static_cast<std::size_t>(row)]) return false;
        seen[static_cast<std::size_t>(row)] = true;
    }
    return static_cast<Index>(order.size()) == rows;
}

void each_row_once_in_every_shape() {
    const Index shapes[] = {1,    2,    3,    7,    64,    100,   1000,
                            1023, 1024, 1025, 4097, 65536, 65537, 200003};
    for (const Shuffle shuffle : all_shuffles)
        for (const Index rows : shapes)
            for (const Index row_bytes : {4, 8, 400, 800, 8192, 40000, 300000, 80000000}) {
                const Sampler sampler(rows, row_bytes, shuffle, 11);
                for (const std::int64_t epoch : {0, 1, 7})
                    check(each_once(epoch_of(sampler, epoch), rows), "shuffle ",
                          static_cast<int>(shuffle), " rows ", rows, " row bytes ", row_bytes,
                          " epoch ", epoch);
                if (rows > 100000 && row_bytes > 800) break;  // one size is enough of them
            }
}

void rows_to_fetch_are_rows() {
    RowOrder scratch;
    for (const Shuffle shuffle : all_shuffles)
        for (const Index rows : {1, 5, 1000, 70000}) {
            const Sampler sampler(rows, 400, shuffle, 3);
            for (Index s = 0; s < sampler.segments(); ++s) {
                const RowSelection selection = sampler.segment(0, s, scratch);
                for (Index i = 0; selection.upcoming != nullptr && i < selection.count; ++i)
                    check(selection.upcoming[i] >= 0 && selection.upcoming[i] < rows);
            }
        }
}

void order_depends_on_seed_and_epoch_alone() {
    for (const Shuffle shuffle : {Shuffle::block, Shuffle::full}) {
        const Sampler sampler(5000, 400, shuffle, 3);
        const std::vector<Index> epoch_2 = epoch_of(sampler, 2);
        epoch_of(sampler, 0);
        check(epoch_2 == epoch_of(sampler, 2), "an epoch between changed the order");
        check(epoch_2 == epoch_of(Sampler(5000, 400, shuffle, 3), 2), "not a function of the seed");
        check(epoch_2 != epoch_of(sampler, 3), "epochs are alike");
        check(epoch_2 != epoch_of(Sampler(5000, 400, shuffle, 4), 2), "seeds are alike");
    }
    const Sampler in_order(5000, 400, Shuffle::none, 3);
    std::vector<Index> expected;
    for (Index i = 0; i < 5000; ++i) expected.push_back(i);
    check(epoch_of(in_order, 0) == expected && epoch_of(in_order, 1) == expected);
}

// Over an epoch, all but the first buffer is fetched, a buffer ahead; segments make no difference.
void each_row_is_fetched_before_its_buffer() {
    const Index rows = 70000, row_bytes = 400;
    const Index buffer = 16 * (16 * 1024 / row_bytes);
    const Sampler sampler(rows, row_bytes, Shuffle::block, 3);
    check(sampler.segments() > 2);
    RowOrder scratch;
    std::vector<Index> due(static_cast<std::size_t>(rows));
    std::vector<Index> fetched_at(static_cast<std::size_t>(rows), -1);
    Index at = 0;
    for (Index s = 0; s < sampler.segments(); ++s) {
        const RowSelection selection = sampler.segment(0, s, scratch);
        for (Index i = 0; i < selection.count; ++i, ++at) {
            due[static_cast<std::size_t>(selection.at(i))] = at;
            Index& fetched = fetched_at[static_cast<std::size_t>(selection.upcoming[i])];
            if (fetched < 0) fetched = at;
        }
    }
    for (std::size_t row = 0; row < due.size(); ++row)
        if (due[row] >= buffer)
            check(fetched_at[row] / buffer == due[row] / buffer - 1, "row ", row, " worked on at ",
                  due[row], ", fetched at ", fetched_at[row]);
}

// What is fetched while a thread's parts of batches are worked on is what the same parts will hold
// next, for any number of threads; which rows these are has nothing to do with it.
void parts_fetch_their_own_rows() {
    for (const Index batch : {1, 24, 64, 100, 256, 400, 600, 3000})
        for (const auto& [row_bytes, members] :
             {std::pair{40, 1}, {800, 2}, {800, 3}, {20000, 8}}) {
            const Index rows = 20011;
            const BatchParts parts = BatchParts::of(batch);
            const Index together = parts.a_member(members);
            const Sampler sampler(rows, row_bytes, Shuffle::block, 5, parts, members);
            check(each_once(epoch_of(sampler, 1), rows), "batch ", batch);
            check(epoch_of(sampler, 1) ==
                      epoch_of(Sampler(rows, row_bytes, Shuffle::block, 5, parts), 1),
                  "order depends on threads");
            RowOrder scratch;
            const RowSelection first = sampler.segment(0, 0, scratch);
            check(sampler.segments() == 1 || first.count % batch == 0, "a batch cut in two");
            std::vector<Index> part_of(static_cast<std::size_t>(rows), -1);
            for (Index i = 0; i < first.count / batch * batch; ++i)
                part_of[static_cast<std::size_t>(first.at(i))] =
                    i % batch / parts.part_rows / together;
            Index strangers = 0;
            for (Index i = 0; i < first.count / batch * batch; ++i) {
                const Index fetched = part_of[static_cast<std::size_t>(first.upcoming[i])];
                strangers += fetched >= 0 && fetched != i % batch / parts.part_rows / together;
            }
            // the last buffer belongs to nobody, and past the end there is nothing to fetch
            const Index buffer = 256 * 1024 / row_bytes + 8 + batch;
            check(strangers <= 2 * buffer, "batch ", batch, " row bytes ", row_bytes, ": ",
                  strangers);
        }
}

// A batch that is a buffer of its own, and a longer one that has no parts, is made of whole runs;
// of the latter no more rows are listed than two segments hold.
void a_long_batch_is_a_draw_of_runs() {
    const Index rows = 400000, row_bytes = 400;
    const Index run = run_rows_of(row_bytes);
    for (const Index batch : {Index{700}, Index{4096}, Index{16384}, Index{200000}}) {
        const BatchParts shared = BatchParts::of(batch);
        for (const BatchParts& parts : {shared, BatchParts{batch, batch}}) {
            const Sampler sampler(rows, row_bytes, Shuffle::block, 5, parts, 2);
            check(each_once(epoch_of(sampler, 1), rows), "batch ", batch);
            const std::vector<Index> order = epoch_of(sampler, 0);
            for (Index at = 0; at + batch <= rows; at += batch) {
                std::set<Index> runs;
                for (Index i = at; i < at + batch; ++i)
                    runs.insert(order[static_cast<std::size_t>(i)] / run);
                // a buffer of runs may be cut in two
                check(std::ssize(runs) <= batch / run + 20, "batch ", batch, ": ", runs.size(),
                      " runs");
            }
            RowOrder scratch;
            sampler.segment(0, 0, scratch);
            const Index listed = parts.count() > 1 || batch <= 16384 ? 3 * batch : 0;
            check(std::ssize(scratch.rows) <= std::max<Index>(listed, 2 * 16384), "batch ", batch);
        }
    }
}

// Segments may be asked for in any order and again.
void segments_stand_alone() {
    const Sampler sampler(300000, 8, Shuffle::block, 1);
    check(sampler.segments() > 1);
    RowOrder scratch;
    const auto copy_of = [&](Index s) {
        const RowSelection rows = sampler.segment(4, s, scratch);
        return std::vector<Index>(rows.index, rows.index + rows.count);
    };
    const std::vector<Index> last = copy_of(sampler.segments() - 1);
    const std::vector<Index> first = copy_of(0);
    check(copy_of(sampler.segments() - 1) == last && copy_of(0) == first);
}

// Block order reads memory in runs and still mixes rows far apart.
void block_order_mixes() {
    const Index rows = 100000;
    const std::vector<Index> order = epoch_of(Sampler(rows, 400, Shuffle::block, 9), 0);
    double distance = 0;
    for (std::size_t i = 0; i + 1 < order.size(); ++i)
        distance += std::abs(static_cast<double>(order[i + 1] - order[i]));
    // two independent rows are rows / 3 apart on average
    check(distance / static_cast<double>(rows) > 0.2 * static_cast<double>(rows), distance);
    double drift = 0;
    for (std::size_t i = 0; i < order.size() / 10; ++i) drift += static_cast<double>(order[i]);
    drift /= static_cast<double>(rows) / 10 * static_cast<double>(rows);
    check(drift > 0.3 && drift < 0.7, "the first tenth comes from around ", drift);
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"each row once in every shape", each_row_once_in_every_shape},
                {"rows to fetch are rows", rows_to_fetch_are_rows},
                {"each row is fetched before its buffer", each_row_is_fetched_before_its_buffer},
                {"order depends on seed and epoch alone", order_depends_on_seed_and_epoch_alone},
                {"parts fetch their own rows", parts_fetch_their_own_rows},
                {"a long batch is a draw of runs", a_long_batch_is_a_draw_of_runs},
                {"segments stand alone", segments_stand_alone},
                {"block order mixes", block_order_mixes}},
               argc, argv);
}
