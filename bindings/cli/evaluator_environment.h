// The environment that an evaluator runs in.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::cli {

// Whose environment: slot `slot` of the `slots` of a process whose first one is number
// `first_worker` of all.
struct EvaluatorPlace {
  size_t slot = 0;
  size_t slots = 1;
  size_t first_worker = 0;
  size_t workers = 1;  // slots of all processes
};

// The program's own environment, NAME=value each, with these changes:
// - HEADRACE_TRIAL is `trial_path`, HEADRACE_WORKER the number of the place among all of the
// search;
// - CUDA_VISIBLE_DEVICES, if it has several, is the place's share of them;
// - what a launcher (mpirun, torchrun, srun) says about ranks is gone: an evaluator is a whole
// program
//   of its own, and a loader in it must not take a part of the data for all of it.
std::vector<std::string> EvaluatorEnvironment(const EvaluatorPlace& place,
                                              std::string_view trial_path);

// Which devices slot `slot` of `slots` sees, of those in CUDA_VISIBLE_DEVICES: its share of them,
// or one that it shares when there are more slots than devices. With one device or none: as it is.
std::string DevicesOf(std::string_view devices, size_t slot, size_t slots);

}  // namespace headrace::cli
