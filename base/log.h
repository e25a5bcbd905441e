// Where warnings go: the user's sink, or nowhere. The library never prints.
#pragma once

#include <cstdint>

namespace headrace {

enum class LogLevel : int32_t { kInfo = 1, kWarning = 2, kError = 3 };

// Called on any thread of the library; `text` is one line and lives for the call only.
using LogCallback = void (*)(void* context, LogLevel level, const char* text);

struct LogSink {
  LogCallback callback = nullptr;
  void* context = nullptr;

  void Write(LogLevel level, const char* text) const {
    if (callback != nullptr) callback(context, level, text);
  }
};

}  // namespace headrace
