#include "bindings/cli/evaluator_environment.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>

extern "C" char** environ;  // NOLINT

namespace headrace::cli {
namespace {

constexpr std::string_view kDevices = "CUDA_VISIBLE_DEVICES";
constexpr std::string_view kTrial = "HEADRACE_TRIAL";
constexpr std::string_view kWorker = "HEADRACE_WORKER";

// Of launchers. Slurm's others are those of the allocation, which an evaluator may want to use.
constexpr std::string_view kRankNames[] = {
    "RANK",         "WORLD_SIZE",      "LOCAL_RANK",       "LOCAL_WORLD_SIZE", "GROUP_RANK",
    "ROLE_RANK",    "ROLE_WORLD_SIZE", "GROUP_WORLD_SIZE", "SLURM_PROCID",     "SLURM_NTASKS",
    "SLURM_NPROCS", "SLURM_LOCALID",   "SLURM_NODEID",     "MPI_LOCALRANKID",  "MPI_LOCALNRANKS",
    "MASTER_ADDR",  "MASTER_PORT"};
// An MPI program would take itself for this very process and hang.
constexpr std::string_view kRankPrefixes[] = {"OMPI_", "PMIX_", "PMI_", "PRTE_", "TORCHELASTIC_"};

constexpr struct {
  std::string_view rank;
  std::string_view size;
} kLocalRanks[] = {{"LOCAL_RANK", "LOCAL_WORLD_SIZE"},
                   {"OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE"},
                   {"MPI_LOCALRANKID", "MPI_LOCALNRANKS"}};

std::string_view NameOf(std::string_view variable) {
  return variable.substr(0, variable.find('='));
}

// The value of a variable of the program, or nothing.
std::string_view ValueOf(std::string_view name) {
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view variable = *entry;
    if (NameOf(variable) == name && variable.size() > name.size()) {
      return variable.substr(name.size() + 1);
    }
  }
  return {};
}

bool IsAboutRanks(std::string_view name) {
  const auto begins = [&](std::string_view prefix) { return name.starts_with(prefix); };
  return std::ranges::find(kRankNames, name) != std::end(kRankNames) ||
         std::ranges::any_of(kRankPrefixes, begins);
}

bool ReadNumber(std::string_view text, size_t* number) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return code == std::errc() && end == text.data() + text.size();
}

struct LocalPlace {
  size_t slot;
  size_t slots;
};

// Devices are shared by the processes of a machine: the place among all of its slots. Of all of the
// search where nobody says which processes are on this machine, so that those that are share
// nothing.
LocalPlace OnThisMachine(const EvaluatorPlace& place) {
  for (const auto& names : kLocalRanks) {
    size_t rank = 0;
    size_t size = 0;
    const bool found = ReadNumber(ValueOf(names.rank), &rank) &&
                       ReadNumber(ValueOf(names.size), &size) && rank < size && size <= 1024;
    if (found) return {rank * place.slots + place.slot, size * place.slots};
  }
  return {place.first_worker + place.slot, place.workers};
}

}  // namespace

std::vector<std::string> EvaluatorEnvironment(const EvaluatorPlace& place,
                                              std::string_view trial_path) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view name = NameOf(*entry);
    if (name == kTrial || name == kWorker || IsAboutRanks(name)) continue;
    if (name != kDevices) {
      all.emplace_back(*entry);
      continue;
    }
    const LocalPlace local = OnThisMachine(place);
    all.emplace_back(kDevices).append("=").append(
        DevicesOf(ValueOf(kDevices), local.slot, local.slots));
  }
  all.emplace_back(kTrial).append("=").append(trial_path);
  all.emplace_back(kWorker).append("=").append(std::to_string(place.first_worker + place.slot));
  return all;
}

std::string DevicesOf(std::string_view devices, size_t slot, size_t slots) {
  std::vector<std::string_view> all;
  for (std::string_view rest = devices; !rest.empty();) {
    const size_t end = std::min(rest.find(','), rest.size());
    if (end > 0) all.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (all.size() < 2) return std::string(devices);
  std::string mine;
  for (size_t i = slot % all.size(); i < all.size(); i += slots) {
    mine.append(mine.empty() ? "" : ",").append(all[i]);
  }
  return mine;
}

}  // namespace headrace::cli
