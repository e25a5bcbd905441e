// Programs for RingQueue alone.
#pragma once

#include <cstdint>
#include <vector>

#include "loader/pipeline/ring_queue.h"
#include "tests/model/program_traits.h"

namespace headrace::model {

struct RingSizes {
  int producers = 1;
  int consumers = 1;
  int items_each = 3;  // pushes a producer
  int pops_each = 3;   // tries a consumer
  uint32_t capacity = 2;
};

// Producers push once an item, full or not; consumers try some pops. Then each item that was pushed
// must have come out once, in its producer's order, with what the producer wrote beside it.
template <class World>
class RingProgram : public Program {
 public:
  explicit RingProgram(const RingSizes& sizes)
      : sizes_(sizes),
        ring_(sizes.capacity),
        beside_(Items()),
        pushed_(Items()),
        got_(static_cast<size_t>(sizes.consumers)) {
    for (auto& list : got_) list.reserve(static_cast<size_t>(sizes_.pops_each));
  }

  int ThreadCount() const override { return sizes_.producers + sizes_.consumers; }

  void Run(int thread) override {
    if (thread < sizes_.producers) {
      Produce(thread);
    } else {
      Consume(got_[static_cast<size_t>(thread - sizes_.producers)]);
    }
  }

  void Finish() override {
    std::vector<uint32_t> left;
    uint32_t item = 0;
    World::Check(ring_.ApproxSize() <= ring_.capacity(), "more items than cells");
    while (ring_.TryPop(&item)) left.push_back(item);
    World::Check(ring_.ApproxSize() == 0, "an empty queue has a size");
    got_.push_back(left);
    std::vector<int> seen(Items());
    for (const auto& list : got_) {
      std::vector<int64_t> last(static_cast<size_t>(sizes_.producers), -1);
      for (const uint32_t value : list) {
        World::Check(value < Items(), "an item nobody pushed");
        if (value >= Items()) return;
        ++seen[value];
        int64_t& before = last[value / static_cast<uint32_t>(sizes_.items_each)];
        World::Check(before < int64_t{value}, "the order of one producer");
        before = value;
      }
    }
    for (size_t i = 0; i < Items(); ++i) {
      World::Check(seen[i] == pushed_[i], "lost or doubled item");
    }
  }

 private:
  size_t Items() const { return static_cast<size_t>(sizes_.producers * sizes_.items_each); }

  void Produce(int producer) {
    for (int i = 0; i < sizes_.items_each; ++i) {
      const uint32_t item = static_cast<uint32_t>(producer * sizes_.items_each + i);
      beside_[item] = item + 100;
      pushed_[item] = ring_.TryPush(item) ? 1 : 0;
    }
  }

  void Consume(std::vector<uint32_t>& got) {
    for (int i = 0; i < sizes_.pops_each; ++i) {
      uint32_t item = 0;
      if (!ring_.TryPop(&item)) continue;
      World::Check(item < Items() && beside_[item] == item + 100, "the producer's work");
      got.push_back(item);
    }
  }

  using Ring = loader::RingQueue<uint32_t, typename World::Atomics>;
  using Word = typename World::Atomics::template Var<uint32_t>;

  const RingSizes sizes_;
  Ring ring_;
  std::vector<Word> beside_;
  std::vector<int> pushed_;
  std::vector<std::vector<uint32_t>> got_;
};

// As many tokens as cells go round: each thread begins with one, pushes it, and takes whatever
// comes out. No push may find the ring full, whatever the others are in the middle of.
template <class World>
class TokenProgram : public Program {
 public:
  struct Sizes {
    int threads = 2;       // and tokens, and cells: a power of two
    int first_rounds = 3;  // of thread 0; the others make `rounds`
    int rounds = 1;
  };
  explicit TokenProgram(const Sizes& sizes)
      : sizes_(sizes), ring_(static_cast<size_t>(sizes.threads)), out_(Tokens()) {}

  int ThreadCount() const override { return sizes_.threads; }

  void Run(int thread) override {
    uint32_t token = static_cast<uint32_t>(thread);
    const int rounds = thread == 0 ? sizes_.first_rounds : sizes_.rounds;
    for (int round = 0; round < rounds; ++round) {
      out_[token] = 0;
      World::Check(ring_.TryPush(token), "full, with a cell for each token");
      if (!ring_.TryPop(&token)) return;  // the others have all
      World::Check(out_[token] == 0u, "a token came out twice");
      out_[token] = 1;
    }
  }

  void Finish() override {
    size_t count = 0;
    for (const Word& out : out_) count += out;
    uint32_t token = 0;
    while (ring_.TryPop(&token)) ++count;
    World::Check(count == Tokens(), "a token was lost");
  }

 private:
  using Word = typename World::Atomics::template Var<uint32_t>;
  size_t Tokens() const { return static_cast<size_t>(sizes_.threads); }

  const Sizes sizes_;
  loader::RingQueue<uint32_t, typename World::Atomics> ring_;
  std::vector<Word> out_;  // 1: in the hands of a thread that has ended its turn
};

}  // namespace headrace::model
