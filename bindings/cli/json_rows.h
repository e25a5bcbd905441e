// A JSON object as rows for a table: what a person reads when a program does not.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace headrace::cli {

struct JsonRow {
  std::string path;   // "io_uring.available"; list entries are joined into one row
  std::string value;  // strings without quotes, the rest as written
};

// False when `json` is not one well-formed value.
[[nodiscard]] bool ReadJsonRows(std::string_view json, std::vector<JsonRow>* rows);

}  // namespace headrace::cli
