// The pack kernel: all element types, any strides, rows in any order.
#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <type_traits>

#include "check.hpp"
#include "core/row_groups.hpp"
#include "levels.hpp"
#include "numbers.hpp"

namespace fastgd::testing {
namespace {

struct HalfBits {
    std::uint16_t bits;
};
struct BrainBits {
    std::uint16_t bits;
};

// IEEE half precision by its definition.
long double value_of(HalfBits half) {
    const int sign = half.bits >> 15;
    const int exponent = (half.bits >> 10) & 31;
    const int fraction = half.bits & 1023;
    long double magnitude = 0;
    if (exponent == 31)
        magnitude = fraction != 0 ? std::numeric_limits<long double>::quiet_NaN()
                                  : std::numeric_limits<long double>::infinity();
    else if (exponent == 0)
        magnitude = std::ldexp(static_cast<long double>(fraction), -24);
    else
        magnitude = std::ldexp(static_cast<long double>(1024 + fraction), exponent - 25);
    return sign != 0 ? -magnitude : magnitude;
}

long double value_of(BrainBits brain) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(brain.bits) << 16);
}

template <class Source>
long double value_of(Source x) {
    return static_cast<long double>(x);
}

template <class Source>
Source draw(Numbers& numbers) {
    if constexpr (std::is_same_v<Source, HalfBits> || std::is_same_v<Source, BrainBits>)
        return {static_cast<std::uint16_t>(numbers.below(0x7c00))};
    else if constexpr (std::is_same_v<Source, bool>)
        return numbers.below(2) == 1;
    else if constexpr (std::is_floating_point_v<Source>)
        return static_cast<Source>(numbers.normal());
    else
        return static_cast<Source>(numbers.below(std::numeric_limits<Index>::max()));
}

struct Layout {
    const char* name;
    Index row_stride;  // in elements
    Index column_stride;
    Index origin;
};

// Layouts of `rows` x `columns` inside a buffer of 4 * rows * columns elements.
std::vector<Layout> layouts_of(Index rows, Index columns) {
    return {{"C", columns, 1, 0},
            {"F", 1, rows, 0},
            {"rows padded", columns + 3, 1, 2},
            {"every other row", 2 * columns, 1, 0},
            {"every other column", 2 * columns, 2, 0},
            {"both apart", 4 * columns, 2, 1},
            {"rows backwards", -columns, 1, (rows - 1) * columns},
            {"columns backwards", columns, -1, columns - 1},
            {"F backwards", -1, -rows, rows * columns - 1},
            {"one row repeated", 0, 1, 0},
            {"one element repeated", 0, 0, 0}};
}

template <class Source, class T>
void check_pack(const KernelTable<T>& kernels, ElementType type, Index rows, Index columns,
                bool swapped, Numbers& numbers) {
    // one byte off: elements need not be aligned
    const auto count = static_cast<std::size_t>(4 * (rows + 1) * (columns + 1) + 8);
    const auto elements = std::make_unique<Source[]>(count);
    const auto memory = std::make_unique<char[]>(count * sizeof(Source) + 1);
    for (std::size_t i = 0; i < count; ++i) elements[i] = draw<Source>(numbers);
    std::memcpy(memory.get() + 1, elements.get(), count * sizeof(Source));
    std::vector<Index> index(static_cast<std::size_t>(rows));
    for (Index& i : index) i = numbers.below(rows);
    const auto item = static_cast<Index>(sizeof(Source));
    for (std::size_t i = 0; swapped && i < count; ++i)
        std::reverse(memory.get() + 1 + i * sizeof(Source),
                     memory.get() + 1 + (i + 1) * sizeof(Source));
    for (const Layout& layout : layouts_of(rows, columns)) {
        const StridedView view{memory.get() + 1 + layout.origin * item,
                               type,
                               rows,
                               columns,
                               layout.row_stride * item,
                               layout.column_stride * item,
                               swapped};
        for (const RowSelection& selection :
             {RowSelection{nullptr, 0, rows}, RowSelection{nullptr, rows / 2, rows - rows / 2},
              RowSelection{index.data(), 0, rows}}) {
            const Index leading = columns + 2;
            LargeVector<T> out(static_cast<std::size_t>(selection.count * leading), T(-77));
            kernels.pack[static_cast<int>(type)](view, selection, out.data(), leading);
            for (Index i = 0; i < selection.count; ++i)
                for (Index j = 0; j < leading; ++j) {
                    const Index at = layout.origin + selection.at(i) * layout.row_stride +
                                     j * layout.column_stride;
                    // padding between rows is the caller's and stays as it was
                    const T expected =
                        j < columns
                            ? static_cast<T>(value_of(elements[static_cast<std::size_t>(at)]))
                            : T(-77);
                    check(out[static_cast<std::size_t>(i * leading + j)] == expected, "pack ",
                          kernels.isa, " type ", static_cast<int>(type), ' ', layout.name, ' ',
                          rows, 'x', columns, " at (", i, ", ", j,
                          "): ", out[static_cast<std::size_t>(i * leading + j)], ", expected ",
                          expected);
                }
        }
    }
}

