#include "bindings/cli/search_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <span>

#include "bindings/cli/source_picture.h"

namespace headrace::cli {
namespace {

constexpr std::string_view kTitles = "trial\tkind\tstatus\tscore\tseconds\tseed\tpolicy\treason\n";

// Of a field: what would end it.
std::string Escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\t') {
      out += "\\t";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\\') {
      out += "\\\\";
    } else {
      out += c;
    }
  }
  return out;
}

// What tells a line from all others. Not the id: with more --trials, what comes after them has
// other ids than before.
std::string KeyOf(const Trial& trial) {
  std::string key = std::to_string(trial.of);
  key.append("\t").append(TrialKindName(trial.kind));
  return key.append("\t").append(std::to_string(trial.seed));
}

std::string LineOf(const FinishedTrial& finished) {
  const auto& [trial, outcome] = finished;
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%.3f", outcome.seconds);
  std::string line = std::to_string(trial.of);
  line.append("\t").append(TrialKindName(trial.kind));
  line.append("\t").append(StatusWord(outcome)).append("\t");
  if (outcome.is_good()) line += NumberText(outcome.score);
  line.append("\t").append(seconds).append("\t").append(std::to_string(trial.seed));
  line.append("\t").append(Escaped(trial.name)).append("\t");
  return line.append(Escaped(WholeReason(outcome))).append("\n");
}

// The keys of the lines of `text`. False: a line that is none of this log.
bool ReadKeys(std::string_view text, std::set<std::string, std::less<>>* keys) {
  if (!text.starts_with(kTitles)) return false;
  text.remove_prefix(kTitles.size());
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    std::array<std::string_view, 7> fields;  // before the last
    std::string_view rest = line;
    for (std::string_view& field : fields) {
      const size_t end = rest.find('\t');
      if (end == rest.npos) return false;
      field = rest.substr(0, end);
      rest.remove_prefix(end + 1);
    }
    std::string key(fields[0]);
    keys->insert(key.append("\t").append(fields[1]).append("\t").append(fields[5]));
    text.remove_prefix(line.size() + 1);
  }
  return true;
}

}  // namespace

std::string NumberText(double number) {
  char digits[40];
  const auto result = std::to_chars(digits, digits + sizeof digits, number);
  return std::string(digits, result.ptr);
}

std::string_view StatusWord(const Outcome& outcome) { return outcome.is_good() ? "ok" : "failed"; }

std::string WholeReason(const Outcome& outcome) {
  if (outcome.is_good() || outcome.stderr_tail.empty()) return outcome.reason;
  return outcome.reason + "; stderr: " + outcome.stderr_tail;
}

SearchLog::~SearchLog() {
  if (fd_ >= 0) close(fd_);
}

bool SearchLog::Open(const std::string& path, const std::vector<FinishedTrial>& known,
                     std::string* error) {
  path_ = path;
  if (path.empty()) return true;
  fd_ = open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666);
  if (fd_ < 0) {
    *error = "--log: cannot open " + path + ": " + std::strerror(errno);
    return false;
  }
  std::vector<std::byte> bytes;
  if (!ReadWholeFile(path, &bytes, error)) return false;
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  // Half a line is of a run that was killed; half of the titles too.
  const size_t whole = text.rfind('\n') + 1;  // npos + 1 is 0
  const bool is_ours = text.empty() || text.starts_with(kTitles) || kTitles.starts_with(text);
  std::set<std::string, std::less<>> keys;
  if (!is_ours || (whole > 0 && !ReadKeys(text.substr(0, whole), &keys))) {
    *error = "--log " + path + ": is there and is no log of a search; name another file";
    return false;
  }
  std::set<std::string, std::less<>> expected;
  for (const FinishedTrial& finished : known) expected.insert(KeyOf(finished.trial));
  for (const std::string& key : keys) {
    if (expected.contains(key)) continue;
    *error = "--log " + path + ": has trial " + key.substr(0, key.find('\t')) +
             (known.empty() ? " of an earlier run; name another file, or give the --state of that "
                              "run to go on with it"
                            : ", which --state does not know: it is of another run; name another "
                              "file");
    return false;
  }
  if (whole < text.size() && ftruncate(fd_, static_cast<off_t>(whole)) != 0) {
    *error = "cannot write " + path + ": " + std::strerror(errno);
    return false;
  }
  if (whole == 0 && !Write(std::string(kTitles), error)) return false;
  for (const FinishedTrial& finished : known) {
    if (!keys.contains(KeyOf(finished.trial)) && !Add(finished, error)) return false;
  }
  return true;
}

bool SearchLog::Add(const FinishedTrial& finished, std::string* error) {
  return fd_ < 0 || Write(LineOf(finished), error);
}

bool SearchLog::Write(const std::string& text, std::string* error) {
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t written = write(fd_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      *error = "cannot write " + path_ + ": " + std::strerror(errno);
      return false;
    }
    rest.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

}  // namespace headrace::cli
