// Which share of the data this process has: options, configuration, or the launcher's environment.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "loader/config.h"
#include "loader/config_toml.h"

namespace headrace::loader {

struct RankInfo {
  uint32_t rank = 0;
  uint32_t world_size = 1;
  std::string source = "alone";  // for the log and the stats
  std::string warning;           // other launchers that say otherwise; empty: none does
};

// Options first, then [loader] rank and world_size, then the first launcher of which both variables
// are there: torchrun and Ray's TorchTrainer (RANK, WORLD_SIZE), Open MPI, MPICH's PMI, Slurm.
// Reads the environment.
//
// Launchers are often started by one another (srun torchrun, Ray on Slurm, mpirun in an
// allocation). The order is from the inner ones to the outer, which count machines or know of one
// task only.
[[nodiscard]] bool FindRank(std::optional<uint32_t> option_rank,
                            std::optional<uint32_t> option_world_size, const LoaderConfig& config,
                            RankInfo* info, ConfigError* error);

}  // namespace headrace::loader
