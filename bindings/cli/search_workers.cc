#include "bindings/cli/search_workers.h"

#include <utility>

namespace headrace::cli {

bool SearchWorkers::HasRoom() const {
  return pool_->HasRoom() || (master_ != nullptr && master_->HasRoom());
}

void SearchWorkers::Start(Trial trial) {
  if (pool_->HasRoom()) {
    pool_->Start(std::move(trial), settings_);
  } else {
    master_->Start(std::move(trial), settings_);
  }
}

void SearchWorkers::StartLost() {
  Trial trial = std::move(lost_.back());
  lost_.pop_back();
  Start(std::move(trial));
}

bool SearchWorkers::Wait(std::vector<FinishedTrial>* finished, std::string* error) {
  *finished = pool_->Wait(std::chrono::milliseconds(100));
  return master_ == nullptr || master_->Step(finished, &lost_, error);
}

}  // namespace headrace::cli
