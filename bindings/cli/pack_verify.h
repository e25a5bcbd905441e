// What `headrace scan PACK --verify` does, over hr_pack_verify.
#pragma once

#include <string>

#include "bindings/cli/args.h"
#include "bindings/cli/console.h"

namespace headrace::cli {

// Verifies the pack in the folder `pack`, and compares it with `source` (a configuration file or a
// folder; empty: with nothing). Reads --workers, -s and --json of `args`; prints a line for each
// thing that is wrong, or the JSON. Exit status: kExitFailure when anything is wrong.
[[nodiscard]] int VerifyPack(const std::string& pack, const std::string& source,
                             const ParsedArgs& args, Console& console);

}  // namespace headrace::cli
