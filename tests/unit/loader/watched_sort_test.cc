// Orders that are hard on a sort by cuts, and what is left of one that was ended.
#include "loader/watched_sort.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace headrace::loader {
namespace {

std::string Text(uint64_t number) {
  return "a text that is too long to lie in the string itself " + std::to_string(number);
}

TEST(WatchedSortTest, SortsWhatIsHardToCut) {
  constexpr int kCount = 3000;
  std::mt19937 random(7);
  std::vector<std::vector<int>> sets(6);
  for (int i = 0; i < kCount; ++i) {
    sets[0].push_back(i);                               // in order
    sets[1].push_back(kCount - i);                      // the other way round
    sets[2].push_back(5);                               // equal
    sets[3].push_back(std::min(i, kCount - i));         // up and down
    sets[4].push_back(static_cast<int>(random() % 3));  // of few
    sets[5].push_back(i % 2 == 0 ? i : -i);             // two that are merged
  }
  for (size_t number = 0; number < sets.size(); ++number) {
    std::vector<int> expected = sets[number];
    std::sort(expected.begin(), expected.end());
    for (const size_t at_once : {1, 2, 7}) {
      std::vector<int> sorted = sets[number];
      ASSERT_TRUE(WatchedSort(&sorted, std::less<>(), at_once));
      EXPECT_EQ(sorted, expected) << number << " " << at_once;
    }
  }
}

// A comparison that makes up its mind as late as it can (McIlroy, "A killer adversary for
// quicksort", 1999): whatever is chosen to cut by is the least or the second.
TEST(WatchedSortTest, ComparesNotTooOftenWhenItIsDefeated) {
  constexpr int kCount = 4000;
  constexpr int kGas = kCount;
  std::vector<int> value(kCount, kGas);
  int solid = 0;
  int candidate = 0;
  uint64_t compared = 0;
  const auto less = [&](int a, int b) {
    ++compared;
    const auto at = [&](int i) -> int& { return value[static_cast<size_t>(i)]; };
    if (at(a) == kGas && at(b) == kGas) at(a == candidate ? a : b) = solid++;
    if (at(a) == kGas) {
      candidate = a;
    } else if (at(b) == kGas) {
      candidate = b;
    }
    return at(a) < at(b);
  };
  std::vector<int> items;
  for (int i = 0; i < kCount; ++i) items.push_back(i);
  ASSERT_TRUE(WatchedSort(&items, less, 16));
  EXPECT_TRUE(std::is_sorted(items.begin(), items.end(), less));
  EXPECT_LT(compared, uint64_t{kCount} * 100);  // 4 million without a bound on the cuts
}

TEST(WatchedSortTest, LosesNothingWhenItIsEnded) {
  std::mt19937 random(3);
  std::vector<std::string> texts;
  for (int i = 0; i < 2000; ++i) texts.push_back(Text(random()));
  std::vector<std::string> expected = texts;
  std::sort(expected.begin(), expected.end());
  for (int last = 1; last < 60; ++last) {
    std::vector<std::string> ended = texts;
    int steps = 0;
    OpenWatch watch([&](const JobProgress&) { return ++steps < last; }, OpenWatch::First::kAtOnce,
                    0);
    ASSERT_FALSE(WatchedSort(&ended, std::less<>(), 16)) << last;
    std::sort(ended.begin(), ended.end());
    EXPECT_EQ(ended, expected) << last;
  }
}

}  // namespace
}  // namespace headrace::loader
