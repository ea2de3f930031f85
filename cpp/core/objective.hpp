// Sums of losses and their gradient over rows, in one reading of X. Dividing is the solver's.
#pragma once

#include <span>
#include <vector>

#include "blocks.hpp"
#include "buffer.hpp"
#include "data.hpp"
#include "function_ref.hpp"
#include "large_vector.hpp"
#include "loss.hpp"

namespace fastgd {

// Sums over rows; gradients are with respect to coef (outputs x columns) and intercept.
struct GradientSums {
    double loss = 0.0;
    double weight = 0.0;
    LargeVector<double> coef;
    LargeVector<double> intercept;
    LargeVector<double> class_loss;  // of each output, where classes are told apart

    GradientSums(Index outputs, Index columns)
        : coef(static_cast<std::size_t>(outputs * columns)),
          intercept(static_cast<std::size_t>(outputs)) {}
    // For what `data` asks of each output.
    explicit GradientSums(const Data& data) : GradientSums(data.outputs(), data.columns()) {
        class_loss.resize(data.classes.size());
    }
    // Room for what start() makes zeros of: by the thread that adds to them first.
    void make_room(const Data& data, std::size_t coefs);
    void start(std::size_t coefs);
    void clear() { start(coef.size()); }
    // Adds `factor` times other sums.
    void add(const GradientSums& other, double factor = 1.0);
    // Adds others one after the other, by as many threads as pay.
    void add_all(std::span<const GradientSums> others, int threads);

  private:
    void add_but_coef(const GradientSums& other, double factor);
};

// Sums of blocks, whose memory one gradient leaves to the next.
using BlockSums = std::vector<GradientSums>;

// What a linear predictor is made of: z = (x - shift) . coef + intercept.
template <class T>
struct LinearModel {
    const T* coef;       // outputs x columns
    const T* intercept;  // outputs
    const T* shift = nullptr;
};

template <class T>
class Objective {
  public:
    // `threads` as resolved by threads_for_work, or 0 for all that pay for themselves.
    Objective(const KernelTable<T>& kernels, LossSpec loss, int threads)
        : kernels_(kernels), loss_(loss), threads_(threads) {}

    const KernelTable<T>& kernels() const { return kernels_; }
    const LossKernels<T>& loss() const { return kernels_of(kernels_, loss_); }
    const LossSpec& loss_spec() const { return loss_; }
    LossParameters loss_parameters() const { return loss_.parameters; }
    // Bound of the loss's second derivative, or what is typical of one without.
    double curvature() const { return curvature_of(kernels_, loss_); }
    int threads() const { return threads_; }
    // How rows are divided among threads and caches: one call of a loss serves many.
    Blocks blocks(const MatrixView& X, Index outputs) const {
        return in_tiles_for_loss(Blocks::of<T>(X, outputs));
    }
    Blocks blocks(Index columns, Index outputs) const {
        return in_tiles_for_loss(Blocks::of<T>(columns, outputs));
    }

    // Adds the rows' sums to `sums`. Blocks are counted from the selection's first row.
    void add_gradient(const Data& data, const RowSelection& rows, const LinearModel<T>& model,
                      GradientSums& sums) const;

    // The same for all rows. `keep_going` is asked every few milliseconds; false once it says no.
    bool add_gradient(const Data& data, const LinearModel<T>& model, FunctionRef<bool()> keep_going,
                      GradientSums& sums, BlockSums& of_blocks) const;

    // The first for the loss alone: gradients in `sums` stay as they are.
    void add_value(const Data& data, const RowSelection& rows, const LinearModel<T>& model,
                   GradientSums& sums) const;

  private:
    Blocks in_tiles_for_loss(const Blocks& blocks) const {
        const CustomLoss* custom = loss_.parameters.custom;
        return custom != nullptr && custom->slow_to_call() ? blocks.in_long_tiles() : blocks;
    }
    template <bool Gradient>
    void add(const Blocks& blocks, const Data& data, const RowSelection& rows,
             const LinearModel<T>& model, GradientSums& sums, BlockSums& of_blocks) const;

    const KernelTable<T>& kernels_;
    LossSpec loss_;
    int threads_;
};

}  // namespace fastgd
