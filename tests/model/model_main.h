// What the model check programs share: a table of cases, run and reported.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/model/model_check.h"

namespace headrace::model {

struct Case {
  enum class When : uint8_t { kAlways, kLong };
  std::string name;
  Options options;
  std::function<std::unique_ptr<Program>()> make;
  When when = When::kAlways;
};

inline Options Bounded(int preemptions_max, int stale_max, int early_wakes_max = 0) {
  return {.preemptions_max = preemptions_max,
          .stale_max = stale_max,
          .early_wakes_max = early_wakes_max};
}
inline Options Random(uint64_t executions) {
  return {.early_wakes_max = 1, .executions_max = executions, .random = true};
}

// usage: PROGRAM [--long] [--quiet] [--only=PART_OF_NAME] [--seed=N] [--executions=N]
// Exit status: 0 all cases hold, 1 one does not (its execution is printed), 2 wrong usage.
int RunCases(int argc, char** argv, const std::vector<Case>& cases);

}  // namespace headrace::model
