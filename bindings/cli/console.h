// Console: everything the program writes to stderr, and what is shared between the lines and the
// progress bar.
//
// Owner: main, one a process. Thread: any; a mutex keeps lines whole, because the library logs from
// its own threads. Stdout is not its business: results go there, written by the commands.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include <headrace.h>

namespace headrace::cli {

// Names of files come into messages and results: a control character in one, a line end too, must
// not reach the terminal.
std::string Printable(std::string_view text);

class Console {
 public:
  // `command`: begins each line ("headrace bench: ..."); empty before a command is known.
  explicit Console(std::string_view command);
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;
  ~Console();

  void Error(std::string_view text);
  void Warning(std::string_view text);
  void Note(std::string_view text);

  // A line that stays last on the terminal and is drawn over by the next; empty removes it. Nothing
  // happens when stderr is no terminal.
  void SetStatusLine(std::string_view text);

  // Reports a failed call of the library and gives the exit status that belongs to its code, or to
  // the signal that ended it.
  int Fail(hr_status status, const hr_error& error);
  // Reports a failure of the program's own, exit status 1.
  int Fail(std::string_view text);
  // Reports a wrong command line, exit status 2.
  int Usage(std::string_view text);

  void set_verbose(bool verbose) { verbose_ = verbose; }
  bool is_terminal() const { return is_terminal_; }
  bool has_colour() const { return has_colour_; }
  int columns() const;

  // For hr_options.log, with the console as its context.
  static void Log(void* console, hr_log_level level, const char* text);

 private:
  void Line(std::string_view kind, std::string_view colour, std::string_view text);

  const std::string command_;
  bool verbose_ = false;
  bool is_terminal_ = false;
  bool has_colour_ = false;
  std::mutex mutex_;
  std::string status_line_;  // guarded by mutex_
};

}  // namespace headrace::cli
