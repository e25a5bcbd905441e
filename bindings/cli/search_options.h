// What `headrace search` is told by its command line; the table of its options is the command's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <headrace.h>

#include "bindings/cli/args.h"
#include "bindings/cli/evaluator_pool.h"

namespace headrace::cli {

struct SearchOptions {
  std::string config;
  EvaluatorSettings evaluator;
  hr_search_strategy strategy = HR_SEARCH_EVOLUTION;
  std::string_view strategy_name;
  uint64_t seed = 0;
  uint64_t trials = 0;
  uint64_t parallel = 1;  // of this process
  uint64_t rescore_top = 0;
  uint64_t rescore_seeds = 0;
  uint64_t concat = 0;  // 0: the best policy alone
  bool baselines = true;
  uint64_t rank = 0;        // with world_size
  uint64_t world_size = 0;  // 0: as the launcher says
  double rank_timeout_seconds = 0;
  std::string state;  // empty: none; and so the others
  std::string log;
  std::string report;
  std::string output;
};

// False: *error is one line.
[[nodiscard]] bool ReadSearchOptions(const ParsedArgs& args, SearchOptions* options,
                                     std::string* error);

// Whether a file of this name can be made, before hours have passed. False: *error is one line.
[[nodiscard]] bool CanMakeFile(std::string_view option, const std::string& path,
                               std::string* error);

}  // namespace headrace::cli
