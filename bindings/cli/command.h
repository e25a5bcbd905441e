// The commands of the program: what each takes and the function that runs it.
#pragma once

#include "bindings/cli/args.h"
#include "bindings/cli/console.h"

namespace headrace::cli {

// Exit statuses, a contract with scripts.
inline constexpr int kExitGood = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;          // the command line or the configuration is wrong
inline constexpr int kExitInterrupted = 130;  // as a shell reports SIGINT

struct Command {
  CommandSpec spec;
  // Returns the exit status; everything for the user has been printed by then.
  int (*run)(const ParsedArgs& args, Console& console);
};

extern const Command kApplyCommand;
extern const Command kBenchCommand;
extern const Command kDigestCommand;
extern const Command kDoctorCommand;
extern const Command kDumpCommand;
extern const Command kIndexCommand;
extern const Command kPackCommand;
extern const Command kPreviewCommand;
extern const Command kScanCommand;
extern const Command kSearchCommand;
extern const Command kSynthCommand;
extern const Command kUnpackCommand;

// Options that several commands share.
inline constexpr OptionSpec kSetOption = {"", 's', "KEY=VALUE",
                                          "Overrides a key of the configuration; dotted, read as "
                                          "TOML, else as a string; may be repeated."};
inline constexpr OptionSpec kJsonOption = {
    "json", 0, "FILE", "Writes the results as one JSON object to FILE, or to stdout when it is -."};
inline constexpr OptionSpec kVerboseOption = {"verbose", 'v', "",
                                              "Prints what the library logs, not only warnings."};

}  // namespace headrace::cli
