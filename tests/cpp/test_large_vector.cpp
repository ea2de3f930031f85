// Memory of vectors on both sides of half a huge page.
#include <cstdint>
#include <cstring>
#include <new>

#include "check.hpp"
#include "core/buffer.hpp"
#include "core/large_vector.hpp"

namespace fastgd::testing {
namespace {

constexpr std::size_t huge_page = std::size_t{1} << 21;

void memory_ends_where_asked() {
    for (const std::size_t around : {std::size_t{4096}, huge_page / 2, huge_page, 3 * huge_page / 2,
                                     5 * huge_page / 2, 4 * huge_page})
        for (const std::size_t size : {around - 1, around, around + 1}) {
            Buffer<unsigned char> memory(static_cast<std::ptrdiff_t>(size));
            check(reinterpret_cast<std::uintptr_t>(memory.data()) % 64 == 0, size, " bytes");
            std::memset(memory.data(), 0xa5, size);
            check(memory[0] == 0xa5 && memory[memory.size() - 1] == 0xa5, size, " bytes");
        }
}

void too_much_is_refused() {
    LargeVector<double> numbers;
    check_throws<std::bad_alloc>([&] { numbers.reserve(numbers.max_size()); }, "");
    check(numbers.empty() && numbers.capacity() == 0);
}

#if defined(__linux__)
void large_ones_begin_on_a_huge_page() {
    // several at once: none may rely on where the one before it happened to end
    const Buffer<double> several[] = {Buffer<double>(1 << 17), Buffer<double>(200'001),
                                      Buffer<double>(1 << 18), Buffer<double>(3 << 18)};
    for (const Buffer<double>& buffer : several)
        check(reinterpret_cast<std::uintptr_t>(buffer.data()) % huge_page == 0, buffer.size());
}
#endif

void vectors_grow_move_and_compare() {
    LargeVector<double> numbers;
    for (int i = 0; i < 300'000; ++i) numbers.push_back(i);
    const LargeVector<double> copy = numbers;
    check(copy == numbers);
    const double* const memory = numbers.data();
    const LargeVector<double> moved = std::move(numbers);
    check(moved.data() == memory, "memory moves with the vector");
    long wrong = 0;
    for (std::size_t i = 0; i < moved.size(); ++i) wrong += moved[i] != static_cast<double>(i);
    check(wrong == 0, wrong);
    const LargeVector<float> zeros(300'000);
    for (const float x : zeros) wrong += x != 0.0f;
    check(wrong == 0, "new elements are zero");
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"memory ends where asked", memory_ends_where_asked},
                {"too much is refused", too_much_is_refused},
#if defined(__linux__)
                {"large ones begin on a huge page", large_ones_begin_on_a_huge_page},
#endif
                {"vectors grow, move and compare", vectors_grow_move_and_compare}},
               argc, argv);
}
