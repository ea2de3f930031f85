// Mini-batch descent: a step every batch_size rows, threads sharing each batch.
#pragma once

#include "batch_parts.hpp"
#include "large_vector.hpp"
#include "stochastic.hpp"

namespace fastgd {

// Of a team, those that share a batch of so many bytes: its meetings have to pay.
int members_of_batch(const BatchParts& parts, double batch_bytes, int team);

template <class T>
class MiniBatch final : public Stochastic<T> {
  public:
    MiniBatch(const Objective<T>& objective, DescentOptions options, const Coefficients& start);

    // Whether dense batches are cut into parts, one partial sum for each.
    static bool sums_in_parts(Index batch_size, Index columns, Index outputs);

  protected:
    Index rows_to_boundary() const override;
    Index whole_blocks(Index rows) const override;
    void process(const Data& data, const RowSelection& rows) override;
    void end_epoch() override;

  private:
    using Descent<T>::objective_;
    using Descent<T>::options_;
    using Descent<T>::steps_;

    // Whole batches in parts, by a team that meets twice a batch.
    void process_in_parts(const Data& data, const RowSelection& rows);
    // Whole batches of sparse rows, at a cost that grows with what their rows store.
    void process_sparse(const Data& data, const RowSelection& rows);
    // Part of one batch, summed block by block.
    void process_in_blocks(const Data& data, const RowSelection& rows);

    void finish_blocks();
    bool in_parts() const {
        return sums_in_parts(options_.batch_size, options_.columns, options_.outputs);
    }
    bool sparse() const { return options_.stored_a_row > 0; }

    // Step number `step` on the sums of one batch of `rows` rows.
    BatchStep<T> step_of(const T* partial, Index partials, Index rows, std::int64_t step,
                         bool averaged);
    BatchStep<T> intercept_step(const BatchStep<T>& step);
    void take_step(const BatchStep<T>& step) const;

    BatchParts parts_;      // of a batch that threads share by parts
    Index partial_stride_;  // numbers of one partial sum
    Buffer<T> partial_;  // of sparse rows one, 0 wherever no row of the batch at work has a number
    Buffer<std::int32_t> touched_;  // columns of that batch
    LargeVector<T> unit_;  // of adaptive updates, the root of the metric
    LargeVector<T> intercept_unit_;
    GradientSums sums_;  // of a batch summed block by block
    GradientSums anchor_sums_;  // of the same rows at the anchor
    Index rows_in_batch_ = 0;
};

}  // namespace fastgd
