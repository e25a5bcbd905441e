// TOML text to Config, with errors that say where, what was found, what is allowed.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "loader/config.h"

namespace headrace::loader {

// One line, ready for a person: `train.toml:12:3: [decode] exfi: unknown key; allowed: jpeg,
// checkpoints, exif, alpha; did you mean "exif"?` Control characters of the input are escaped; at
// most 480 bytes. A value that an override gave is placed by the override: `-s decode.exfi=1: ...`.
struct ConfigError {
  Code code = Code::kOk;
  std::string text;
  int error_number = 0;  // the system's, when it was the cause
};

// Fills *error; false, so that a check can return it.
inline bool Fail(ConfigError* error, Code code, std::string text, int error_number = 0) {
  *error = {code, std::move(text), error_number};
  return false;
}

// Each override is `dotted.key=value`, value read as TOML, else as a string; applied in order over
// the file; the key may be absent from the file. Array tables take an index: `augment.0.size=160`.
struct ConfigSource {
  std::string_view text;        // the TOML
  std::string name = "<toml>";  // for messages
  std::string folder;           // relative paths are relative to it; empty: the working folder
  std::span<const std::string> overrides;
};

// False: *error is filled and *config is unspecified.
[[nodiscard]] bool ParseConfig(const ConfigSource& source, Config* config, ConfigError* error);

// Reads the file (at most 1 MiB) and parses it.
[[nodiscard]] bool ParseConfigFile(const std::string& path, std::span<const std::string> overrides,
                                   Config* config, ConfigError* error);

// The inside of TOML inline tables, one op each (`op = "resize", size = 224`), as `headrace apply
// --op` takes them, or [[augment]] entries, as `--explain` prints them; the same checks as in a
// configuration.
[[nodiscard]] bool ParseOps(std::span<const std::string> texts, std::vector<OpConfig>* ops,
                            ConfigError* error);

}  // namespace headrace::loader
