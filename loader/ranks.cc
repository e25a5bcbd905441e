#include "loader/ranks.h"

#include <cerrno>
#include <cstdlib>
#include <iterator>

namespace headrace::loader {
namespace {

struct Launcher {
  const char* rank;
  const char* world_size;
};
constexpr Launcher kLaunchers[] = {
    {"RANK", "WORLD_SIZE"},  // torchrun, and what others imitate: Ray's TorchTrainer, accelerate
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},
    {"PMI_RANK", "PMI_SIZE"},  // MPICH, Intel MPI
    {"SLURM_PROCID", "SLURM_NTASKS"},
};

std::optional<uint32_t> NumberIn(const char* variable) {
  const char* text = getenv(variable);  // NOLINT(concurrency-mt-unsafe): at open only
  if (text == nullptr || *text < '0' || *text > '9') return std::nullopt;
  char* end = nullptr;
  errno = 0;
  const unsigned long value = strtoul(text, &end, 10);
  if (errno != 0 || *end != '\0' || value > UINT32_MAX) return std::nullopt;
  return static_cast<uint32_t>(value);
}

bool IsSet(const char* variable) {
  const char* text = getenv(variable);  // NOLINT(concurrency-mt-unsafe): at open only
  return text != nullptr && *text != '\0';
}

bool Check(const RankInfo& info, ConfigError* error) {
  if (info.world_size > 0 && info.rank < info.world_size) return true;
  error->code = Code::kConfigValue;
  error->text = "rank " + std::to_string(info.rank) + " of " + std::to_string(info.world_size) +
                " (" + info.source + "): rank must be below world_size";
  return false;
}

// What launchers after `taken` say, when it is not the same.
std::string OthersSay(const Launcher& taken, const RankInfo& info) {
  std::string text;
  for (const Launcher* other = &taken + 1; other != std::end(kLaunchers); ++other) {
    const auto rank = NumberIn(other->rank);
    const auto world_size = NumberIn(other->world_size);
    if (!rank || !world_size || (*rank == info.rank && *world_size == info.world_size)) continue;
    text += (text.empty() ? "" : ", ") + std::string(other->rank) + " is " + std::to_string(*rank) +
            " of " + std::to_string(*world_size);
  }
  if (text.empty()) return text;
  return "rank " + std::to_string(info.rank) + " of " + std::to_string(info.world_size) +
         " is taken from " + taken.rank + " and " + taken.world_size + ", but " + text +
         "; set loader.rank and world_size if that is wrong";
}

}  // namespace

bool FindRank(std::optional<uint32_t> option_rank, std::optional<uint32_t> option_world_size,
              const LoaderConfig& config, RankInfo* info, ConfigError* error) {
  if (option_rank && option_world_size) {
    *info = {*option_rank, *option_world_size, "options", ""};
    return Check(*info, error);
  }
  if (config.rank && config.world_size) {
    *info = {*config.rank, *config.world_size, "configuration", ""};
    return Check(*info, error);
  }
  for (const Launcher& launcher : kLaunchers) {
    if (!IsSet(launcher.rank) || !IsSet(launcher.world_size)) continue;
    const auto rank = NumberIn(launcher.rank);
    const auto world_size = NumberIn(launcher.world_size);
    if (!rank || !world_size) {
      // Taking rank 0 of 1 instead would make every process read everything.
      error->code = Code::kConfigValue;
      error->text = std::string("the environment's ") + launcher.rank + " and " +
                    launcher.world_size + " are not both numbers; set loader.rank and world_size";
      return false;
    }
    *info = {*rank, *world_size,
             std::string("environment: ") + launcher.rank + ", " + launcher.world_size, ""};
    info->warning = OthersSay(launcher, *info);
    return Check(*info, error);
  }
  *info = {};
  return true;
}

}  // namespace headrace::loader
