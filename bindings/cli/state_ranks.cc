#include "bindings/cli/state_ranks.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <span>
#include <string_view>

#include "bindings/cli/output_file.h"

namespace headrace::cli {
namespace {

constexpr uint64_t kRanksMax = uint64_t{1} << 20;  // as [loader] world_size has

}  // namespace

ssize_t ReadStateFile(const std::string& path, StateFileBytes* bytes) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return -1;
  size_t size = 0;
  while (size < bytes->size()) {
    const ssize_t n = read(fd, bytes->data() + size, bytes->size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const int failed = errno;
      close(fd);
      errno = failed;
      return -1;
    }
    if (n == 0) break;
    size += static_cast<size_t>(n);
  }
  close(fd);
  return static_cast<ssize_t>(size);
}

uint64_t StateRanks::NotedSize() const {
  StateFileBytes bytes;
  const ssize_t size = ReadStateFile(file_ + ".ranks", &bytes);
  uint64_t noted = 0;
  const auto* text = reinterpret_cast<const char*>(bytes.data());
  if (size > 0) (void)std::from_chars(text, text + size, noted);
  return noted;
}

bool StateRanks::Fit(std::string* text) const {
  const uint64_t before = NotedSize();
  if (before == world_size_) return true;
  // Those that are left out too: what one of them had not come to would be nobody's.
  const auto ranks =
      static_cast<uint32_t>(std::max<uint64_t>(world_size_, std::min(before, kRanksMax)));
  struct State {
    uint32_t rank = 0;
    StateFileBytes bytes{};
    size_t size = 0;
    std::span<const std::byte> span() const { return std::span(bytes).first(size); }
  };
  std::optional<State> known;
  std::optional<uint32_t> missing;
  std::optional<uint32_t> differs;
  for (uint32_t rank = 0; rank < ranks; ++rank) {
    State state;
    state.rank = rank;
    const ssize_t size = ReadStateFile(NameOf(rank), &state.bytes);
    state.size = size < 0 ? 0 : static_cast<size_t>(size);
    if (size < 0) {
      if (!missing && rank < world_size_) missing = rank;
    } else if (!known) {
      known = state;
    } else if (!differs && !std::ranges::equal(state.span(), known->span())) {
      differs = rank;
    }
  }
  // Only now: what was noted is written before any state of this launch, so if it is still another
  // number, the states that were seen are those of an earlier launch.
  const uint64_t noted = NotedSize();
  if (!known || noted == world_size_) return true;
  // Of a program that noted nothing they may well differ.
  if (noted == 0) differs.reset();
  if (!missing && !differs) return true;
  const std::string first = NameOf(known->rank);
  *text = missing ? NameOf(*missing) + " is not there, but " + first + " is"
                  : NameOf(*differs) + " is another state than " + first;
  const std::string size = std::to_string(world_size_);
  text->append(noted == 0 ? ", perhaps of a run with another number of ranks (" + file_ +
                                ".ranks is missing or says no number)"
                          : ", of a run with " + std::to_string(noted) + " ranks");
  text->append("; copy " + first + " to every rank's name (" + NameOf(0) + " to " +
               NameOf(ranks - 1) + ") to go on with " + size);
  if (differs) text->append(" (what lies between the two comes twice or not at all)");
  if (noted == 0)
    text->append(", or, if it was of " + size + ", echo " + size + " > " + file_ + ".ranks");
  text->append(", or remove the states of all ranks to begin anew");
  return false;
}

bool StateRanks::Note(std::string* text) const {
  if (NotedSize() == world_size_) return true;
  const std::string line = std::to_string(world_size_) + "\n";
  return WriteDurableFile(file_ + ".ranks", std::as_bytes(std::span(line)), text) ||
         NotedSize() == world_size_;  // another rank, of the same process id elsewhere
}

}  // namespace headrace::cli