template <class T>
void check_types(const KernelTable<T>& kernels, Index rows, Index columns, Numbers& numbers) {
    const auto one = [&]<class Source>(ElementType type) {
        for (const bool swapped : {false, true})
            check_pack<Source>(kernels, type, rows, columns, swapped, numbers);
    };
    one.template operator()<float>(ElementType::float32);
    one.template operator()<double>(ElementType::float64);
    one.template operator()<HalfBits>(ElementType::float16);
    one.template operator()<BrainBits>(ElementType::bfloat16);
    one.template operator()<bool>(ElementType::boolean);
    one.template operator()<std::int8_t>(ElementType::int8);
    one.template operator()<std::int16_t>(ElementType::int16);
    one.template operator()<std::int32_t>(ElementType::int32);
    one.template operator()<std::int64_t>(ElementType::int64);
    one.template operator()<std::uint8_t>(ElementType::uint8);
    one.template operator()<std::uint16_t>(ElementType::uint16);
    one.template operator()<std::uint32_t>(ElementType::uint32);
    one.template operator()<std::uint64_t>(ElementType::uint64);
}

// Columns apart, in chunks that end at other rows in each, as one array of their numbers.
void columns_in_chunks() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(5);
        for (const Index columns : {1, 3, 8, 16, 17, 37})
            for (const Index rows : {1, 16, 45, 130}) {
                std::vector<float> wide(static_cast<std::size_t>(rows * columns));
                std::vector<std::uint8_t> narrow(wide.size());
                std::vector<ColumnsView::Column> views;
                LargeVector<T> expected(wide.size());
                for (Index j = 0; j < columns; ++j) {
                    // a type of its own for a column in the middle
                    const bool small = j == columns / 2;
                    ColumnsView::Column& view = views.emplace_back();
                    for (Index i = 0; i < rows; ++i) {
                        const auto at = static_cast<std::size_t>(j * rows + i);
                        narrow[at] = static_cast<std::uint8_t>(numbers.below(256));
                        wide[at] = static_cast<float>(numbers.normal());
                        expected[static_cast<std::size_t>(i * columns + j)] =
                            small ? static_cast<T>(narrow[at]) : static_cast<T>(wide[at]);
                    }
                    for (Index begin = 0; begin < rows;) {
                        const Index count = std::min(1 + numbers.below(rows), rows - begin);
                        const Index at = j * rows + begin;
                        if (small)
                            view.pieces.push_back({narrow.data() + at, ElementType::uint8, 1});
                        else
                            view.pieces.push_back({wide.data() + at, ElementType::float32, 4});
                        view.rows.push_back(count);
                        begin += count;
                    }
                }
                const ColumnsView table(views);
                for (Index first : {Index{0}, rows / 3}) {
                    const Index count = rows - first;
                    LargeVector<T> out(static_cast<std::size_t>(count * columns));
                    table.pack(kernels, first, count, out.data(), columns);
                    check(std::equal(out.begin(), out.end(), expected.begin() + first * columns),
                          "columns ", kernels.isa, ' ', rows, 'x', columns, " from ", first);
                }
                RowGroups<T> groups(kernels, table, 8);
                for (int call = 0; call < 50; ++call) {
                    std::vector<Index> index(16);
                    for (Index& i : index) i = numbers.below(rows);
                    const T* row[8];
                    groups.read({index.data(), 0, 8}, {index.data() + 8, 0, 8}, row);
                    for (Index i = 0; i < 8; ++i)
                        check(std::equal(
                                  row[i], row[i] + columns,
                                  expected.begin() + index[static_cast<std::size_t>(i)] * columns),
                              "groups ", kernels.isa, ' ', rows, 'x', columns);
                }
            }
    });
}

void every_type_layout_and_order() {
    each_kernel_table([](const auto& kernels) {
        Numbers numbers(3);
        for (const Index columns : {1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 33, 67})
            for (const Index rows : {1, 2, 3, 5, 9}) check_types(kernels, rows, columns, numbers);
    });
}

void every_half_precision_number() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        std::vector<HalfBits> all;
        for (unsigned bits = 0; bits <= 0xffff; ++bits)
            all.push_back({static_cast<std::uint16_t>(bits)});
        const auto count = static_cast<Index>(all.size());
        const StridedView view{all.data(), ElementType::float16, 1, count, 2 * count, 2};
        LargeVector<T> out(all.size());
        kernels.pack[static_cast<int>(ElementType::float16)](view, {nullptr, 0, 1}, out.data(),
                                                             count);
        for (std::size_t i = 0; i < all.size(); ++i) {
            const auto expected = static_cast<T>(value_of(all[i]));
            const bool same =
                std::isnan(expected)
                    ? std::isnan(out[i])
                    : out[i] == expected && std::signbit(out[i]) == std::signbit(expected);
            check(same, kernels.isa, " half ", all[i].bits, ": ", out[i], ", expected ", expected);
        }
    });
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"every type, layout and order", every_type_layout_and_order},
                {"columns in chunks", columns_in_chunks},
                {"every half-precision number", every_half_precision_number}},
               argc, argv);
}
