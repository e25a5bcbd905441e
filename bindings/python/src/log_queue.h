// Log lines on their way from the library to Python.
#pragma once

#include <headrace.h>
#include <nanobind/nanobind.h>

#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace headrace::python {

// Keeps lines until a call that has the GIL hands them on: a thread of the library never waits for
// Python.
// Owner: the Loader object and its LoaderHandle: a loader that is pinned by arrays of a callback
// outlives the Loader object, and its threads write on. Thread: Add any, without the GIL; Deliver
// with it. Cost: a line's copy.
class LogQueue {
 public:
  // hr_log_fn; the context is the queue.
  static void Add(void* queue, hr_log_level level, const char* text);
  // Calls function(level, text) for each line, if it is not None. An Exception that it raises is
  // reported as Python does for exceptions that have no caller. What is none (KeyboardInterrupt,
  // SystemExit) is raised; the lines behind it come with the next call.
  void Deliver(nanobind::handle function);

 private:
  // Lines that were not told yet, in front of those that came meanwhile.
  void PutBack(std::vector<std::pair<hr_log_level, std::string>> lines, uint64_t dropped);

  std::mutex mutex_;
  std::vector<std::pair<hr_log_level, std::string>> lines_;  // guarded by mutex_
  uint64_t dropped_ = 0;                                     // guarded by mutex_
};

}  // namespace headrace::python
