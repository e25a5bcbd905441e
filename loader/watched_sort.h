// Sorting of what an opening has found, which may take seconds, in steps.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "loader/open_watch.h"

namespace headrace::loader {

// Up to here std::sort takes some milliseconds.
inline constexpr size_t kSortedAtOnce = 16384;

// Cuts the items from `begin` to before `end`, two or more, into those before *cut, which are not
// greater than it, and those behind, which are not less. False: the opening was ended.
template <class T, class Less>
[[nodiscard]] bool WatchedCut(std::vector<T>* items, size_t begin, size_t end, Less less,
                              size_t* cut) {
  std::vector<T>& all = *items;
  // By the middle one of three, so that what is in order already is cut in halves.
  const size_t middle = begin + (end - begin) / 2;
  if (less(all[end - 1], all[begin])) std::swap(all[end - 1], all[begin]);
  if (less(all[middle], all[begin])) {
    // the first is the middle one
  } else if (less(all[end - 1], all[middle])) {
    std::swap(all[begin], all[end - 1]);
  } else {
    std::swap(all[begin], all[middle]);
  }
  const T& by = all[begin];
  uint64_t step = 0;
  size_t left = begin;
  size_t right = end;
  // Both stop at equals, which so come to lie on both sides.
  for (;;) {
    do {
      if (!OpeningGoesOnAt(step++)) return false;
    } while (++left < end && less(all[left], by));
    do {
      if (!OpeningGoesOnAt(step++)) return false;
    } while (less(by, all[--right]));  // ends at `begin` at the latest
    if (left >= right) break;
    std::swap(all[left], all[right]);
  }
  std::swap(all[begin], all[right]);
  *cut = right;
  return true;
}

// Sorts *items; false when the opening was ended meanwhile: then their order is any. Equal ones
// come in any order. Cost: as std::sort, in place. What is made to defeat the choice of cuts is
// sorted all the same, but at the end in one step.
template <class T, class Less>
[[nodiscard]] bool WatchedSort(std::vector<T>* items, Less less, size_t at_once = kSortedAtOnce) {
  struct Part {
    size_t begin = 0;
    size_t end = 0;
    int cuts = 0;  // that may still be made
  };
  std::vector<Part> parts{{0, items->size(), 2 * static_cast<int>(std::bit_width(items->size()))}};
  while (!parts.empty()) {
    const Part part = parts.back();
    parts.pop_back();
    if (part.end - part.begin <= std::max<size_t>(at_once, 1) || part.cuts == 0) {
      if (!OpeningGoesOn()) return false;
      std::sort(items->begin() + static_cast<ptrdiff_t>(part.begin),
                items->begin() + static_cast<ptrdiff_t>(part.end), less);
      continue;
    }
    size_t cut = 0;
    if (!WatchedCut(items, part.begin, part.end, less, &cut)) return false;
    parts.push_back({cut + 1, part.end, part.cuts - 1});
    parts.push_back({part.begin, cut, part.cuts - 1});
  }
  return true;
}

}  // namespace headrace::loader
