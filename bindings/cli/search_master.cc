#include "bindings/cli/search_master.h"

#include <charconv>
#include <thread>
#include <utility>

#include "bindings/cli/interrupt.h"
#include "bindings/cli/search_json.h"

namespace headrace::cli {
namespace {

constexpr size_t kIdDigits = 16;

// "ID-N".
std::string JobName(std::string_view helper, uint64_t number) {
  return std::string(helper).append("-").append(std::to_string(number));
}

bool ParseNumber(std::string_view* text, uint64_t* number) {
  const auto [end, code] = std::from_chars(text->data(), text->data() + text->size(), *number);
  if (code != std::errc()) return false;
  text->remove_prefix(static_cast<size_t>(end - text->data()));
  if (!text->empty()) text->remove_prefix(1);  // the space behind it
  return true;
}

}  // namespace

SearchMaster::SearchMaster(std::string folder, size_t helpers, double timeout_seconds,
                           Console* console)
    : board_(std::move(folder)),
      helpers_expected_(helpers),
      timeout_seconds_(timeout_seconds),
      console_(console),
      id_(SearchBoard::NewId()) {}

bool SearchMaster::Open(std::string* error) {
  if (!board_.Make(error)) return false;
  // Left by a run that was killed. A helper of this run that was faster writes its file again.
  board_.RemoveAll();
  return board_.Make(error) && Beat(error);
}

bool SearchMaster::Beat(std::string* error) {
  std::string text = id_;
  return board_.Write("master", text.append(" ").append(std::to_string(++beats_)).append("\n"),
                      error);
}

// Those that come late, too: a launcher starts processes one after the other, and a helper that
// finds nobody would report a failure.
SearchMaster::~SearchMaster() {
  const SignOfLife since;  // that is not shown anything: the time from here on
  std::string error;
  for (;;) {
    SeeHelpers();
    size_t known = 0;
    size_t leaving = 0;
    for (auto& [id, helper] : helpers_) {
      ++known;  // one that is given up, too: it has come, and nobody waits for it any more
      if (helper.is_given_up) continue;
      // Ended helpers remove all that is theirs.
      if (board_.List("helper-" + id).empty()) continue;
      ++leaving;
      if (board_.List("end-" + id).empty()) (void)board_.Write("end-" + id, "", &error);
    }
    if (leaving == 0 && (known >= helpers_expected_ || Interrupted())) break;
    if (since.silent_seconds() > (Interrupted() ? 3.0 : timeout_seconds_)) break;
    if (beat_.IsDue() && !Beat(&error)) break;
    std::this_thread::sleep_for(kLookAtBoardEvery);
  }
  board_.RemoveAll();
}

bool SearchMaster::HasRoom() const {
  for (const auto& [id, helper] : helpers_) {
    if (!helper.is_given_up && helper.jobs.size() < helper.slots) return true;
  }
  return false;
}

void SearchMaster::Start(Trial trial, const EvaluatorSettings& settings) {
  for (auto& [id, helper] : helpers_) {
    if (helper.is_given_up || helper.jobs.size() >= helper.slots) continue;
    const uint64_t number = ++jobs_;
    const RemoteJob job{.master = id_,
                        .number = number,
                        .command = settings.command,
                        .timeout_seconds = settings.timeout_seconds,
                        .retries = settings.retries,
                        .trial = trial};
    unsent_.emplace_back("job-" + JobName(id, number), RemoteJobJson(job));
    helper.jobs.emplace(number, std::move(trial));
    return;
  }
}

void SearchMaster::SeeHelpers() {
  for (const std::string& id : board_.List("helper-")) {
    std::string text;
    if (id.size() != kIdDigits || !board_.Read("helper-" + id, &text)) continue;
    std::string_view rest = text;
    uint64_t rank = 0;
    uint64_t slots = 0;
    if (!ParseNumber(&rest, &rank) || !ParseNumber(&rest, &slots) || slots > 1024) continue;
    Helper& helper = helpers_[id];
    helper.rank = rank;
    helper.slots = static_cast<size_t>(slots);
    helper.life.See(text);
    // Only asleep: it may have work again.
    if (helper.is_given_up && helper.life.silent_seconds() < timeout_seconds_) {
      helper.is_given_up = false;
    }
  }
}

void SearchMaster::TakeAnswers(std::vector<FinishedTrial>* finished) {
  for (const std::string& name : board_.List("answer-")) {
    std::string text;
    RemoteAnswer answer;
    if (!board_.Read("answer-" + name, &text)) continue;
    board_.Remove("answer-" + name);
    if (!ReadRemoteAnswer(text, &answer) || answer.master != id_) continue;
    const auto helper = helpers_.find(name.substr(0, kIdDigits));
    if (helper == helpers_.end()) continue;
    // One that was given up and has been run elsewhere is in the list no more.
    const auto job = helper->second.jobs.find(answer.number);
    if (job == helper->second.jobs.end()) continue;
    finished->push_back({std::move(job->second), std::move(answer.outcome)});
    helper->second.jobs.erase(job);
  }
}

void SearchMaster::GiveUpTheSilent(std::vector<Trial>* lost) {
  for (auto& [id, helper] : helpers_) {
    if (helper.is_given_up || helper.life.silent_seconds() < timeout_seconds_) continue;
    helper.is_given_up = true;
    console_->Warning("rank " + std::to_string(helper.rank) + " has not been heard of for " +
                      std::to_string(static_cast<int>(timeout_seconds_)) + " s; its " +
                      std::to_string(helper.jobs.size()) + " trials are run elsewhere");
    for (auto& [number, trial] : helper.jobs) {
      board_.Remove("job-" + JobName(id, number));
      lost->push_back(std::move(trial));
    }
    helper.jobs.clear();
  }
}

bool SearchMaster::Step(std::vector<FinishedTrial>* finished, std::vector<Trial>* lost,
                        std::string* error) {
  for (const auto& [name, text] : unsent_) {
    if (!board_.Write(name, text, error)) return false;
  }
  unsent_.clear();
  if (beat_.IsDue() && !Beat(error)) return false;
  if (!look_.IsDue()) return true;
  SeeHelpers();
  TakeAnswers(finished);
  GiveUpTheSilent(lost);
  return true;
}

}  // namespace headrace::cli
