// A job over a whole data set (pack, unpack, verify) as the commands run it: options of the library
// from the command line, the progress bar, and what was said about single samples.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <headrace.h>

#include "bindings/cli/args.h"
#include "bindings/cli/console.h"
#include "bindings/cli/json_writer.h"
#include "bindings/cli/progress.h"

namespace headrace::cli {

// Threads of a job: what the option is called and what it says.
inline constexpr OptionSpec kWorkersOption = {"workers", 0, "N",
                                              "Threads; as many as there are CPUs by default."};

// What: gives the library its options and takes its callbacks; they come on this thread. Owner: a
// command. The options are valid as long as it is, and while its overrides are unchanged.
class JobSession {
 public:
  JobSession(const ParsedArgs& args, Console& console);

  // --workers, --force and -s, where the command has them. False: *error is one line.
  [[nodiscard]] bool Read(std::string* error);
  hr_pack_options& options() { return options_; }
  // The job may begin with one that checks what is there, and has samples to do but no bytes.
  void MayCheckFirst() { may_check_first_ = true; }

  struct Note {
    hr_status code;
    int64_t id;
    std::string path;
    std::string file;
    uint64_t offset;
    std::string text;
  };
  // By id, once the job is over.
  std::vector<Note> SortedNotes();

  // Ends the bar, and reports a job that failed. Exit status; kExitGood to go on.
  int Finish(hr_status status, const hr_error& error);

 private:
  static int OnProgress(void* session, const hr_job_progress* progress);
  static void OnNote(void* session, const hr_sample_note* note);

  const ParsedArgs& args_;
  Console& console_;
  Progress progress_;
  bool may_check_first_ = false;
  std::vector<std::string> overrides_;
  std::vector<const char*> override_pointers_;
  std::vector<Note> notes_;
  hr_pack_options options_;
};

// "id path: text (file, offset)": a line for people.
std::string LineOf(const JobSession::Note& note);
// A line each, of the first few only unless `all`.
void PrintNotes(const std::vector<JobSession::Note>& notes, bool all, Console& console);
// An array under `key`.
void AddNotes(const std::vector<JobSession::Note>& notes, std::string_view key, JsonWriter* json);

// "256MiB", "1 GB", "1000000": untouched when the option is absent, false with *error when it is no
// size of 1 byte or more.
[[nodiscard]] bool ReadByteSize(const ParsedArgs& args, std::string_view option, uint64_t* bytes,
                                std::string* error);

}  // namespace headrace::cli
