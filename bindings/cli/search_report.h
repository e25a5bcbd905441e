// The page of a search: one HTML file with all that it shows inside.
#pragma once

#include <string>
#include <vector>

#include "bindings/cli/console.h"
#include "bindings/cli/loader_session.h"
#include "bindings/cli/search_options.h"
#include "bindings/cli/search_session.h"
#include "bindings/cli/search_summary.h"

namespace headrace::cli {

struct SearchReport {
  const SearchOptions* options;
  const SearchSummary* summary;
  const SearchSession* session;
  Overrides overrides;  // for the data set of the pictures
};

// False: *error is one line.
[[nodiscard]] bool WriteReport(const SearchReport& report, Console* console, std::string* error);

}  // namespace headrace::cli
