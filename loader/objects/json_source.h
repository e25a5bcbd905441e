// The bytes of a JSON text, piece by piece, for a parser that takes them one at a time.
//
// Python's json writes NaN and Infinity, which JSON does not have: outside strings they come out as
// an empty string and spaces of the same length, so that what reads them finds no number where one
// belongs and can say of which annotation. Numbers that no double holds would end the parse as if
// they were no JSON: exponents from 200 on come out as 199, which is too large for every number
// that a file can mean and yet a number. Owner and thread: whoever parses. Cost: one buffer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace headrace::loader {

class JsonSource {
 public:
  // Text in memory, which must outlive this.
  explicit JsonSource(std::string_view text) : piece_(text), bytes_(text.size()) {}
  // A file. Its errors end the text early; see status().
  explicit JsonSource(const std::string& path);
  ~JsonSource();
  JsonSource(const JsonSource&) = delete;
  JsonSource& operator=(const JsonSource&) = delete;

  const Status& status() const { return status_; }
  // Of the whole text, as far as is known.
  uint64_t bytes() const { return bytes_; }
  // How many bytes were taken.
  uint64_t offset() const { return taken_; }
  // The byte to take next; kEnd at the end.
  static constexpr int kEnd = -1;
  int Peek() {
    if (ready_ == ready_end_) Prepare();
    return ready_ == ready_end_ ? kEnd : static_cast<unsigned char>(pending_[ready_]);
  }
  void Take() {
    if (Peek() == kEnd) return;
    ++ready_;
    ++taken_;
  }

 private:
  int PeekRaw();
  void Push() { pending_[ready_end_++] = piece_[place_++]; }
  // Fills pending_ with the next byte, or the word that begins there.
  void Prepare();
  // The digits of an exponent, whose letter is pending.
  void FollowExponent();
  // The rest of `word`, of which `matched` bytes are pending.
  bool FollowWord(std::string_view word, size_t matched);

  std::string_view piece_;
  size_t place_ = 0;  // in piece_
  int file_ = -1;
  std::vector<char> buffer_;
  Status status_;
  uint64_t bytes_ = 0;
  uint64_t taken_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  bool after_digit_ = false;        // outside strings
  std::array<char, 16> pending_{};  // what is to come out: a byte, or a word
  size_t ready_ = 0;
  size_t ready_end_ = 0;
};

// Iterates over a source; all copies share its place.
class JsonBytes {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = ptrdiff_t;
  using pointer = const char*;
  using reference = char;

  JsonBytes() = default;  // the end
  explicit JsonBytes(JsonSource* source) : source_(source) {}
  char operator*() const { return static_cast<char>(source_->Peek()); }
  JsonBytes& operator++() {
    source_->Take();
    return *this;
  }
  JsonBytes operator++(int) {
    source_->Take();
    return *this;
  }
  friend bool operator==(const JsonBytes& a, const JsonBytes& b) { return a.AtEnd() == b.AtEnd(); }
  friend bool operator!=(const JsonBytes& a, const JsonBytes& b) { return !(a == b); }

 private:
  bool AtEnd() const { return source_ == nullptr || source_->Peek() == JsonSource::kEnd; }
  JsonSource* source_ = nullptr;
};

}  // namespace headrace::loader
