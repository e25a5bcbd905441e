#include "bindings/cli/search_options.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "bindings/cli/command.h"

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
  options->rank_timeout_seconds = 60;
  return ReadPositive(args, "rank-timeout", &options->rank_timeout_seconds, error);
}

}  // namespace

constinit const OptionSpec kSearchOptions[18] = {
    {"evaluate", 0, "CMD",
     "The command that scores a policy, run by /bin/sh -c, with {policy} (path of a policy file), "
     "{seed} and {trial} replaced. The last line of its stdout is the score, or JSON with "
     "\"score\"; "
     "higher is better. Required."},
    {"trials", 0, "N", "Policies to try; 100 by default."},
    {"parallel", 0, "K", "Evaluators at a time, of each process; 1 by default."},
    {"strategy", 0, "NAME", "random, evolution, reinforce or ppo; evolution by default."},
    {"seed", 0, "S", "Seed of the search; 0 by default."},
    {"timeout", 0, "SECONDS", "An evaluator that takes longer is ended; no limit by default."},
    {"retries", 0, "N", "Attempts after one that failed; 1 by default."},
    {"rescore", 0, "TOP",
     "The best so many are scored again on fresh seeds, and the best mean wins; a third of the "
     "trials, at most 10, by default; 0: none."},
    {"rescore-seeds", 0, "N", "Fresh seeds; 3 by default."},
    {"no-baselines", 0, "", "Leaves out what policies are compared with."},
    {"state", 0, "FILE", "Keeps all that is known in FILE, and goes on from it if it is there."},
    {"log", 0, "FILE.tsv", "Adds a line for each trial when it is finished."},
    {"report", 0, "FILE.html", "Writes a page with the learning curve and the best policy."},
    {"output", 'o', "FILE.toml", "Writes the best policy, for auto_augment."},
    {"concat", 0, "N", "With -o: joins the best N policies, as AutoAugment does with 5."},
    {"rank-timeout", 0, "SECONDS",
     "Under mpirun: a process that has not been heard of for so long is given up; 60 by default."},
    kSetOption,
    kJsonOption,
};

bool CanMakeFile(std::string_view option, const std::string& path, std::string* error) {
  struct stat info {};
  int failed = 0;
  if (stat(path.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) failed = EISDIR;
    if (access(path.c_str(), W_OK) != 0) failed = errno;
  }
  const size_t name_at = path.rfind('/') + 1;  // npos + 1 is 0: no folder in the path
  const std::string folder = name_at == 0 ? "." : path.substr(0, name_at);
  const bool replaced = failed == 0 && (info.st_mode == 0 || S_ISREG(info.st_mode));
  if (replaced && access(folder.c_str(), W_OK | X_OK) != 0) failed = errno;
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
      !ReadNames(args, options, error)) {
    return false;
  }
  if (options->concat > 0 && options->output.empty()) {
    *error = "--concat goes with -o FILE";
    return false;
  }
  return true;
}

}  // namespace headrace::cli
