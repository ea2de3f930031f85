// Compiled once per ISA level; FASTGD_ISA is that level's namespace, set by isa.cmake.
#include "adaptive_step.hpp"
#include "block_moves.hpp"
#include "dense_outputs.hpp"
#include "gram.hpp"
#include "lazy.hpp"
#include "losses/list.hpp"
#include "losses/softmax.hpp"
#include "moments.hpp"
#include "pack.hpp"
#include "pack_columns.hpp"
#include "passive_aggressive.hpp"
#include "pointwise.hpp"
#include "row_pointers.hpp"
#include "sgd_chunk.hpp"
#include "step.hpp"

#if __FINITE_MATH_ONLY__
#error "fastgd needs NaN and infinity: build without -ffinite-math-only"
#endif

namespace fastgd::FASTGD_ISA {
namespace {

template <class T, class List>
struct LossTable;

template <class T, template <class> class... Losses>
struct LossTable<T, LossList<Losses...>> {
    static constexpr LossKernels<T> rows[] = {
        {Losses<T>::name, Losses<T>::curvature, Losses<T>::quadratic, Losses<T>::targets,
         pointwise<Losses<T>, true, T>, pointwise_value<Losses<T>, T>,
         working_weights<Losses<T>, T>, slope<Losses<T>, T>, block_moves<Losses<T>, T>,
         fenchel_gaps_if_told<Losses<T>, T>()}...,
        softmax_kernels<T>()};
};

#define FASTGD_TEXT_OF(name) #name
#define FASTGD_TEXT(name) FASTGD_TEXT_OF(name)

template <class T>
constexpr KernelTable<T> make_table() {
    return {
        FASTGD_TEXT(FASTGD_ISA),
        drops_requests,
        in_turn_bytes,
        point_at<T>,
        forward<T>,
        backward<T>,
        add_sparse<T>,
        largest_squares<T>,
        moments<T>,
        batch_step<T>,
        sgd_chunk<T>,
        passive_aggressive<T>,
        adaptive_step<T>,
        touch<T>,
        bring_up<T>,
        {pack<float, T>, pack<double, T>, pack<Half, T>, pack<std::uint8_t, T>,
         pack<std::int8_t, T>, pack<std::int16_t, T>, pack<std::int32_t, T>, pack<std::int64_t, T>,
         pack<std::uint8_t, T>, pack<std::uint16_t, T>, pack<std::uint32_t, T>,
         pack<std::uint64_t, T>, pack<BrainHalf, T>},
        {pack_columns<float, T>, pack_columns<double, T>, pack_columns<Half, T>,
         pack_columns<std::uint8_t, T>, pack_columns<std::int8_t, T>, pack_columns<std::int16_t, T>,
         pack_columns<std::int32_t, T>, pack_columns<std::int64_t, T>,
         pack_columns<std::uint8_t, T>, pack_columns<std::uint16_t, T>,
         pack_columns<std::uint32_t, T>, pack_columns<std::uint64_t, T>,
         pack_columns<BrainHalf, T>},
        pack_panels<T>,
        add_products,
        LossTable<T, AllLosses>::rows,
        AllLosses::count + 1,
    };
}

}  // namespace

extern const KernelTable<float> table_float32;
extern const KernelTable<double> table_float64;
constexpr KernelTable<float> table_float32 = make_table<float>();
constexpr KernelTable<double> table_float64 = make_table<double>();

}  // namespace fastgd::FASTGD_ISA
