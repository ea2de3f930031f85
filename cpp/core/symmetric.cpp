#include "symmetric.hpp"

#include <cmath>

#include "dot.hpp"
#include "parallel.hpp"

namespace fastgd {

namespace {

// Rows eliminated at once: a few panels, so that most of the work is products of panels.
constexpr Index block_rows = 4 * panel_columns;

// Rows [first, last) from column `from` on, as panels of columns; `negative` ones too.
struct PackedRows {
    Buffer<double> plain;
    Buffer<double> negative;

    explicit PackedRows(Index stride) : plain(block_rows * stride), negative(block_rows * stride) {}

    void pack(const SymmetricMatrix& matrix, Index first, Index last, Index panel) {
        for (Index r = first; r < last; ++r) {
            const double* row = matrix.row(r) + panel * panel_columns;
            for (Index c = 0; c < panel_columns; ++c) {
                const Index at = (panel * block_rows + r - first) * panel_columns + c;
                plain[at] = row[c];
                negative[at] = -row[c];
            }
        }
    }
    const double* of(const Buffer<double>& rows, Index panel) const {
        return rows.data() + panel * block_rows * panel_columns;
    }
};

// Columns a thread solves for at once.
constexpr Index strip = 16 * panel_columns;

// A pivot this close to the ridge that went into it is made of it.
constexpr double dependent_pivot = 4.0;
// A pivot further above its own ridge is not worth asking about.
constexpr double suspect_pivot = 1e6;

constexpr double least_parallel_products = 1e6;

}  // namespace

// The diagonal block of rows [first, last), in place.
void Cholesky::factor_block(Index first, Index last, const LargeVector<double>& least) {
    for (Index k = first; k < last; ++k) {
        double* row = factor_.row(k);
        const double of_ridge = ridge_ * diagonal_[static_cast<std::size_t>(k)];
        const double enough = least.empty() ? 0.0 : least[static_cast<std::size_t>(k)];
        const bool stands = row[k] > std::max(0.1 * of_ridge, enough);
        left_out_[static_cast<std::size_t>(k)] = !stands;
        if (!stands || row[k] <= suspect_pivot * of_ridge) suspects_.push_back(k);
        if (!stands) {
            std::fill(row + k, row + last, 0.0);
            row[k] = 1.0;
            continue;
        }
        const double root = std::sqrt(row[k]);
        row[k] = root;
        for (Index j = k + 1; j < last; ++j) row[j] /= root;
        for (Index i = k + 1; i < last; ++i) {
            double* below = factor_.row(i);
            const double x = row[i];
            for (Index j = i; j < last; ++j) below[j] -= x * row[j];
        }
    }
}

LargeVector<double> Cholesky::combination(Index column) const {
    LargeVector<double> share(static_cast<std::size_t>(column));
    for (Index i = column - 1; i >= 0; --i) {
        if (left_out_[static_cast<std::size_t>(i)]) continue;
        const double* row = factor_.row(i);
        const auto after = static_cast<std::size_t>(i + 1);
        const double made = dot_of(row + after, share.data() + after, share.size() - after);
        share[static_cast<std::size_t>(i)] = (row[column] - made) / row[i];
    }
    return share;
}

double Cholesky::left(Index column) const {
    const double root = factor_.row(column)[column];
    return left_out_[static_cast<std::size_t>(column)] ? 0.0 : root * root;
}

// The pivot of a column that others make up, x_k = sum_j v_j x_j, is ridge (d_k + sum_j v_j^2 d_j).
bool Cholesky::made_of_ridge(Index column) const {
    if (left_out_[static_cast<std::size_t>(column)]) return true;
    const LargeVector<double> share = combination(column);
    double received = diagonal_[static_cast<std::size_t>(column)];
    for (std::size_t j = 0; j < share.size(); ++j) received += share[j] * share[j] * diagonal_[j];
    return left(column) <= dependent_pivot * ridge_ * received;
}

std::vector<Index> Cholesky::dependent() const {
    std::vector<Index> result;
    for (const Index k : suspects_)
        if (made_of_ridge(k)) result.push_back(k);
    return result;
}

Cholesky::Cholesky(SymmetricMatrix matrix, double ridge, AddProducts add_products, int threads,
                   const LargeVector<double>& least)
    : factor_(std::move(matrix)),
      ridge_(ridge),
      left_out_(static_cast<std::size_t>(factor_.size())) {
    const Index size = factor_.size();
    const Index stride = factor_.stride();
    for (Index k = 0; k < size; ++k) {
        diagonal_.push_back(factor_.row(k)[k]);
        factor_.row(k)[k] *= 1.0 + ridge;
    }
    PackedRows packed(stride);
    for (Index first = 0; first < size; first += block_rows) {
        const Index last = std::min(first + block_rows, size);
        factor_block(first, last, least);
        const double left = static_cast<double>(size - last);
        const double products = left * left * static_cast<double>(last - first) / 2.0;
        const int team = products < least_parallel_products ? 1 : threads;
        // the block's rows right of the diagonal
        run_team(team, [&](int member, int members) {
            for (Index begin = last + member * strip; begin < size; begin += members * strip) {
                const Index end = std::min(begin + strip, size);
                for (Index k = first; k < last; ++k) {
                    double* row = factor_.row(k);
                    if (left_out_[static_cast<std::size_t>(k)]) {
                        std::fill(row + begin, row + end, 0.0);
                        continue;
                    }
                    for (Index j = begin; j < end; ++j) row[j] /= row[k];
                    for (Index i = k + 1; i < last; ++i) {
                        double* below = factor_.row(i);
                        const double x = row[i];
                        for (Index j = begin; j < end; ++j) below[j] -= x * row[j];
                    }
                }
            }
        });
        if (last == size) break;
        // what is left loses the block's share
        const Index begin = last / panel_columns;
        for (Index panel = begin; panel < factor_.panels(); ++panel)
            packed.pack(factor_, first, last, panel);
        run_team(team, [&](int member, int members) {
            for (Index p = begin + member; p < factor_.panels(); p += members)
                for (Index q = p; q < factor_.panels(); ++q)
                    add_products(packed.of(packed.negative, p), packed.of(packed.plain, q),
                                 last - first, factor_.row(p * panel_columns) + q * panel_columns,
                                 stride);
        });
    }
}

void Cholesky::solve_transposed(LargeVector<double>& x) const {
    const Index size = factor_.size();
    for (Index k = 0; k < size; ++k) {
        const double* row = factor_.row(k);
        double& of_k = x[static_cast<std::size_t>(k)];
        of_k = left_out_[static_cast<std::size_t>(k)] ? 0.0 : of_k / row[k];
        for (Index j = k + 1; j < size; ++j) x[static_cast<std::size_t>(j)] -= of_k * row[j];
    }
}

void Cholesky::solve_upper(LargeVector<double>& x) const {
    const Index size = factor_.size();
    for (Index k = size - 1; k >= 0; --k) {
        const double* row = factor_.row(k);
        double sum = x[static_cast<std::size_t>(k)];
        for (Index j = k + 1; j < size; ++j) sum -= row[j] * x[static_cast<std::size_t>(j)];
        x[static_cast<std::size_t>(k)] =
            left_out_[static_cast<std::size_t>(k)] ? 0.0 : sum / row[k];
    }
}

}  // namespace fastgd
