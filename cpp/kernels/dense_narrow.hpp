// Forward and backward stages of one output on dense rows of few columns: coefficients, and sums of
// the gradient, stay in registers while rows pass by.
#pragma once

#include "dense.hpp"
#include "some_lanes.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

// Whole vectors that a narrow row fills at most: compilers take long over more.
constexpr Index most_narrow_vectors = vector_bytes == 64 ? 2 : 4;

// A row of fewer columns than a vector has lanes.
template <bool Shifted, class T>
struct ShortRow {
    static constexpr int H = lanes<T>;
    static constexpr int parts = 1;
    static constexpr int vectors = 1;

    Index columns;
    Vector<T, H> shift = {};

    explicit ShortRow(const RowTile<T>& tile) : columns(tile.columns) {
        if constexpr (Shifted) shift = load(tile.shift, 0);
    }

    [[gnu::always_inline]] Vector<T, H> load(const T* p, int) const {
        return load_fewer<H>(p, columns);
    }
    [[gnu::always_inline]] void store(T* p, int, Vector<T, H> x) const {
        store_fewer<H, T>(p, x, columns);
    }
    [[gnu::always_inline]] Vector<T, H> centred_at(const T* row, int v) const {
        return Shifted ? load(row, v) - shift : load(row, v);
    }
    [[gnu::always_inline]] Vector<T, H> once(int, Vector<T, H> x) const { return x; }
};

// Columns in the streamed vectors of a row: `Whole` vectors, and one that ends with the row where
// there is a `Tail`, whose first lanes were counted before.
template <int Whole, bool Tail, bool Shifted, class T>
struct NarrowRow {
    static constexpr int H = streamed_lanes<T>;
    static constexpr int parts = lanes<T> / H;
    static constexpr int vectors = (Whole + Tail) * parts;

    const T* shift;
    Index tail;  // where the last vector begins
    Index summed;  // its lanes counted before

    explicit NarrowRow(const RowTile<T>& tile)
        : shift(tile.shift),
          tail(tile.columns - lanes<T>),
          summed((Whole + 1) * lanes<T> - tile.columns) {}

    static constexpr bool in_tail(int v) { return v >= Whole * parts; }
    [[gnu::always_inline]] Index at(int v) const {
        return in_tail(v) ? tail + (v - Whole * parts) * H : Index{v} * H;
    }
    [[gnu::always_inline]] Vector<T, H> load(const T* p, int v) const {
        return FASTGD_ISA::load<H>(p + at(v));
    }
    [[gnu::always_inline]] void store(T* p, int v, Vector<T, H> x) const {
        FASTGD_ISA::store<H, T>(p + at(v), x);
    }
    [[gnu::always_inline]] Vector<T, H> centred_at(const T* row, int v) const {
        return centred<H, Shifted>(row, shift, at(v));
    }
    // Each column once, where its number is in two vectors.
    [[gnu::always_inline]] Vector<T, H> once(int v, Vector<T, H> x) const {
        return in_tail(v) ? unless_summed<H>(x, summed - (v - Whole * parts) * H) : x;
    }
};

template <int R, class Row, class T, int H>
[[gnu::always_inline]] inline void narrow_dots(const Row& columns, const T* const* row,
                                               const Vector<T, H>* coef, T* out) {
    Vector<T, H> folded[R];
    each<R>([&](auto r) __attribute__((always_inline)) {
        Vector<T, H> sum[Row::parts] = {};
        each<Row::vectors>([&](auto v) __attribute__((always_inline)) {
            sum[v.value % Row::parts] +=
                columns.once(v.value, columns.centred_at(row[r.value], v.value)) * coef[v.value];
        });
        folded[r.value] = Row::parts == 2 ? sum[0] + sum[Row::parts - 1] : sum[0];
    });
    sum_lanes<R, H, T, H>(folded, out);
}

