// Draws of one of many by weight, in constant time.
#pragma once

#include <cstdint>
#include <vector>

#include "base/check.h"
#include "loader/open_watch.h"

namespace headrace::loader {

// What: the alias method of Walker, built as Vose does ("A linear algorithm for generating random
// numbers with a given distribution", 1991): a column for each index, which is that index up to a
// height and another one above. Columns are built in a fixed order with IEEE arithmetic alone, so
// that all machines draw alike. Owner: the sampler's. Thread: any, once built. Cost: 16 bytes an
// index, nothing else while it is built.
class AliasTable {
 public:
  static uint64_t Bytes(uint64_t count) { return count * sizeof(Column); }

  // weight(i) of 0..count-1: finite, at least 0, with a positive and finite sum.
  // False: the opening was ended meanwhile, and nothing can be drawn.
  template <class Weight>
  [[nodiscard]] bool Build(uint64_t count, double sum, const Weight& weight) {
    columns_.clear();
    columns_.reserve(count);  // not resized: touching that much takes long, in one step
    for (uint64_t i = 0; i < count; ++i) {
      if (!OpeningGoesOnAt(i)) return false;
      // Divided first: the product could overflow.
      columns_.push_back({.height = weight(i) / sum * static_cast<double>(count), .above = i});
    }
    return Level();
  }

  // By 64 bits that choose a column, and a height in [0, 1).
  uint64_t At(uint64_t column_bits, double height) const {
    HR_DCHECK(!columns_.empty());
    __extension__ using Wide = unsigned __int128;
    const auto index = static_cast<uint64_t>((Wide{column_bits} * columns_.size()) >> 64);
    const Column& column = columns_[index];
    return height < column.height ? index : column.above;
  }

 private:
  struct Column {
    double height = 0;   // of `index` itself; the whole column is 1
    uint64_t above = 0;  // whose the rest is
  };
  bool Level();

  std::vector<Column> columns_;
};

}  // namespace headrace::loader
