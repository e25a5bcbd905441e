// Folders for files that nobody needs when the program is over.
#pragma once

#include <string>
#include <string_view>

namespace headrace::cli {

// Makes a folder "headrace-NAME-xxxxxx" in TMPDIR or /tmp. Its path is absolute, so that it holds
// in programs that change their folder, too. Empty: *error is one line.
[[nodiscard]] std::string MakeTemporaryFolder(std::string_view name, std::string* error);

}  // namespace headrace::cli
