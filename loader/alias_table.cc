#include "loader/alias_table.h"

namespace headrace::loader {

// Fills each low column up to 1 from a high one. The two stacks are chained through `above`, which
// a column needs only once it has left them.
bool AliasTable::Level() {
  const uint64_t none = columns_.size();
  uint64_t low = none;
  uint64_t high = none;
  uint64_t heaviest = 0;
  for (uint64_t i = columns_.size(); i-- > 0;) {  // so that the lowest index is on top
    if (!OpeningGoesOnAt(i)) return false;
    uint64_t& stack = columns_[i].height < 1 ? low : high;
    columns_[i].above = stack;
    stack = i;
    if (columns_[i].height >= columns_[heaviest].height) heaviest = i;
  }
  for (uint64_t step = 0; low != none && high != none; ++step) {
    if (!OpeningGoesOnAt(step)) return false;
    Column& filled = columns_[low];
    const uint64_t giver = high;
    Column& from = columns_[giver];
    low = filled.above;
    filled.above = giver;
    from.height = (from.height + filled.height) - 1;
    if (from.height >= 1) continue;
    high = from.above;
    from.above = low;
    low = giver;
  }
  // What rounding has left over is full, but for those that must never be drawn.
  for (uint64_t stack : {low, high}) {
    for (uint64_t step = 0; stack != none; ++step) {
      if (!OpeningGoesOnAt(step)) return false;
      Column& column = columns_[stack];
      const uint64_t index = stack;
      stack = column.above;
      const bool never = column.height <= 0;
      column = {.height = never ? 0.0 : 1.0, .above = never ? heaviest : index};
    }
  }
  return true;
}

}  // namespace headrace::loader
