// The pack kernel: all element types, any strides, rows in any order.
#include <cstring>
#include <memory>
#include <type_traits>

#include "check.hpp"
#include "levels.hpp"
#include "numbers.hpp"

namespace fastgd::testing {
namespace {

struct HalfBits {
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

template <class Source>
long double value_of(Source x) {
    return static_cast<long double>(x);
}

template <class Source>
Source draw(Numbers& numbers) {
    if constexpr (std::is_same_v<Source, HalfBits>)
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
                Numbers& numbers) {
    // one byte off: elements need not be aligned
    const auto count = static_cast<std::size_t>(4 * (rows + 1) * (columns + 1) + 8);
    const auto elements = std::make_unique<Source[]>(count);
    const auto memory = std::make_unique<char[]>(count * sizeof(Source) + 1);
    for (std::size_t i = 0; i < count; ++i) elements[i] = draw<Source>(numbers);
    std::memcpy(memory.get() + 1, elements.get(), count * sizeof(Source));
    std::vector<Index> index(static_cast<std::size_t>(rows));
    for (Index& i : index) i = numbers.below(rows);
    const auto item = static_cast<Index>(sizeof(Source));
    for (const Layout& layout : layouts_of(rows, columns)) {
        const StridedView view{memory.get() + 1 + layout.origin * item,
                               type,
                               rows,
                               columns,
                               layout.row_stride * item,
                               layout.column_stride * item};
        for (const RowSelection& selection :
             {RowSelection{nullptr, 0, rows}, RowSelection{nullptr, rows / 2, rows - rows / 2},
              RowSelection{index.data(), 0, rows}}) {
            const Index leading = columns + 2;
            std::vector<T> out(static_cast<std::size_t>(selection.count * leading), T(-77));
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
        check_pack<Source>(kernels, type, rows, columns, numbers);
    };
    one.template operator()<float>(ElementType::float32);
    one.template operator()<double>(ElementType::float64);
    one.template operator()<HalfBits>(ElementType::float16);
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
        std::vector<T> out(all.size());
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
                {"every half-precision number", every_half_precision_number}},
               argc, argv);
}
