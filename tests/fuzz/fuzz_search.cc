// Fuzzes what a policy search reads. An input that begins with '{' is a state: it is refused in one
// bounded line and leaves the search as it was, or the search saves it again and goes on from
// there. One that begins with 'h' is a policy as a line, any other a policy file or a [search]
// table; what is read comes back the same in both forms.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "loader/config_search.h"
#include "loader/policy_file.h"
#include "loader/search/searcher.h"

namespace {

using headrace::Code;
using headrace::loader::ConfigError;
using headrace::loader::ConfigSource;
using headrace::loader::Genome;
using headrace::loader::PolicyFile;
using headrace::loader::PolicySpace;
using headrace::loader::SearchConfig;
using headrace::loader::Searcher;
using headrace::loader::SearchStrategy;

void Require(bool condition) {
  if (!condition) std::abort();
}

void CheckError(const ConfigError& error) {
  Require(error.code != Code::kOk && error.code != Code::kInternal && !error.text.empty());
  Require(error.text.size() <= 511);
  for (const char c : error.text) Require(static_cast<unsigned char>(c) >= 32 && c != 127);
}

std::unique_ptr<Searcher> NewSearch() {
  SearchConfig config;
  config.sub_policies = 1;
  config.bins = 3;
  config.probabilities = 3;
  std::unique_ptr<Searcher> searcher;
  ConfigError error;
  Require(Searcher::Make(config,
                         {.strategy = SearchStrategy::kEvolution,
                          .parallel = 3,
                          .trials = 40,
                          .rescore_top = 2,
                          .rescore_seeds = 1,
                          .baselines = true},
                         &searcher, &error));
  return searcher;
}

void CheckState(std::string_view input) {
  const auto searcher = NewSearch();
  ConfigError error;
  if (!searcher->Load(input, &error)) {
    CheckError(error);
    Require(searcher->Save() == NewSearch()->Save());
    return;
  }
  const std::string saved = searcher->Save();
  const auto again = NewSearch();
  Require(again->Load(saved, &error) && again->Save() == saved);
  // It goes on to its end.
  std::vector<uint64_t> out;
  std::string why;
  uint64_t id = 0;
  for (;;) {
    const Code code = searcher->Ask(&id, &why);
    if (code == Code::kOk) {
      out.push_back(id);
    } else if (!out.empty()) {
      Require(searcher->Tell(out.back(), static_cast<double>(out.back() % 7), {}, &error));
      out.pop_back();
    } else {
      Require(code == Code::kEndOfEpoch);
      break;
    }
  }
  const auto counts = searcher->Counts();
  Require(counts.out == 0 && counts.asked == counts.trials && counts.search_told == 40);
  Require(counts.scored + counts.failed == counts.trials);
}

void CheckPolicy(const PolicyFile& file) {
  ConfigError error;
  PolicyFile of_line, of_toml;
  const std::string line = headrace::loader::PolicyLine(file);
  const std::string toml = headrace::loader::PolicyFileToml(file);
  Require(headrace::loader::ParsePolicyLine(line, &of_line, &error));
  Require(headrace::loader::PolicyLine(of_line) == line);
  if (toml.size() > (1 << 20)) return;
  Require(headrace::loader::ParsePolicyFile(toml, "fuzz", &of_toml, &error));
  Require(headrace::loader::PolicyLine(of_toml) == line);
  Require(headrace::loader::PolicyHash(of_toml) == headrace::loader::PolicyHash(file));
  Genome genome;
  std::string why;
  const PolicySpace space(SearchConfig{});
  if (space.Encode(file, &genome, &why)) {
    Require(space.Contains(genome));
    Require(headrace::loader::PolicyHash(space.Decode(genome)) ==
            headrace::loader::PolicyHash(file));
  } else {
    Require(!why.empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.starts_with('{')) {
    CheckState(input);
    return 0;
  }
  PolicyFile file;
  ConfigError error;
  const bool line = input.starts_with('h');
  const bool good = line ? headrace::loader::ParsePolicyLine(input, &file, &error)
                         : headrace::loader::ParsePolicyFile(input, "fuzz", &file, &error);
  if (good) {
    CheckPolicy(file);
    return 0;
  }
  CheckError(error);
  if (line) return 0;
  SearchConfig config;
  const ConfigSource source{.text = input};
  if (!headrace::loader::ParseSearch(source, &config, &error)) CheckError(error);
  return 0;
}
