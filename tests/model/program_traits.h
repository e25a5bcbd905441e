// The programs of this folder run twice: under the model checker, and on real threads (for
// ThreadSanitizer). These are the two worlds they are instantiated for.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "loader/pipeline/atomics.h"
#include "tests/model/model_check.h"

namespace headrace::model {

struct ModelWorld {
  using Atomics = ModelAtomics;
  static void Check(bool condition, const char* what) { model::Check(condition, what); }
};

struct ThreadWorld {
  using Atomics = loader::StdAtomics;
  static void Check(bool condition, const char* what) {
    const char* none = nullptr;
    if (!condition) first_failure.compare_exchange_strong(none, what);
  }
  static inline std::atomic<const char*> first_failure{nullptr};
};

// Runs one instance on real threads that start together. The first failed check, or null.
inline const char* RunOnThreads(const std::function<std::unique_ptr<Program>()>& make) {
  ThreadWorld::first_failure = nullptr;
  const std::unique_ptr<Program> program = make();
  const int count = program->ThreadCount();
  std::atomic<int> ready{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < count; ++t) {
      threads.emplace_back([&, t] {
        ready.fetch_add(1);
        while (ready.load() < count) std::this_thread::yield();
        program->Run(t);
      });
    }
  }
  program->Finish();
  return ThreadWorld::first_failure;
}

}  // namespace headrace::model
