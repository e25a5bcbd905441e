// Results on their way out: files that appear whole or not at all, and stdout with its errors
// checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "bindings/cli/args.h"
#include "bindings/cli/console.h"

namespace headrace::cli {

// Writes the pieces, one after the other, to a temporary name beside `path` and renames it. A
// device or pipe is written directly: renaming over /dev/null would replace it. False: *error is
// one line.
[[nodiscard]] bool WriteWholeFile(const std::string& path,
                                  std::initializer_list<std::span<const std::byte>> pieces,
                                  std::string* error);
[[nodiscard]] bool WriteWholeFile(const std::string& path, std::string_view text,
                                  std::string* error);

// The same, and when it returns the file outlives a loss of power: it and its name are synced.
[[nodiscard]] bool WriteDurableFile(const std::string& path, std::span<const std::byte> bytes,
                                    std::string* error);

// Adds to the file that is open as `fd`, for appending, and syncs it; `path` is for the error.
// False: part of the bytes may be there.
[[nodiscard]] bool AppendDurably(int fd, const std::string& path, std::span<const std::byte> bytes,
                                 std::string* error);

// The folder that a file is or will be in; "." for a name alone.
std::string FolderOf(const std::string& path);

// Makes the folder and those above it; an existing folder is fine.
[[nodiscard]] bool MakeFolders(const std::string& path, std::string* error);

// Results on stdout; failures (a full disk) are found by FinishStdout.
void PrintResult(std::string_view text);
[[nodiscard]] bool FinishStdout(std::string* error);

// The JSON of a run to where --json asks; of rank r > 0 of several, which share a command line, to
// FILE.r. Exit status.
[[nodiscard]] int EmitJson(const ParsedArgs& args, std::string_view json, Console& console,
                           uint32_t rank = 0);

}  // namespace headrace::cli
