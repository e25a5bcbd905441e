#include "bindings/cli/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "bindings/cli/command.h"
#include "bindings/cli/interrupt.h"

namespace headrace::cli {
namespace {

constexpr const char* kEraseLine = "\r\x1b[K";

bool IsSet(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && value[0] != '\0';
}

}  // namespace

std::string Printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      out += c;
    } else {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\x%02x", byte);
      out += escaped;
    }
  }
  return out;
}

Console::Console(std::string_view command) : command_(command) {
  const char* terminal = std::getenv("TERM");
  is_terminal_ =
      isatty(STDERR_FILENO) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb";
  has_colour_ = is_terminal_ && !IsSet("NO_COLOR");
}

Console::~Console() { SetStatusLine(""); }

void Console::Line(std::string_view kind, std::string_view colour, std::string_view text) {
  std::string line = "headrace";
  if (!command_.empty()) line += " " + command_;
  line += ": ";
  if (!kind.empty()) {
    if (has_colour_) line += colour;
    line += kind;
    if (has_colour_) line += "\x1b[0m";
    line += ": ";
  }
  line += Printable(text) + "\n";
  const std::lock_guard lock(mutex_);
  if (!status_line_.empty()) line = kEraseLine + line + status_line_;
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void Console::Error(std::string_view text) { Line("error", "\x1b[31m", text); }
void Console::Warning(std::string_view text) { Line("warning", "\x1b[33m", text); }
void Console::Note(std::string_view text) { Line("", "", text); }

void Console::SetStatusLine(std::string_view text) {
  if (!is_terminal_) return;
  const std::lock_guard lock(mutex_);
  if (text == status_line_) return;
  status_line_ = text;
  const std::string drawn = kEraseLine + status_line_;
  std::fwrite(drawn.data(), 1, drawn.size(), stderr);
  std::fflush(stderr);
}

int Console::Fail(hr_status status, const hr_error& error) {
  if (status == HR_STOPPED && Interrupted()) {
    Error("interrupted");
    return kExitInterrupted;
  }
  Error(error.text[0] != '\0' ? error.text : hr_status_name(status));
  const bool is_config = status >= 200 && status < 300;  // the group of the numbers, headrace.h
  return is_config ? kExitUsage : kExitFailure;
}

int Console::Fail(std::string_view text) {
  Error(text);
  return kExitFailure;
}

int Console::Usage(std::string_view text) {
  Error(text);
  return kExitUsage;
}

int Console::columns() const {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

void Console::Log(void* console, hr_log_level level, const char* text) {
  auto* self = static_cast<Console*>(console);
  if (level == HR_LOG_ERROR) {
    self->Error(text);
  } else if (level == HR_LOG_WARNING) {
    self->Warning(text);
  } else if (self->verbose_) {
    self->Note(text);
  }
}

}  // namespace headrace::cli
