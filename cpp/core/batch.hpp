// Batch descent: consume sums the gradient over all rows, the end of the epoch takes the step.
#pragma once

#include "descent.hpp"
#include "large_vector.hpp"
#include "lbfgs.hpp"
#include "measure.hpp"

namespace fastgd {

// Works on one vector, `coef` then `intercept`, in double whatever T is.
template <class T>
class Batch final : public Descent<T> {
  public:
    Batch(const Objective<T>& objective, DescentOptions options, const Coefficients& start);

    // At the current coefficients, from the rows consumed since the last epoch ended.
    Measure measure() const;
    const GradientSums& sums() const { return sums_; }
    // For who sums over all rows elsewhere: what they take the place of is lost.
    GradientSums& sums() { return sums_; }
    // Of the smooth part (losses and ridge) there, coefficients first.
    LargeVector<double> smooth_gradient() const {
        LargeVector<double> gradient;
        smooth_gradient(gradient);
        return gradient;
    }

    void read(Coefficients& model) const override;
    void restart_from(const Coefficients& start) override;
    DescentState state() const override;
    void restore(const DescentState& state) override;

  protected:
    Index rows_to_boundary() const override { return blocks_.block_rows; }
    Index whole_blocks(Index rows) const override {
        return rows / blocks_.block_rows * blocks_.block_rows;
    }
    void process(const Data& data, const RowSelection& rows) override;
    void end_epoch() override;

  private:
    using Descent<T>::objective_;
    using Descent<T>::options_;

    void over_coefficients(FunctionRef<void(std::size_t begin, std::size_t end)> part) const;
    void smooth_gradient(LargeVector<double>& gradient) const;
    double value() const;
    bool searches() const { return options_.update == Update::lbfgs; }
    void begin_sums();

    void step_momentum(const LargeVector<double>& gradient);
    void undo_growth(double value, LargeVector<double>& gradient);
    void step_accelerated(const LargeVector<double>& gradient);
    LargeVector<double> moved_along(const LargeVector<double>& gradient, double step) const;

    Blocks blocks_;
    std::size_t coef_size_;
    GradientSums sums_;
    LargeVector<double> metric_all_;  // of coef and intercept; quasi-Newton steps have their own
    LargeVector<double> point_;       // where gradients are taken
    // accelerated: the last step's end; momentum: the velocity; empty for others
    LargeVector<double> previous_;
    // accelerated: Nesterov's t, the momentum of the last step, and the lowest point so far with
    // its objective and gradient
    double momentum_counter_ = 1.0;
    double momentum_used_ = 0.0;
    double lowest_value_ = 0.0;
    LargeVector<double> lowest_point_;
    LargeVector<double> lowest_gradient_;
    LargeVector<double> gradient_;  // of the last step, kept for its memory
    Lbfgs lbfgs_;
    // point_ as kernels read it, and the shift, once rows were consumed
    LargeVector<T> coef_;
    LargeVector<T> intercept_;
    LargeVector<T> shift_;
};

}  // namespace fastgd
