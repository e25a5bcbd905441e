#include "bindings/cli/sample_lists.h"

#include <charconv>
#include <cstddef>
#include <string_view>

#include "bindings/cli/source_picture.h"

namespace headrace::cli {
namespace {

std::string_view Trimmed(std::string_view line) {
  constexpr std::string_view kBlank = " \t\r";
  const size_t begin = line.find_first_not_of(kBlank);
  if (begin == line.npos) return {};
  return line.substr(begin, line.find_last_not_of(kBlank) + 1 - begin);
}

// `what`: of a line, for messages.
template <class Number>
bool ReadNumbers(const ParsedArgs& args, std::string_view option, std::string_view what,
                 std::vector<Number>* numbers, std::string* error) {
  if (!args.Has(option)) return true;
  const std::string path(args.Value(option));
  std::vector<std::byte> bytes;
  if (!ReadWholeFile(path, &bytes, error)) return false;
  std::string_view rest(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (size_t number = 1; !rest.empty(); ++number) {
    const size_t end = rest.find('\n');
    const std::string_view line = Trimmed(rest.substr(0, end));
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    Number value = 0;
    const auto [stopped, code] = std::from_chars(line.data(), line.data() + line.size(), value);
    if (code != std::errc() || stopped != line.data() + line.size()) {
      *error = path;
      *error += ":";
      *error += std::to_string(number);
      *error += ": found \"";
      *error += line.substr(0, 60);
      *error += "\", expected ";
      *error += what;
      return false;
    }
    numbers->push_back(value);
  }
  if (!numbers->empty()) return true;
  *error = path + ": there is no number in it; expected is one a line";
  return false;
}

}  // namespace

bool SampleLists::Read(const ParsedArgs& args, std::string* error) {
  return ReadNumbers(args, "sample-ids", "the id of a sample", &ids_, error) &&
         ReadNumbers(args, "sample-weights", "a number", &weights_, error);
}

void SampleLists::AddTo(hr_options* options) const {
  options->sample_ids = ids_.data();
  options->sample_id_count = ids_.size();
  options->sample_weights = weights_.data();
  options->sample_weight_count = weights_.size();
}

}  // namespace headrace::cli
