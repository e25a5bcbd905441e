// The rows of tests/golden/policy_golden.tsv (made by make_policy_golden.py).
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace headrace::loader {

inline std::vector<std::vector<std::string>> PolicyGoldenRows(const std::string& kind) {
  std::ifstream file(HEADRACE_SOURCE_DIR "/tests/golden/policy_golden.tsv");
  EXPECT_TRUE(file.is_open());
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(file, line);) {
    std::istringstream text(line);
    std::vector<std::string> row;
    for (std::string field; std::getline(text, field, '\t');) row.push_back(field);
    if (!row.empty() && row[0] == kind) rows.push_back(row);
  }
  EXPECT_FALSE(rows.empty()) << kind;
  return rows;
}

}  // namespace headrace::loader
