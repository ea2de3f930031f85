// Brings a few sparse rows before the kernels: in place where possible, else packed.
#pragma once

#include <vector>

#include "buffer.hpp"
#include "data.hpp"
#include "large_vector.hpp"

namespace fastgd {

// Whether kernels read sparse rows where the user has them.
template <class T>
bool sparse_in_place(const MatrixView& X);

template <class T>
class SparseReader {
  public:
    // Reads at most `rows` rows at once of a matrix like `X`.
    SparseReader(const KernelTable<T>& kernels, const MatrixView& X, Index rows);

    // Rows of T with int32 columns that ascend, none twice; `next` are rows read later, if any. The
    // shift of one reader is the same at all times.
    RowTile<T> rows(const MatrixView& X, const RowSelection& selection, const RowSelection& next,
                    const T* shift);

  private:
    // Where rows read later lie, for each of `count` one or a share of all.
    const StoredRow* upcoming(const MatrixView& X, const RowSelection& next, Index count);
    void share_lines(StoredRow rest, Index count);
    void pack(const MatrixView& X, const RowSelection& selection);
    // Puts a packed row in order and adds up what it has of one column; returns what is stored
    // then.
    Index sort_row(T* values, std::int32_t* columns, Index stored);
    void find_centred(Index columns, const T* shift);

    const KernelTable<T>& kernels_;
    Buffer<const T*> row_;
    Buffer<const std::int32_t*> column_;
    Buffer<Index> stored_;
    Buffer<StoredRow> upcoming_;
    LargeVector<T> values_;
    std::vector<std::int32_t> columns_;
    std::vector<std::uint64_t> order_;  // scratch of a row being sorted
    LargeVector<T> unsorted_;
    const T* shift_ = nullptr;
    std::vector<std::int32_t> centred_;  // columns whose shift is not 0
};

}  // namespace fastgd
