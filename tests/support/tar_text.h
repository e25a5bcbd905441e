// tar archives as texts, for tests.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "io/tar.h"

namespace headrace::testing {

using TarEntries = std::vector<std::pair<std::string, std::string>>;  // name, content

inline std::string TarText(const TarEntries& entries) {
  std::string archive;
  for (const auto& [name, content] : entries) {
    io::AppendTarHeader(name, content.size(), &archive);
    archive += content;
    archive.append(io::TarPaddingBytes(content.size()), '\0');
  }
  archive.append(io::kTarEndBytes, '\0');
  return archive;
}

}  // namespace headrace::testing
