// A few rows of X as kernels read them, and rows to come that are worth fetching meanwhile.
#pragma once

#include "lines.hpp"

namespace fastgd {

// Sparse rows of so many numbers are fetched one by one before their turn, shorter ones as memory
// is best read: of these several share a line.
inline constexpr Index long_sparse_row = 16;

// Where the user's memory holds what a sparse row stores, or a share of neighbours.
struct StoredRow {
    const char* values = nullptr;
    const char* values_end = nullptr;
    const char* columns = nullptr;
    const char* columns_end = nullptr;
};

// A few rows of X, each contiguous, wherever they lie: all their numbers, or of sparse rows those
// that are stored.
template <class T>
struct RowTile {
    const T* const* row;   // `rows` pointers
    const T* const* next;  // `rows` pointers worth fetching meanwhile, or null
    Index rows;
    Index columns;
    const T* shift;  // subtracted from every row: `columns` numbers, or null
    // Forward fetches one half of `next` and backward the other: memory then never rests.
    bool backward_follows = false;
    bool ask_again = false;  // for the lines of `next`: this processor drops requests
    bool in_turn = false;    // rows are short, lie in order, and none is asked for
    // of sparse rows: the column of each number stored, ascending within a row, and how many
    const std::int32_t* const* column = nullptr;
    const Index* stored = nullptr;
    // and the columns whose shift is not 0, ascending
    const std::int32_t* centred = nullptr;
    Index centred_columns = 0;
    // and what its shift takes off each output, where that is known and the tile has none; or null
    const double* shifted_by = nullptr;
    // and where `rows` rows to come lie, or shares of them, worth fetching meanwhile; or null
    const StoredRow* upcoming = nullptr;
    bool upcoming_in_turn = false;  // these are the rows after the tile's, to be read as they lie

    [[gnu::always_inline]] bool sparse() const { return column != nullptr; }
    // How many numbers of a row there are, and the column of one.
    [[gnu::always_inline]] Index numbers(Index i) const { return sparse() ? stored[i] : columns; }
    [[gnu::always_inline]] Index column_of(Index i, Index s) const {
        return sparse() ? column[i][s] : s;
    }
    // The same rows read again: those to come are on their way.
    [[gnu::always_inline]] RowTile again() const {
        RowTile tile = *this;
        tile.next = nullptr;
        tile.upcoming = nullptr;
        return tile;
    }
    // Brings one of those into the second cache level. Whoever reads a tile asks for one with each
    // row: all at once, more lines than memory takes, a processor would wait for each.
    [[gnu::always_inline]] void fetch_upcoming(Index i) const {
        if (upcoming == nullptr) return;
        const StoredRow& to_come = upcoming[i];
        fetch(to_come.values, to_come.values_end - to_come.values);
        fetch(to_come.columns, to_come.columns_end - to_come.columns);
    }
};

}  // namespace fastgd
