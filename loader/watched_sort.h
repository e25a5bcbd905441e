// Sorting of what an opening has found, which may take seconds, in steps.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

#include "loader/open_watch.h"

namespace headrace::loader {

// Up to here std::sort takes some milliseconds.
inline constexpr size_t kSortedAtOnce = 16384;

// Sorts *items; false when the opening was ended meanwhile: then their order is any, and some may
// have been moved from. Equal ones come in any order. Cost: as std::sort, and for more than
// kSortedAtOnce items the room of as many.
template <class T, class Less>
[[nodiscard]] bool WatchedSort(std::vector<T>* items, Less less, size_t at_once = kSortedAtOnce) {
  const size_t count = items->size();
  const auto place = [count](std::vector<T>& of, size_t i) {
    return of.begin() + static_cast<ptrdiff_t>(std::min(i, count));
  };
  for (size_t begin = 0; begin < count; begin += at_once) {
    if (!OpeningGoesOn()) return false;
    std::sort(place(*items, begin), place(*items, begin + at_once), less);
  }
  if (count <= at_once) return true;
  // Runs of `width` are sorted: merges two and two into the other place.
  std::vector<T> merged(count);
  for (size_t width = at_once; width < count; width *= 2) {
    for (size_t begin = 0; begin < count; begin += 2 * width) {
      auto left = place(*items, begin);
      auto right = place(*items, begin + width);
      const auto middle = right;
      const auto end = place(*items, begin + 2 * width);
      auto out = place(merged, begin);
      for (size_t i = 0; left != middle && right != end; ++i) {
        if (!OpeningGoesOnAt(i)) return false;
        *out++ = std::move(less(*right, *left) ? *right++ : *left++);
      }
      out = std::move(left, middle, out);
      std::move(right, end, out);
    }
    items->swap(merged);
  }
  return true;
}

}  // namespace headrace::loader
