// The main of benchmarks that measure kernels on each SIMD target this machine has.
#pragma once

#include <benchmark/benchmark.h>

#include <string>

#include "simd/target.h"

namespace headrace::bench {

// `add`(target) registers what is measured on a target. Exit status.
template <class Add>
int RunOnEachTarget(int argc, char** argv, const Add& add) {
  for (const std::string& target : simd::SupportedTargets()) add(target);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace headrace::bench
