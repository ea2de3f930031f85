// Where rows lie: addresses in vectors, any stride.
#include "check.hpp"
#include "levels.hpp"
#include "numbers.hpp"

namespace fastgd::testing {
namespace {

void each_row_is_a_stride_further() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        const LargeVector<T> numbers(10000);
        const T* middle = numbers.data() + 5000;
        for (const Index stride : {0, 1, 3, 100, -1, -100})
            for (Index rows = 0; rows <= 40; ++rows) {
                std::vector<const T*> row(static_cast<std::size_t>(rows) + 1, nullptr);
                kernels.point_at(middle, stride, rows, row.data());
                for (Index i = 0; i < rows; ++i)
                    check(row[static_cast<std::size_t>(i)] == middle + i * stride, kernels.isa,
                          " stride ", stride, " row ", i);
                check(row.back() == nullptr, kernels.isa, " rows ", rows, ": wrote past the end");
            }
    });
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    return fastgd::testing::run(
        {{"each row is a stride further", fastgd::testing::each_row_is_a_stride_further}}, argc,
        argv);
}
