// What an epoch is made of, from files that the command line names.
#pragma once

#include <headrace.h>

#include <cstdint>
#include <string>
#include <vector>

#include "bindings/cli/args.h"

namespace headrace::cli {

inline constexpr OptionSpec kSampleIdsOption = {
    "sample-ids", 0, "FILE",
    "An epoch is these samples, repeats included: a text file with an id a line."};
inline constexpr OptionSpec kSampleWeightsOption = {
    "sample-weights", 0, "FILE",
    "An epoch is drawn by these weights: a text file with a number a line, one for each sample."};

// What: the lists of --sample-ids and --sample-weights; lines that are empty or begin with # do not
// count. Owner: the command; outlives the calls that take its options. Thread: one. Cost: 8 bytes
// an entry.
class SampleLists {
 public:
  // False: *error is one line that names the file, and the line where one is wrong.
  [[nodiscard]] bool Read(const ParsedArgs& args, std::string* error);
  // Untouched where nothing was given.
  void AddTo(hr_options* options) const;

 private:
  std::vector<int64_t> ids_;
  std::vector<double> weights_;
};

}  // namespace headrace::cli
