// The rows that whitening takes second moments of, and the units it measures columns in.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "gram.hpp"
#include "large_vector.hpp"
#include "moments.hpp"
#include "row_sample.hpp"

namespace fastgd {

// Columns close to combinations of others: those that the numbers given still tell from these, and
// those that they do not.
struct NearCombinations {
    ResidualColumns told_apart;
    ResidualColumns exact;
};

// Rows that a Hessian of so many is taken of, if there are as many; `reading_width` is as wide as
// dense rows that take as long to read.
double rows_of_hessian(double rows, Index columns, Index reading_width, bool quadratic);

template <class T>
class WhiteningSample {
  public:
    // True where second moments cost little beside the passes they save.
    static bool pays(const Objective<T>& objective, const Data& data);

    // `data` and `moments` must outlive this. A loss that bends alike everywhere needs its moments
    // only once and takes more rows; `width` times as many as are wanted for steps.
    WhiteningSample(const Objective<T>& objective, const Data& data, const ColumnMoments& moments,
                    LargeVector<double> shift, FunctionRef<bool()> keep_going, double width = 1.0);

    // The same rows with other targets; both must outlive the copy.
    WhiteningSample with(const Data& data, const ColumnMoments& moments) const {
        WhiteningSample copy = *this;
        copy.data_ = &data;
        copy.moments_ = &moments;
        return copy;
    }

    // More rows, up to all of them.
    void widen(const Objective<T>& objective, FunctionRef<bool()> keep_going);

    // Few rows, whose optimum is close to that of these; none where these are few themselves.
    std::optional<WhiteningSample> thinned(const Objective<T>& objective,
                                           FunctionRef<bool()> keep_going) const;

    const RowSample& rows() const { return rows_; }
    const LargeVector<double>& shift() const { return shift_; }
    // Of a coefficient: 1 / spread of its column about the shift; 0 where that overflows.
    const LargeVector<double>& unit() const { return unit_; }
    bool constant(Index column) const { return constant_[static_cast<std::size_t>(column)]; }
    // What rounding leaves of a column that others make up, with room to spare.
    double ridge() const { return ridge_; }

    // Mean second moments of columns in their units, weighted as in add_gram, and of the intercept,
    // with `residuals` in the place of near-combinations; constant columns have none, and those
    // constant in the sample alone their own. False if interrupted.
    bool second_moments(const Objective<T>& objective, const LinearModel<T>* model,
                        bool fit_intercept, const ResidualColumns& residuals,
                        FunctionRef<bool()> keep_going, SymmetricMatrix* moments) const;

    // Of the columns a factor found dependent, where they are plainly one or the other.
    NearCombinations near_combinations(const Objective<T>& objective, const Cholesky& factor,
                                       bool fit_intercept, FunctionRef<bool()> keep_going) const;

    // Of those a factor found dependent, the columns that are no constants.
    std::vector<Index> dependent_columns(const Cholesky& factor) const;
    // No more than columns, of which each is a combination of others then.
    bool few_rows() const { return std::min(rows_.size(), moments_->weighing) <= data_->columns(); }

  private:
    void measure_columns();
    void choose_rows(const Objective<T>& objective, FunctionRef<bool()> keep_going);
    void find_unseen(const Objective<T>& objective, FunctionRef<bool()> keep_going);
    LargeVector<double> seen_unit() const;
    LargeVector<double> look_closer(const Objective<T>& objective, const RowSelection& probe,
                                    bool fit_intercept, FunctionRef<bool()> keep_going,
                                    ResidualColumns& residuals) const;

    const Data* data_;
    const ColumnMoments* moments_;
    double ridge_;
    RowSample rows_;
    LargeVector<double> shift_;
    LargeVector<double> unit_;
    std::vector<bool> constant_;
    std::vector<bool> unseen_;  // constant in the sample alone
    LargeVector<double> rounding_;  // of a column's numbers, root mean square in its unit
    double thinned_ = 1.0;  // rows to one that weighs something
    double width_;  // times the rows of a sample that nothing speaks against
};

}  // namespace fastgd
