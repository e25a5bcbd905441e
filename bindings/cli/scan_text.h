// What `headrace scan` prints: a page for a person, an object for a program.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <headrace.h>

namespace headrace::cli {

// A finding that outlives its callback.
struct ScanFinding {
  hr_scan_kind kind = HR_SCAN_BROKEN;
  int64_t id = 0;
  std::string path;
  std::string name;
  uint64_t offset = 0;
  uint64_t bytes = 0;
  uint64_t group = 0;
  hr_status code = HR_OK;
  std::string reason;  // the text, and what the system said
};

struct ScanResult {
  std::string path;  // what was scanned
  double seconds = 0;
  hr_scan_report report = {};
  std::vector<ScanFinding> findings;
};

// `lines_max`: of each kind of finding; the rest is counted.
std::string ScanPage(const ScanResult& result, size_t lines_max);
std::string ScanJson(const ScanResult& result);

}  // namespace headrace::cli
