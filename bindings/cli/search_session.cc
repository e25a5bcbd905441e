#include "bindings/cli/search_session.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <span>
#include <system_error>
#include <unordered_set>

#include "bindings/cli/command.h"
#include "bindings/cli/output_file.h"
#include "bindings/cli/source_picture.h"

namespace headrace::cli {
namespace {

std::string TextOf(hr_status status, const hr_error& error) {
  return error.text[0] != '\0' ? error.text : hr_status_name(status);
}

Trial TrialOf(const hr_trial& asked) {
  Trial trial;
  trial.id = asked.id;
  trial.of = asked.of;
  trial.seed = asked.seed;
  trial.policy = asked.policy;
  trial.name = asked.name[0] != '\0' ? asked.name : asked.text;
  trial.kind = asked.kind == HR_TRIAL_RESCORE    ? TrialKind::kRescore
               : asked.kind == HR_TRIAL_BASELINE ? TrialKind::kBaseline
                                                 : TrialKind::kSearch;
  return trial;
}

ScoredPolicy PolicyOf(const hr_search_result& result) {
  return {.trial = result.id,
          .score = result.score,
          .mean = result.mean,
          .standard_error = result.standard_error,
          .rescores = result.rescores,
          .rescores_failed = result.rescores_failed,
          .policy = result.policy,
          .text = result.text,
          .name = result.name};
}

// What a run that was killed was writing.
void RemoveHalfWritten(const std::string& state) {
  const std::filesystem::path path(state);
  std::string half = ".";
  half.append(path.filename().string()).append(".tmp-");
  std::error_code ignored;
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  std::filesystem::directory_iterator entry(folder, ignored);
  for (; !ignored && entry != std::filesystem::directory_iterator(); entry.increment(ignored)) {
    if (!entry->path().filename().string().starts_with(half)) continue;
    std::error_code failed;  // then it stays
    std::filesystem::remove(entry->path(), failed);
  }
}

// Reasons are not compared: the library keeps less of them.
bool IsTheSame(const FinishedTrial& finished, const hr_trial& known) {
  const bool is_good = finished.outcome.is_good();
  if (known.state != (is_good ? HR_TRIAL_SCORED : HR_TRIAL_FAILED)) return false;
  if (is_good && known.score != finished.outcome.score) return false;
  return TrialOf(known).name == finished.trial.name && known.seed == finished.trial.seed;
}

bool IsSameFile(int fd, const std::string& path) {
  struct stat held {};
  struct stat named {};
  return fstat(fd, &held) == 0 && stat(path.c_str(), &named) == 0 && held.st_ino == named.st_ino &&
         held.st_dev == named.st_dev;
}

}  // namespace

StateLock::~StateLock() {
  if (fd_ < 0) return;
  unlink(path_.c_str());  // while it is held: who waits for it sees that it is another file
  close(fd_);
}

bool StateLock::Take(const std::string& state, std::string* error) {
  path_ = state + ".lock";
  for (;;) {
    fd_ = open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
    if (fd_ < 0) {
      *error = "--state: cannot make " + path_ + ": " + std::strerror(errno);
      return false;
    }
    const bool held = flock(fd_, LOCK_EX | LOCK_NB) == 0;
    // File systems without locks are no reason not to search.
    if (!held && errno != EWOULDBLOCK) return true;
    if (held && IsSameFile(fd_, path_)) return true;
    close(fd_);
    fd_ = -1;
    if (held) continue;  // its last owner has just removed it
    *error = "--state " + state + ": another search is at work on it";
    return false;
  }
}

int SearchSession::Open(uint64_t parallel, const Overrides& overrides) {
  std::string text;
  if (!options_.state.empty()) {
    if (!lock_.Take(options_.state, &text)) return console_->Fail(text);
    RemoveHalfWritten(options_.state);
  }
  Overrides copy = overrides;
  const hr_options given = copy.ToOptions(*console_);
  HR_INIT(hr_search_options, options);
  options.strategy = options_.strategy;
  options.seed = options_.seed;
  options.parallel = static_cast<uint32_t>(parallel);
  options.trials = static_cast<uint32_t>(options_.trials);
  options.rescore_top = static_cast<uint32_t>(options_.rescore_top);
  options.rescore_seeds = static_cast<uint32_t>(options_.rescore_seeds);
  options.baselines = options_.baselines ? 1 : 0;
  options.overrides = given.overrides;
  options.override_count = given.override_count;
  HR_INIT(hr_error, error);
  hr_search* opened = nullptr;
  const hr_status status = hr_search_open_file(options_.config.c_str(), &options, &opened, &error);
  if (status != HR_OK) return console_->Fail(status, error);
  search_.reset(opened);
  HR_INIT(hr_gene, gene);
  if (options_.concat > 0 && hr_search_gene(opened, 0, &gene, nullptr) == HR_OK &&
      gene.kind == HR_GENE_NUM_OPS) {
    return console_->Usage(
        "--concat: policies of the rand_augment space have nothing to be joined");
  }
  saved_.evaluate = options_.evaluator.command;
  return options_.state.empty() ? kExitGood : Load();
}

int SearchSession::Load() {
  struct stat info {};
  if (stat(options_.state.c_str(), &info) != 0 && errno == ENOENT) return kExitGood;
  std::vector<std::byte> bytes;
  std::string text;
  if (!ReadWholeFile(options_.state, &bytes, &text)) return console_->Fail("--state: " + text);
  const std::string named = "--state " + options_.state + ": ";
  SavedSearch saved;
  if (!ReadSavedSearch({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, &saved,
                       &text)) {
    return console_->Fail(named + text);
  }
  HR_INIT(hr_error, error);
  const hr_status status =
      hr_search_load(search_.get(), saved.search.data(), saved.search.size(), &error);
  if (status != HR_OK) {
    hr_error with_name = error;
    const std::string line = named + TextOf(status, error);
    with_name.text[line.copy(with_name.text, sizeof with_name.text - 1)] = '\0';
    return console_->Fail(status, with_name);
  }
  if (saved.evaluate != saved_.evaluate) {
    console_->Warning("--evaluate was " + saved.evaluate +
                      " before: scores of two evaluators may not compare");
  }
  saved_.seconds = seconds_before_ = saved.seconds;
  saved_.trials = std::move(saved.trials);
  return CheckTrials();
}

// The file has what the search knows a second time, with times and reasons: they must agree. What
// comes after the search proper has other ids when the number of trials is another, and is the
// library's to check.
int SearchSession::CheckTrials() {
  const std::string damaged = "--state " + options_.state + ": is damaged: ";
  std::unordered_set<uint64_t> seen;
  for (const FinishedTrial& finished : saved_.trials) {
    if (finished.trial.kind != TrialKind::kSearch) continue;
    HR_INIT(hr_trial, known);
    const hr_status status = hr_search_trial(search_.get(), finished.trial.id, &known, nullptr);
    if (status == HR_OK && IsTheSame(finished, known) && seen.insert(finished.trial.id).second) {
      continue;
    }
    return console_->Fail(damaged + "trial " + std::to_string(finished.trial.id) +
                          " is not what the search says about it");
  }
  if (const uint64_t told = Counts().search_trials; told != seen.size()) {
    return console_->Fail(damaged + "it lists " + std::to_string(seen.size()) +
                          " trials, and the search knows the outcomes of " + std::to_string(told));
  }
  return kExitGood;
}

bool SearchSession::Ask(Trial* trial, Asked* asked, std::string* error) {
  HR_INIT(hr_trial, out);
  HR_INIT(hr_error, failure);
  const hr_status status = hr_search_ask(search_.get(), &out, &failure);
  if (status == HR_TIMEOUT) {
    *asked = Asked::kLater;
  } else if (status == HR_END_OF_EPOCH) {
    *asked = Asked::kNoMore;
  } else if (status == HR_OK) {
    *asked = Asked::kTrial;
    *trial = TrialOf(out);
  } else {
    *error = TextOf(status, failure);
    return false;
  }
  return true;
}

bool SearchSession::Finish(const FinishedTrial& finished, double seconds, std::string* error) {
  const Outcome& outcome = finished.outcome;
  HR_INIT(hr_error, failure);
  const hr_status told =
      hr_search_tell(search_.get(), finished.trial.id, outcome.score,
                     outcome.is_good() ? nullptr : outcome.reason.c_str(), &failure);
  if (told != HR_OK) {
    *error = TextOf(told, failure);
    return false;
  }
  saved_.trials.push_back(finished);
  saved_.trials.back().trial.policy.clear();
  saved_.seconds = seconds_before_ + seconds;
  if (options_.state.empty()) return true;
  size_t needed = 0;
  hr_status status = hr_search_save(search_.get(), nullptr, 0, &needed, nullptr);
  saved_.search.resize(needed);
  status = hr_search_save(search_.get(), saved_.search.data(), needed, &needed, &failure);
  if (status != HR_OK) {
    *error = TextOf(status, failure);
    return false;
  }
  saved_.search.resize(needed - 1);  // without the NUL
  const std::string text = SavedSearchJson(saved_);
  return WriteDurableFile(options_.state, std::as_bytes(std::span(text)), error);
}

hr_search_counts SearchSession::Counts() const {
  HR_INIT(hr_search_counts, counts);
  // Cannot fail with a struct of the library's own size.
  if (hr_search_progress(search_.get(), &counts, nullptr) != HR_OK) counts = {};
  return counts;
}

std::optional<ScoredPolicy> SearchSession::Best(uint32_t rank) const {
  HR_INIT(hr_search_result, result);
  if (hr_search_best(search_.get(), rank, &result, nullptr) != HR_OK) return std::nullopt;
  return PolicyOf(result);
}

std::optional<ScoredPolicy> SearchSession::Baseline(uint32_t index) const {
  HR_INIT(hr_search_result, result);
  if (hr_search_baseline(search_.get(), index, &result, nullptr) != HR_OK) return std::nullopt;
  return PolicyOf(result);
}

std::string SearchSession::PolicyToml(const std::string& line) const {
  HR_INIT(hr_policy, policy);
  const hr_status status =
      hr_search_policy_of_text(search_.get(), line.data(), line.size(), &policy, nullptr);
  return status == HR_OK ? policy.toml : "";
}

bool SearchSession::Concat(uint32_t count, std::string* toml, std::string* error) const {
  HR_INIT(hr_error, failure);
  size_t needed = 0;
  (void)hr_search_concat(search_.get(), count, nullptr, 0, &needed, nullptr);
  toml->resize(needed);
  const hr_status status =
      hr_search_concat(search_.get(), count, toml->data(), needed, &needed, &failure);
  if (status != HR_OK) {
    *error = TextOf(status, failure);
    return false;
  }
  toml->resize(needed - 1);
  return true;
}

}  // namespace headrace::cli
