#include "bindings/python/src/log_queue.h"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <iterator>

namespace nb = nanobind;

namespace headrace::python {
namespace {

// More lines than this between two calls say the same thing over and over.
constexpr size_t kLinesMax = 1000;

// Raises what is no Exception: KeyboardInterrupt and its like are for who called the library, also
// when it was a signal's handler that ran while `function` did.
void Tell(nb::handle function, hr_log_level level, const std::string& text) {
  PyObject* decoded =
      PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace");
  const nb::object line = nb::steal(decoded);
  try {
    if (line.is_valid()) {
      function(static_cast<int>(level), line);
    } else {
      PyErr_WriteUnraisable(function.ptr());
    }
  } catch (nb::python_error& error) {
    if (!error.matches(PyExc_Exception)) throw;
    error.restore();
    PyErr_WriteUnraisable(function.ptr());
  }
}

}  // namespace

void LogQueue::Add(void* queue, hr_log_level level, const char* text) {
  auto& self = *static_cast<LogQueue*>(queue);
  const std::lock_guard lock(self.mutex_);
  if (self.lines_.size() == kLinesMax) {
    ++self.dropped_;
    return;
  }
  try {
    self.lines_.emplace_back(level, text);
  } catch (const std::exception&) {  // no memory
    ++self.dropped_;
  }
}

void LogQueue::Deliver(nb::handle function) {
  std::vector<std::pair<hr_log_level, std::string>> lines;
  uint64_t dropped = 0;
  {
    const std::lock_guard lock(mutex_);
    if (lines_.empty() && dropped_ == 0) return;
    lines.swap(lines_);
    std::swap(dropped, dropped_);
  }
  if (!function.is_valid() || function.is_none()) return;
  size_t told = 0;
  try {
    while (told < lines.size()) {
      const auto& [level, text] = lines[told++];
      Tell(function, level, text);
    }
    if (dropped > 0) {
      const std::string more =
          std::to_string(dropped).append(" more lines were dropped between two calls");
      dropped = 0;
      Tell(function, HR_LOG_WARNING, more);
    }
  } catch (const nb::python_error&) {
    lines.erase(lines.begin(), lines.begin() + static_cast<ptrdiff_t>(told));
    PutBack(std::move(lines), dropped);
    throw;
  }
}

void LogQueue::PutBack(std::vector<std::pair<hr_log_level, std::string>> lines, uint64_t dropped) {
  const std::lock_guard lock(mutex_);
  dropped_ += dropped;
  std::swap(lines, lines_);
  const size_t room = kLinesMax - std::min(kLinesMax, lines_.size());
  const size_t kept = std::min(room, lines.size());
  dropped_ += lines.size() - kept;
  lines.resize(kept);
  lines_.insert(lines_.end(), std::make_move_iterator(lines.begin()),
                std::make_move_iterator(lines.end()));
}

}  // namespace headrace::python
