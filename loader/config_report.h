// Error texts of the configuration: one line, bounded, with a suggestion when a name is misspelt.
//
// Nothing here knows TOML. Made and used inside one parse, on one thread; allocates freely.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "loader/config_toml.h"

namespace headrace::loader {

// `text` without control characters, bidirectional marks and bytes that are not UTF-8 (each becomes
// \n, \t, \u.... or \x..), cut to `bytes_max` with "..." where it is longer.
std::string Printable(std::string_view text, size_t bytes_max);

// "text" in double quotes, printable, at most `bytes_max` bytes inside.
std::string Quoted(std::string_view text, size_t bytes_max = 60);

// "a, b, c", cut at a whole name with ", ..." when it would pass `bytes_max`.
std::string JoinNames(std::span<const std::string_view> names, size_t bytes_max = 135);

// The candidate that `found` was most likely meant to be; empty when none is near. Case, '_' and
// '-' do not count; then the distance in insertions, deletions, changes and swaps of neighbours
// must be small for the length, or one name must contain the other, or the candidate be the other
// with letters left out.
std::string_view Closest(std::string_view found, std::span<const std::string_view> candidates);

// What is wrong, in the parts that the text is made of.
struct Complaint {
  Code code = Code::kConfigValue;
  std::string place;       // file:line:col, or the override
  std::string subject;     // "[loader] seed"
  std::string found;       // "found -1"
  std::string allowed;     // "allowed: an integer from 0 to ..."; may be empty
  std::string suggestion;  // a name or value; empty: none
  int error_number = 0;    // the system's, when it was the cause
};

// Bytes of the longest text, without the terminating zero that a C buffer adds.
inline constexpr size_t kConfigErrorBytesMax = 480;

std::string ComplaintText(const Complaint& complaint);

// Collects what a parse finds. The first real error ends the parse; a value that is right but not
// built yet is only remembered, so that a typing error further on is told first.
class Report {
 public:
  // Always false, so that callers can return it.
  bool Fail(const Complaint& complaint);
  void NotBuilt(const Complaint& complaint);
  // What a report on another text found counts here; true when that was no error.
  bool Take(const Report& other);

  // True when nothing was found; else *error is filled.
  bool Finish(ConfigError* error) const;

 private:
  ConfigError failure_;
  ConfigError not_built_;
};

}  // namespace headrace::loader
