// The lines of a text file that somebody wrote: lists of samples.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "loader/config_toml.h"

namespace headrace::loader {

// Longer ones, and larger files, are refused: no list of samples has them.
inline constexpr size_t kLineBytesMax = size_t{1} << 20;
inline constexpr uint64_t kTextBytesMax = uint64_t{16} << 30;

// Called with the number of each line, from 1, and what is in it. Its false ends the reading, and
// the error is its own.
using OnLine = std::function<bool(uint64_t number, std::string_view line)>;

// Reads the file from its start to its end, once, in blocks. Lines end with LF or CRLF, the last
// one perhaps with nothing; a byte order mark is passed over. An error begins with `what`, which
// says what the file is for ("[dataset] include").
[[nodiscard]] bool ReadTextLines(const std::string& path, std::string_view what,
                                 const OnLine& on_line, ConfigError* error);

// The same of a text in memory; `path` is its name in errors.
[[nodiscard]] bool ForTextLines(std::string_view text, const std::string& path,
                                std::string_view what, const OnLine& on_line, ConfigError* error);

// "[dataset] include: lists/train.txt:12", for the beginning of an error.
std::string LinePlace(std::string_view what, const std::string& path, uint64_t number);

}  // namespace headrace::loader
