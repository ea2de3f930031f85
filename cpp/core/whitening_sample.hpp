// The rows that whitening takes second moments of, and the units it measures columns in.
#pragma once

#include <vector>

#include "gram.hpp"
#include "moments.hpp"
#include "row_sample.hpp"

namespace fastgd {

template <class T>
class WhiteningSample {
  public:
    // True where second moments cost little beside the passes they save.
    static bool pays(const Data& data);

    // `data` must outlive this. A loss that bends alike everywhere needs its moments only once and
    // takes more rows.
    WhiteningSample(const Objective<T>& objective, const Data& data, const ColumnMoments& moments,
                    std::vector<double> shift, FunctionRef<bool()> keep_going);

    const RowSample& rows() const { return rows_; }
    const std::vector<double>& shift() const { return shift_; }
    // Of a coefficient: 1 / spread of its column about the shift; 0 where that overflows.
    const std::vector<double>& unit() const { return unit_; }
    bool constant(Index column) const { return constant_[static_cast<std::size_t>(column)]; }
    // What rounding leaves of a column that others make up, with room to spare.
    double ridge() const { return ridge_; }

    // Mean second moments of columns in their units, weighted as in add_gram, and of the intercept;
    // constant columns have none, and those constant in the sample alone their own. False if
    // interrupted.
    bool second_moments(const Objective<T>& objective, const LinearModel<T>* model,
                        bool fit_intercept, FunctionRef<bool()> keep_going,
                        SymmetricMatrix* moments) const;

    // Of those a factor found dependent, the columns that are no constants.
    std::vector<Index> dependent_columns(const Cholesky& factor) const;

  private:
    void measure_columns(const ColumnMoments& moments);
    void choose_rows(const Objective<T>& objective, const ColumnMoments& moments,
                     FunctionRef<bool()> keep_going);

    const Data& data_;
    double ridge_;
    RowSample rows_;
    std::vector<double> shift_;
    std::vector<double> unit_;
    std::vector<bool> constant_;
    std::vector<bool> unseen_;  // constant in the sample alone
};

}  // namespace fastgd
