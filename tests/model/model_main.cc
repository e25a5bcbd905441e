#include "model_main.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace headrace::model {
namespace {

struct Arguments {
  bool with_long = false;
  bool quiet = false;
  std::string only;
  uint64_t seed = 1;
  uint64_t executions_max = UINT64_MAX;  // a case, on top of its own limit
};

// Takes the number behind `key`, if the word begins with that.
bool TakeNumber(const std::string& word, const char* key, uint64_t* number) {
  if (!word.starts_with(key)) return false;
  *number = std::strtoull(word.c_str() + std::strlen(key), nullptr, 10);
  return true;
}

bool Parse(int argc, char** argv, Arguments* arguments) {
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--long") {
      arguments->with_long = true;
    } else if (word == "--quiet") {
      arguments->quiet = true;
    } else if (word.starts_with("--only=")) {
      arguments->only = word.substr(std::strlen("--only="));
    } else if (!TakeNumber(word, "--seed=", &arguments->seed) &&
               !TakeNumber(word, "--executions=", &arguments->executions_max)) {
      std::fprintf(stderr,
                   "usage: %s [--long] [--quiet] [--only=PART] [--seed=N] [--executions=N]\n",
                   argv[0]);
      return false;
    }
  }
  return true;
}

double CpuSeconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

bool RunCase(const Case& entry, const Arguments& arguments) {
  Options options = entry.options;
  options.seed = arguments.seed;
  options.executions_max = std::min(options.executions_max, arguments.executions_max);
  const double start_s = CpuSeconds();
  const Outcome outcome = Explore(options, entry.make);
  const double took_s = CpuSeconds() - start_s;
  const char* extent = options.random ? "random" : outcome.complete ? "complete" : "cut short";
  if (!arguments.quiet || !outcome.ok) {
    std::printf("%-44s %9" PRIu64 " executions %11" PRIu64 " steps %6.2f s  %s: %s\n",
                entry.name.c_str(), outcome.executions, outcome.steps, took_s, extent,
                outcome.ok ? "ok" : outcome.error.c_str());
  }
  if (!outcome.ok && !arguments.quiet) {
    if (options.random) std::printf("  (seed %" PRIu64 ")\n", options.seed);
    for (const std::string& line : outcome.trace) std::printf("  %s\n", line.c_str());
  }
  std::fflush(stdout);
  return outcome.ok;
}

}  // namespace

int RunCases(int argc, char** argv, const std::vector<Case>& cases) {
  Arguments arguments;
  if (!Parse(argc, argv, &arguments)) return 2;
  int ran = 0;
  for (const Case& entry : cases) {
    if (entry.when == Case::When::kLong && !arguments.with_long) continue;
    if (entry.name.find(arguments.only) == std::string::npos) continue;
    ++ran;
    if (!RunCase(entry, arguments)) return 1;
  }
  if (ran == 0) std::fprintf(stderr, "no case has that name\n");
  return ran == 0 ? 2 : 0;
}

}  // namespace headrace::model
