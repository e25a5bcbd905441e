#include "bindings/cli/search_run.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "bindings/cli/command.h"
#include "bindings/cli/interrupt.h"

namespace headrace::cli {
namespace {

// A command that is misspelt fails every time: after so many, and two for each evaluator, that is
// what it looks like.
constexpr uint64_t kHopelessAtLeast = 3;

std::string Shown(double score) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", score);
  return text;
}

std::string LastLineOf(const std::string& text) { return text.substr(text.rfind('\n') + 1); }

}  // namespace

SearchRun::SearchRun(SearchSession* session, SearchLog* log, SearchWorkers* workers,
                     uint64_t parallel, Console* console)
    : session_(session),
      log_(log),
      workers_(workers),
      hopeless_after_(2 * parallel + kHopelessAtLeast),
      console_(console),
      progress_(*console, "trials"),
      start_(std::chrono::steady_clock::now()) {
  const hr_search_counts counts = session_->Counts();
  if (std::isfinite(counts.best_score)) best_shown_ = counts.best_score;
}

double SearchRun::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

int SearchRun::Run() {
  std::string error;
  for (;;) {
    if (Interrupted()) {
      progress_.Finish();
      const hr_search_counts counts = session_->Counts();
      console_->Error("interrupted after " + std::to_string(counts.scored + counts.failed) +
                      " of " + std::to_string(counts.trials) + " trials");
      return kExitInterrupted;
    }
    if (!StartTrials(&error)) return console_->Fail(error);
    if (all_asked_ && running_ == 0) return kExitGood;
    std::vector<FinishedTrial> finished;
    const bool good = workers_->Wait(&finished, &error);
    for (const FinishedTrial& trial : finished) {
      --running_;
      if (!Keep(trial, &error)) return console_->Fail(error);
    }
    if (!good) return console_->Fail(error);
    ShowProgress();
    if (IsHopeless()) return FailAsHopeless();
  }
}

bool SearchRun::StartTrials(std::string* error) {
  while (workers_->HasRoom()) {
    if (workers_->HasLost()) {
      workers_->StartLost();
      continue;
    }
    Trial trial;
    SearchSession::Asked asked = SearchSession::Asked::kNoMore;
    if (!session_->Ask(&trial, &asked, error)) return false;
    all_asked_ = asked == SearchSession::Asked::kNoMore;
    if (asked != SearchSession::Asked::kTrial) return true;
    workers_->Start(std::move(trial));
    ++running_;
  }
  return true;
}

bool SearchRun::Keep(const FinishedTrial& finished, std::string* error) {
  // The state first: what it has and the log has not is added to the log by the next run.
  if (!session_->Finish(finished, seconds(), error) || !log_->Add(finished, error)) return false;
  ++finished_;
  const Outcome& outcome = finished.outcome;
  if (outcome.is_good() || (failed_alike_ > 0 && outcome.cause != last_failed_.outcome.cause)) {
    one_was_different_ = true;
  } else if (!one_was_different_) {
    ++failed_alike_;
  }
  Show(finished);
  if (!outcome.is_good()) last_failed_ = finished;
  return true;
}

bool SearchRun::IsHopeless() const {
  return !one_was_different_ && failed_alike_ >= hopeless_after_;
}

int SearchRun::FailAsHopeless() {
  progress_.Finish();
  const Outcome& outcome = last_failed_.outcome;
  std::string_view rest = outcome.stderr_tail;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    console_->Note("stderr: " + std::string(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return console_->Fail("the first " + std::to_string(failed_alike_) +
                        " trials all failed in the same way: " + outcome.reason);
}

// On a terminal the bar says how it goes; elsewhere lines do, few enough for a log.
void SearchRun::Show(const FinishedTrial& finished) {
  const auto& [trial, outcome] = finished;
  if (!outcome.is_good() && last_failed_.outcome.is_good()) {
    std::string text = "trial " + std::to_string(trial.id) + " failed: " + outcome.reason;
    if (!outcome.stderr_tail.empty()) text += "; stderr: " + LastLineOf(outcome.stderr_tail);
    console_->Warning(text);
  }
  if (console_->is_terminal()) return;
  const hr_search_counts counts = session_->Counts();
  const uint64_t done = counts.scored + counts.failed;
  const bool is_best = trial.kind == TrialKind::kSearch && outcome.is_good() &&
                       (!best_shown_ || outcome.score > *best_shown_);
  if (is_best) best_shown_ = outcome.score;
  const uint64_t tenths = done * 10 / std::max<uint64_t>(counts.trials, 1);
  if (!is_best && tenths == tenths_shown_) return;
  tenths_shown_ = tenths;
  std::string text = std::to_string(done) + " of " + std::to_string(counts.trials) + " trials";
  if (best_shown_) text += ", best " + Shown(*best_shown_);
  if (counts.failed > 0) text += ", " + std::to_string(counts.failed) + " failed";
  console_->Note(text);
}

void SearchRun::ShowProgress() {
  if (!console_->is_terminal()) return;
  const hr_search_counts counts = session_->Counts();
  const double all = static_cast<double>(std::max<uint64_t>(counts.trials, 1));
  const double done = static_cast<double>(counts.scored + counts.failed);
  char figures[160];
  int length = std::snprintf(figures, sizeof figures, "  %.0f of %.0f trials", done, all);
  std::string text(figures, static_cast<size_t>(length));
  if (std::isfinite(counts.best_score)) text += "  best " + Shown(counts.best_score);
  if (counts.failed > 0) text += "  " + std::to_string(counts.failed) + " failed";
  // By this run alone: an earlier one may have had other machines.
  if (finished_ > 0) {
    text +=
        "  " + DurationText(seconds() / static_cast<double>(finished_) * (all - done)) + " left";
  }
  progress_.Update(done / all, text);
}

}  // namespace headrace::cli
