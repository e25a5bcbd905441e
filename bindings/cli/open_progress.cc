#include "bindings/cli/open_progress.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "bindings/cli/interrupt.h"

namespace headrace::cli {
namespace {

// Shorter openings show nothing.
constexpr auto kShownAfter = std::chrono::milliseconds(300);

}  // namespace

OpenProgress::OpenProgress(Console& console, hr_options* options) : progress_(console, "samples") {
  options->progress = &OpenProgress::OnProgress;
  options->progress_context = this;
}

int OpenProgress::OnProgress(void* self, const hr_job_progress* progress) {
  static_cast<OpenProgress*>(self)->Draw(*progress);
  return Interrupted() ? 1 : 0;
}

void OpenProgress::Draw(const hr_job_progress& progress) {
  if (Progress::Clock::now() - start_ < kShownAfter) return;
  // Appended to: g++ 12 warns falsely of operator+ here.
  std::string figures = "  ";
  figures.append(std::to_string(progress.samples_done)).append(" samples");
  if (progress.bytes == 0)
    return progress_.Say(std::string("opening the data set").append(figures));
  const double done = std::clamp(
      static_cast<double>(progress.bytes_done) / static_cast<double>(progress.bytes), 0.0, 1.0);
  std::string text = " opening: ";
  text.append(std::to_string(static_cast<int>(done * 100))).append("%").append(figures);
  progress_.Update(done, text);
}

}  // namespace headrace::cli
