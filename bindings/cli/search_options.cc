#include "bindings/cli/search_options.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <utility>
#include <vector>

#include "bindings/cli/output_file.h"

namespace headrace::cli {
namespace {

constexpr uint64_t kTrialsDefault = 100;
constexpr uint64_t kTrialsMax = 1'000'000;
constexpr uint64_t kParallelMax = 1024;
constexpr uint64_t kRescoreTopDefault = 10;
constexpr uint64_t kRescoreSeedsDefault = 3;
constexpr uint64_t kConcatMax = 200;  // of five sub-policies: a policy file has room for 1000

constexpr struct {
  std::string_view name;
  hr_search_strategy strategy;
} kStrategies[] = {{"random", HR_SEARCH_RANDOM},
                   {"evolution", HR_SEARCH_EVOLUTION},
                   {"reinforce", HR_SEARCH_REINFORCE},
                   {"ppo", HR_SEARCH_PPO}};

bool ReadStrategy(const ParsedArgs& args, SearchOptions* options, std::string* error) {
  const std::string_view name = args.Value("strategy", "evolution");
  std::vector<std::string_view> names;
  for (const auto& known : kStrategies) {
    names.push_back(known.name);
    if (known.name != name) continue;
    options->strategy = known.strategy;
    options->strategy_name = known.name;
    return true;
  }
  *error = "--strategy: found \"" + std::string(name) +
           "\", expected random, evolution, reinforce or ppo";
  if (const std::string_view nearest = Nearest(name, names); !nearest.empty()) {
    error->append("; did you mean \"").append(nearest).append("\"?");
  }
  return false;
}

bool ReadNames(const ParsedArgs& args, SearchOptions* options, std::string* error) {
  const struct {
    const char* option;
    std::string* name;
  } names[] = {{"state", &options->state},
               {"log", &options->log},
               {"report", &options->report},
               {"output", &options->output}};
  for (const auto& [option, name] : names) {
    *name = args.Value(option);
    if (!args.Has(option)) continue;
    const std::string dashed =
        std::string(option[0] == 'o' ? "-o" : "--") + (option[0] == 'o' ? "" : option);
    if (name->empty()) {
      *error = dashed + ": found no name, expected that of a file";
      return false;
    }
    if (!CanMakeFile(dashed, *name, error)) return false;
  }
  const std::string json(args.Value("json"));
  return json.empty() || json == "-" || CanMakeFile("--json", json, error);
}

// Whether both names are those of one file: what is written later would replace what was before.
// Devices and pipes take what comes.
bool IsSameFile(const std::string& a, const std::string& b) {
  std::error_code failed;
  const auto status = std::filesystem::status(a, failed);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) return false;
  if (std::filesystem::equivalent(a, b, failed)) return true;
  const std::filesystem::path path_a = std::filesystem::absolute(a, failed);
  const std::filesystem::path path_b = std::filesystem::absolute(b, failed);
  std::error_code failed_a;
  std::error_code failed_b;
  const auto whole_a = std::filesystem::weakly_canonical(path_a, failed_a);
  const auto whole_b = std::filesystem::weakly_canonical(path_b, failed_b);
  return !failed_a && !failed_b && whole_a == whole_b;
}

bool CheckNamesDiffer(const ParsedArgs& args, const SearchOptions& options, std::string* error) {
  std::string json(args.Value("json"));
  if (json == "-") json.clear();
  const std::pair<std::string_view, std::string_view> names[] = {
      {"--state", options.state}, {"--log", options.log}, {"--report", options.report},
      {"-o", options.output},     {"--json", json},       {"CONFIG", options.config}};
  for (const auto* a = std::begin(names); a != std::end(names); ++a) {
    for (const auto* b = a + 1; b != std::end(names); ++b) {
      if (a->second.empty() || b->second.empty()) continue;
      if (!IsSameFile(std::string(a->second), std::string(b->second))) continue;
      *error = std::string(a->first) + " and ";
      error->append(b->first).append(" are both ").append(a->second);
      error->append(": each needs a file of its own");
      return false;
    }
  }
  return true;
}

bool ReadNumbers(const ParsedArgs& args, SearchOptions* options, std::string* error) {
  options->trials = kTrialsDefault;
  options->rescore_seeds = kRescoreSeedsDefault;
  options->evaluator.retries = 1;
  if (!ReadUnsigned(args, "trials", 1, kTrialsMax, &options->trials, error) ||
      !ReadUnsigned(args, "parallel", 1, kParallelMax, &options->parallel, error) ||
      !ReadUnsigned(args, "seed", 0, UINT64_MAX, &options->seed, error) ||
      !ReadPositive(args, "timeout", &options->evaluator.timeout_seconds, error) ||
      !ReadUnsigned(args, "retries", 0, 100, &options->evaluator.retries, error) ||
      !ReadUnsigned(args, "rescore-seeds", 1, 64, &options->rescore_seeds, error) ||
      !ReadUnsigned(args, "concat", 1, kConcatMax, &options->concat, error)) {
    return false;
  }
  // The best of a third of the trials: of fewer than three there is one.
  options->rescore_top = std::clamp<uint64_t>(options->trials / 3, 1, kRescoreTopDefault);
  if (!ReadUnsigned(args, "rescore", 0, options->trials, &options->rescore_top, error)) {
    return false;
  }
  if (args.Has("rank") != args.Has("world-size")) {
    *error = "--rank and --world-size: give both, or neither";
    return false;
  }
  if (!ReadUnsigned(args, "world-size", 1, kParallelMax, &options->world_size, error) ||
      (options->world_size > 0 &&
       !ReadUnsigned(args, "rank", 0, options->world_size - 1, &options->rank, error))) {
    return false;
  }
  options->rank_timeout_seconds = 60;
  return ReadPositive(args, "rank-timeout", &options->rank_timeout_seconds, error);
}

}  // namespace

bool CanMakeFile(std::string_view option, const std::string& path, std::string* error) {
  struct stat info {};
  int failed = 0;
  if (stat(path.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) failed = EISDIR;
    if (access(path.c_str(), W_OK) != 0) failed = errno;
  }
  const bool replaced = failed == 0 && (info.st_mode == 0 || S_ISREG(info.st_mode));
  if (replaced && access(FolderOf(path).c_str(), W_OK | X_OK) != 0) failed = errno;
  if (failed == 0) return true;
  *error = std::string(option) + ": cannot write " + path + ": " + std::strerror(failed);
  return false;
}

bool ReadSearchOptions(const ParsedArgs& args, SearchOptions* options, std::string* error) {
  options->config = args.operands()[0];
  options->evaluator.command = args.Value("evaluate");
  options->baselines = !args.Has("no-baselines");
  if (options->evaluator.command.find_first_not_of(" \t\n") == std::string::npos) {
    *error = "missing --evaluate CMD, the command that scores a policy; see headrace search --help";
    return false;
  }
  if (!ReadStrategy(args, options, error) || !ReadNumbers(args, options, error) ||
      !ReadNames(args, options, error) || !CheckNamesDiffer(args, *options, error)) {
    return false;
  }
  if (options->concat > 0 && options->output.empty()) {
    *error = "--concat goes with -o FILE";
    return false;
  }
  return true;
}

}  // namespace headrace::cli
