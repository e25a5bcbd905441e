// What is seen while a data set is opened, which takes long for large ones, and the way out.
#pragma once

#include <headrace.h>

#include "bindings/cli/console.h"
#include "bindings/cli/progress.h"

namespace headrace::cli {

// What: the progress callback of one opening: a bar, once it takes longer than people notice, and
// an end of it at Ctrl-C, which Console::Fail then reports. Owner: whoever opens; the options are
// used while it lives. Thread: the opening's.
class OpenProgress {
 public:
  OpenProgress(Console& console, hr_options* options);

 private:
  static int OnProgress(void* self, const hr_job_progress* progress);
  void Draw(const hr_job_progress& progress);

  Progress progress_;  // erases the bar at the end
  const Progress::Clock::time_point start_ = Progress::Clock::now();
};

}  // namespace headrace::cli
