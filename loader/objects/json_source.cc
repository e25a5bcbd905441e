#include "loader/objects/json_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "loader/open_watch.h"

namespace headrace::loader {
namespace {

constexpr size_t kBufferBytes = 64 * 1024;

bool IsDigit(int byte) { return byte >= '0' && byte <= '9'; }

}  // namespace

JsonSource::JsonSource(const std::string& path)
    // Not blocking, so that a pipe in the file's place does not hang.
    : file_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)), buffer_(kBufferBytes) {
  struct stat info;
  if (file_ < 0 || fstat(file_, &info) != 0) {
    status_ = {CodeOfErrno(errno), "cannot be opened", errno};
  } else if (!S_ISREG(info.st_mode)) {
    status_ = {Code::kNotRegularFile, "is not a file"};
  } else {
    bytes_ = static_cast<uint64_t>(info.st_size);
  }
}

JsonSource::~JsonSource() {
  if (file_ >= 0) close(file_);
}

int JsonSource::PeekRaw() {
  if (place_ == piece_.size()) {
    if (file_ < 0 || !status_.ok()) return kEnd;
    OpeningIsAt({.bytes = bytes_, .bytes_done = taken_});
    if (!OpeningGoesOn()) {
      status_ = {Code::kStopped, kOpeningStopped};
      return kEnd;
    }
    ssize_t got = 0;
    do {
      got = read(file_, buffer_.data(), buffer_.size());
    } while (got < 0 && errno == EINTR);
    if (got < 0) status_ = {CodeOfErrno(errno), "cannot be read", errno};
    if (got <= 0) return kEnd;
    piece_ = {buffer_.data(), static_cast<size_t>(got)};
    place_ = 0;
  }
  return static_cast<unsigned char>(piece_[place_]);
}

bool JsonSource::FollowWord(std::string_view word, size_t matched) {
  for (size_t i = matched; i < word.size(); ++i) {
    if (PeekRaw() != static_cast<unsigned char>(word[i])) return false;
    Push();
  }
  return true;
}

void JsonSource::FollowExponent() {
  constexpr int kExponentMax = 199;
  if (const int sign = PeekRaw(); sign == '+' || sign == '-') {
    Push();
    if (sign == '-') return;  // at worst it becomes 0
  }
  const size_t first = ready_end_;
  int exponent = 0;
  for (int digit = PeekRaw(); IsDigit(digit) && ready_end_ < pending_.size(); digit = PeekRaw()) {
    exponent = std::min(exponent * 10 + (digit - '0'), kExponentMax + 1);
    Push();
  }
  if (exponent <= kExponentMax) return;
  // As long as it was, so that offsets stay; it has three digits at least.
  for (size_t i = ready_end_; i-- > first;) {
    pending_[i] = i + 1 == ready_end_ || i + 2 == ready_end_ ? '9'
                  : i + 3 == ready_end_                      ? '1'
                                                             : '0';
  }
}

void JsonSource::Prepare() {
  ready_ = 0;
  ready_end_ = 0;
  const int byte = PeekRaw();
  if (byte == kEnd) return;
  Push();
  if (in_string_) {
    in_string_ = escaped_ || byte != '"';
    escaped_ = !escaped_ && byte == '\\';
    return;
  }
  const bool is_exponent = (byte == 'e' || byte == 'E') && after_digit_;
  after_digit_ = IsDigit(byte);
  if (is_exponent) return FollowExponent();
  if (byte == '"') in_string_ = true;
  if (byte != 'N' && byte != 'I' && byte != '-') return;
  const bool is_word = byte == 'N'   ? FollowWord("NaN", 1)
                       : byte == 'I' ? FollowWord("Infinity", 1)
                                     : PeekRaw() == 'I' && FollowWord("-Infinity", 1);
  if (!is_word) return;
  pending_.fill(' ');
  pending_[0] = '"';
  pending_[1] = '"';
}

}  // namespace headrace::loader
