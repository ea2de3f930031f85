// Per-sample descent: one step a row, in the order the rows come.
#pragma once

#include "stochastic.hpp"
#include "tile_reader.hpp"

namespace fastgd {

template <class T>
class Sgd final : public Stochastic<T> {
  public:
    Sgd(const Objective<T>& objective, DescentOptions options, const Coefficients& start)
        : Stochastic<T>(objective, std::move(options), start) {}

  protected:
    Index rows_to_boundary() const override { return sgd_block_rows; }
    Index whole_blocks(Index rows) const override { return rows / sgd_block_rows * sgd_block_rows; }
    void process(const Data& data, const RowSelection& rows) override;
    void end_epoch() override {}

  private:
    using Descent<T>::objective_;
    using Descent<T>::options_;
    using Descent<T>::steps_;
};

}  // namespace fastgd
