// The state of a search as JSON: what was asked and what became of it.
//
// A strategy is a function of its journal, so nothing else need be kept: neither populations nor
// logits, and an edit of the file cannot bring a strategy to where no search could have brought it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "loader/config_toml.h"
#include "loader/search/trial.h"

namespace headrace::loader {

struct SearchJournal {
  struct Asked {
    std::string policy;  // as PolicyLine
    Outcome outcome;
  };
  struct Final {
    FinalTrial trial;
    Outcome outcome;  // never kOut
  };
  uint64_t strategies = 0;  // kStrategiesVersion when it was written
  // Space, strategy and what else decides the sequence: name and value, as people read them.
  std::vector<std::pair<std::string, std::string>> identity;
  std::vector<Asked> trials;  // of the search proper, from 0
  std::vector<Final> finals;
};

inline constexpr uint64_t kSearchTrialsMax = 1000000;
inline constexpr size_t kJournalBytesMax = size_t{256} << 20;

std::string WriteJournal(const SearchJournal& journal);
// At most a million trials are read. False: *error says where the text is not a journal.
[[nodiscard]] bool ReadJournal(std::string_view text, SearchJournal* journal, ConfigError* error);

}  // namespace headrace::loader
