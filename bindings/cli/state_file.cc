#include "bindings/cli/state_file.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <span>

#include "bindings/cli/loader_session.h"
#include "bindings/cli/output_file.h"
#include "bindings/cli/state_ranks.h"

namespace headrace::cli {
namespace {

bool IsThere(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

// As WriteDurableFile will: a temporary file beside it.
bool CanWriteBeside(const std::string& path) {
  return access(FolderOf(path).c_str(), W_OK | X_OK) == 0;
}

}  // namespace

bool StateFile::Read(const ParsedArgs& args, std::string* error) {
  path_ = args.Value("state");
  if (args.Has("state") && path_.empty()) {
    *error = "--state: found no name, expected that of a file";
    return false;
  }
  if (args.Has("state-every") && !args.Has("state")) {
    *error = "--state-every goes with --state FILE";
    return false;
  }
  double seconds = every_.count();
  if (!ReadPositive(args, "state-every", &seconds, error)) return false;
  every_ = std::chrono::duration<double>(seconds);
  return true;
}

int StateFile::TakeFileOfRank(const hr_loader* loader, Console& console) {
  const hr_length length = LengthOf(loader);
  const std::string alone = path_;
  const std::string first = alone + ".0";
  if (length.world_size <= 1) {
    if (IsThere(alone) || !IsThere(first)) return kExitGood;
    return console.Usage("--state " + alone + ": is not there, but " + first +
                         " of several ranks is; copy it to go on as one process");
  }
  path_.append(".").append(std::to_string(length.rank));
  if (!IsThere(path_) && IsThere(alone)) {
    return console.Usage("--state " + alone + ": is of a single process, and " + path_ +
                         " of this rank is not there; copy it for every rank to go on from it");
  }
  const StateRanks ranks(alone, length.world_size);
  std::string text;
  if (ranks.Fit(&text)) return kExitGood;
  return console.Usage("--state " + alone + ": " + text);
}

int StateFile::Load(hr_loader* loader, Console& console) {
  saved_ = Clock::now();
  if (path_.empty()) return kExitGood;
  if (const int taken = TakeFileOfRank(loader, console); taken != kExitGood) return taken;
  if (!CanWriteBeside(path_)) {
    return console.Usage("--state: cannot write " + path_ + ": " + std::strerror(errno));
  }
  const int loaded = LoadFile(loader, console);
  const hr_length length = LengthOf(loader);
  if (loaded != kExitGood || length.world_size <= 1) return loaded;
  std::string text;
  const std::string alone = path_.substr(0, path_.rfind('.'));
  // Before the first state of this launch is written: see StateRanks.
  return StateRanks(alone, length.world_size).Note(&text) ? kExitGood : console.Fail(text);
}

int StateFile::LoadFile(hr_loader* loader, Console& console) {
  StateFileBytes bytes;
  const ssize_t size = ReadStateFile(path_, &bytes);
  if (size < 0 && errno == ENOENT) return kExitGood;
  if (size < 0) return console.Fail("cannot read " + path_ + ": " + std::strerror(errno));
  if (static_cast<size_t>(size) == bytes.size()) {
    return console.Fail(path_ + ": is no state: found more than the " +
                        std::to_string(HR_STATE_BYTES_MAX) + " bytes that one may have");
  }
  HR_INIT(hr_error, error);
  const hr_status status =
      hr_loader_state_load(loader, bytes.data(), static_cast<size_t>(size), &error);
  if (status == HR_OK) return kExitGood;
  hr_error named = error;
  const std::string text = path_ + ": " + error.text;
  named.text[text.copy(named.text, sizeof named.text - 1)] = '\0';
  return console.Fail(status, named);
}

int StateFile::SaveNowAndThen(hr_loader* loader, Console& console) {
  if (path_.empty() || Clock::now() - saved_ < every_) return kExitGood;
  return Save(loader, console);
}

int StateFile::Save(hr_loader* loader, Console& console) {
  if (path_.empty()) return kExitGood;
  std::array<std::byte, HR_STATE_BYTES_MAX> bytes;
  size_t size = 0;
  HR_INIT(hr_error, error);
  if (const hr_status status =
          hr_loader_state_save(loader, bytes.data(), bytes.size(), &size, &error);
      status != HR_OK) {
    return console.Fail(status, error);
  }
  // What was printed must not be behind what the state says is done.
  std::string text;
  if (!FinishStdout(&text) || !WriteDurableFile(path_, std::span(bytes).first(size), &text)) {
    return console.Fail(text);
  }
  saved_ = Clock::now();
  return kExitGood;
}

}  // namespace headrace::cli
