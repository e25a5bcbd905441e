#include "bindings/cli/job_session.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "bindings/cli/command.h"
#include "bindings/cli/interrupt.h"

namespace headrace::cli {
namespace {

struct Unit {
  std::string_view name;
  uint64_t bytes;
};
constexpr Unit kUnits[] = {{"", 1},
                           {"B", 1},
                           {"KiB", 1ull << 10},
                           {"MiB", 1ull << 20},
                           {"GiB", 1ull << 30},
                           {"TiB", 1ull << 40},
                           {"KB", 1000},
                           {"kB", 1000},
                           {"MB", 1000'000},
                           {"GB", 1000'000'000},
                           {"TB", 1000'000'000'000}};

}  // namespace

JobSession::JobSession(const ParsedArgs& args, Console& console)
    : args_(args), console_(console), progress_(console, "images") {
  options_ = {};
  options_.struct_size = sizeof options_;
}

bool JobSession::Read(std::string* error) {
  uint64_t workers = 0;
  if (!ReadUnsigned(args_, "workers", 1, 4096, &workers, error)) return false;
  for (const std::string& text : args_.Values("s")) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      *error = "-s: found \"" + text + "\", expected KEY=VALUE, such as -s limits.max_side=20000";
      return false;
    }
    overrides_.push_back(text);
  }
  for (const std::string& text : overrides_) override_pointers_.push_back(text.c_str());
  options_.workers = static_cast<uint32_t>(workers);
  options_.force = args_.Has("force") ? 1 : 0;
  options_.overrides = override_pointers_.data();
  options_.override_count = static_cast<uint32_t>(override_pointers_.size());
  options_.log = &Console::Log;
  options_.log_context = &console_;
  options_.progress = &JobSession::OnProgress;
  options_.progress_context = this;
  options_.note = &JobSession::OnNote;
  options_.note_context = this;
  return true;
}

int JobSession::OnProgress(void* session, const hr_job_progress* progress) {
  auto* self = static_cast<JobSession*>(session);
  const bool by_bytes = progress->bytes > 0 && progress->bytes_done <= progress->bytes;
  const uint64_t whole = by_bytes ? progress->bytes : progress->samples;
  const uint64_t done = by_bytes ? progress->bytes_done : progress->samples_done;
  const double fraction = whole > 0 ? static_cast<double>(done) / static_cast<double>(whole) : 0.0;
  if (self->may_check_first_ && progress->samples > 0 && progress->bytes == 0) {
    // Appended to: g++ 12 warns falsely of operator+ here.
    std::string figures = " ";
    figures.append(std::to_string(static_cast<int>(fraction * 100)))
        .append("%  checking what is there  ");
    figures.append(std::to_string(done)).append(" images");
    self->progress_.Update(fraction, figures);
  } else {
    self->progress_.Update(fraction, progress->samples_done);
  }
  return Interrupted() ? 1 : 0;
}

void JobSession::OnNote(void* session, const hr_sample_note* note) {
  static_cast<JobSession*>(session)->notes_.push_back({static_cast<hr_status>(note->code), note->id,
                                                       note->path, note->file, note->offset,
                                                       note->text});
}

std::vector<JobSession::Note> JobSession::SortedNotes() {
  std::stable_sort(notes_.begin(), notes_.end(), [](const Note& a, const Note& b) {
    return a.id != b.id ? a.id < b.id : a.file < b.file;
  });
  return notes_;
}

int JobSession::Finish(hr_status status, const hr_error& error) {
  progress_.Finish();
  if (status == HR_OK) return kExitGood;
  if (status == HR_STOPPED && Interrupted()) {
    console_.Error("interrupted; what is complete stays, and the same command goes on from there");
    return kExitInterrupted;
  }
  return console_.Fail(status, error);
}

std::string LineOf(const JobSession::Note& note) {
  if (note.id < 0) return note.file + ": offset " + std::to_string(note.offset) + ": " + note.text;
  return note.path + ": sample " + std::to_string(note.id) + ": " + note.text + " (" + note.file +
         ", offset " + std::to_string(note.offset) + ")";
}

void PrintNotes(const std::vector<JobSession::Note>& notes, bool all, Console& console) {
  constexpr size_t kFew = 5;
  const size_t shown = all ? notes.size() : std::min(notes.size(), kFew);
  for (size_t i = 0; i < shown; ++i) console.Note(LineOf(notes[i]));
  if (shown < notes.size()) {
    console.Note("and " + std::to_string(notes.size() - shown) + " more; -v names them all");
  }
}

void AddNotes(const std::vector<JobSession::Note>& notes, std::string_view key, JsonWriter* json) {
  json->Key(key);
  json->BeginArray();
  for (const JobSession::Note& note : notes) {
    json->BeginObject();
    json->Field("id", note.id);
    json->Field("path", note.path);
    json->Field("file", note.file);
    json->Field("offset", note.offset);
    json->Field("code", hr_status_name(note.code));
    json->Field("reason", note.text);
    json->EndObject();
  }
  json->EndArray();
}

bool ReadByteSize(const ParsedArgs& args, std::string_view option, uint64_t* bytes,
                  std::string* error) {
  if (!args.Has(option)) return true;
  const std::string_view text = args.Value(option);
  const char* const end = text.data() + text.size();
  uint64_t number = 0;
  const auto read = std::from_chars(text.data(), end, number);
  std::string_view unit(read.ptr, static_cast<size_t>(end - read.ptr));
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  for (const Unit& known : kUnits) {
    uint64_t product = 0;
    if (read.ec == std::errc() && unit == known.name && number > 0 &&
        !__builtin_mul_overflow(number, known.bytes, &product)) {
      *bytes = product;
      return true;
    }
  }
  *error = "--" + std::string(option) + ": found \"" + std::string(text) +
           "\", expected a size such as 256MiB";
  return false;
}

}  // namespace headrace::cli