// z[i * outputs] = (row[i] - shift) . coef + intercept; where rows are no shorter than a vector,
// the sums of dot_rows, to the bit.
template <class Row, class T>
[[gnu::aligned(cache_line)]] inline void forward_narrow(const RowTile<T>& tile, const T* coef,
                                                        Index outputs, T intercept, T* z) {
    constexpr int H = Row::H;
    const Row columns(tile);
    Vector<T, H> c[Row::vectors];
    each<Row::vectors>([&](auto v) { c[v.value] = columns.load(coef, v.value); });
    const Index fetched_every = tile.next == nullptr ? 0 : tile.backward_follows ? 2 : 1;
    Index i = 0;
    for (; i + H <= tile.rows; i += H) {
        if (fetched_every > 0)
            for (Index r = 0; r < H; r += fetched_every)
                fetch_row(tile.next[i + r], 0, tile.columns, tile.ask_again);
        alignas(cache_line) T sums[H];
        narrow_dots<H, Row, T, H>(columns, tile.row + i, c, sums);
        if (outputs == 1)
            store<H, T>(z + i, load<H>(sums) + intercept);
        else
            for (int r = 0; r < H; ++r) z[(i + r) * outputs] = sums[r] + intercept;
    }
    for (; i < tile.rows; ++i) {
        alignas(cache_line) T sums[H];
        narrow_dots<1, Row, T, H>(columns, tile.row + i, c, sums);
        z[i * outputs] = sums[0] + intercept;
    }
}

// gradient += sum_i derivative[i * outputs] (row[i] - shift), the sums of add_rows, to the bit;
// columns of two vectors get the same sum twice.
template <class Row, class T>
[[gnu::aligned(cache_line)]] inline void backward_narrow(const RowTile<T>& tile,
                                                         const T* derivative, Index outputs,
                                                         T* gradient) {
    constexpr int H = Row::H;
    const Row columns(tile);
    const bool fetches = tile.next != nullptr && tile.backward_follows;
    Vector<T, H> sum[Row::vectors];
    each<Row::vectors>([&](auto v) { sum[v.value] = columns.load(gradient, v.value); });
    const auto add = [&](Index i) __attribute__((always_inline)) {
        const T* row = tile.row[i];
        const T weight = derivative[i * outputs];
        each<Row::vectors>([&](auto v) __attribute__((always_inline)) {
            sum[v.value] += columns.centred_at(row, v.value) * weight;
        });
    };
    Index i = 0;
    for (; i + 2 <= tile.rows; i += 2) {
        add(i);
        add(i + 1);
        if (fetches) fetch_row(tile.next[i + 1], 0, tile.columns, tile.ask_again);
    }
    if (i < tile.rows) add(i);
    each<Row::vectors>([&](auto v) { columns.store(gradient, v.value, sum[v.value]); });
}

// Calls body<Row>() with the kind of rows of so many columns, a vector or more; false where these
// are not narrow.
template <bool Shifted, class T, int Whole = 1, class Body>
[[gnu::always_inline]] inline bool if_narrow(Index columns, const Body& body) {
    constexpr Index here = Whole * lanes<T>;
    if (columns < here) return false;
    if (columns == here)
        return body.template operator()<NarrowRow<Whole, false, Shifted, T>>(), true;
    if constexpr (Whole < most_narrow_vectors) {
        if (columns < here + lanes<T>)
            return body.template operator()<NarrowRow<Whole, true, Shifted, T>>(), true;
        return if_narrow<Shifted, T, Whole + 1>(columns, body);
    }
    return false;
}

// Rows shorter than a vector, one output after the other: the first brings the next rows in.
template <bool Shifted, class T>
inline void forward_short(const RowTile<T>& tile, const T* coef, Index outputs, const T* intercept,
                          T* z) {
    for (Index k = 0; k < outputs; ++k)
        forward_narrow<ShortRow<Shifted, T>>(k == 0 ? tile : tile.again(), coef + k * tile.columns,
                                             outputs, intercept[k], z + k);
}

template <bool Shifted, class T>
inline void backward_short(const RowTile<T>& tile, const T* derivative, Index outputs,
                           T* gradient) {
    for (Index k = 0; k < outputs; ++k)
        backward_narrow<ShortRow<Shifted, T>>(k == 0 ? tile : tile.again(), derivative + k, outputs,
                                              gradient + k * tile.columns);
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA
