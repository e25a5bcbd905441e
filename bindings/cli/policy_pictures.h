// What a policy does, on pictures of a data set.
#pragma once

#include <string>
#include <vector>

#include "bindings/cli/console.h"
#include "bindings/cli/loader_session.h"

namespace headrace::cli {

// A row a policy, a picture a sample, as "data:image/png;base64,..."; empty where a sample could
// not be decoded. The first row are the samples as they are.
struct PolicyPictures {
  std::vector<std::vector<std::string>> rows;
  std::string note;  // why there are none, when there are none
};

// `policies`: TOML of policy files. The samples are some of the data set of the configuration file
// `config`, opened with `overrides`; its own ops are left out.
PolicyPictures DrawPolicies(const std::string& config, Overrides overrides,
                            const std::vector<std::string>& policies, Console* console);

}  // namespace headrace::cli
