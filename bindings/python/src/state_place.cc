#include "bindings/python/src/state_place.h"

#include <type_traits>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace headrace::python {
namespace {

// docs/state.md, "Layout": little-endian; the checksum is of the bytes before it.
constexpr size_t kEpochAt = 48;
constexpr size_t kPositionAt = 56;
constexpr size_t kChecksumAt = 104;

template <class T>
T Get(std::span<const char> state, size_t at) {
  static_assert(std::is_unsigned_v<T>);
  T value = 0;
  for (size_t i = sizeof(T); i-- > 0;) {
    value = static_cast<T>((value << 8) | static_cast<unsigned char>(state[at + i]));
  }
  return value;
}

template <class T>
void Put(std::span<char> state, size_t at, T value) {
  static_assert(std::is_unsigned_v<T>);
  for (size_t i = 0; i < sizeof(T); ++i) state[at + i] = static_cast<char>(value >> (8 * i));
}

}  // namespace

Place PlaceOf(std::span<const char> state) {
  return {.epoch = Get<uint32_t>(state, kEpochAt), .position = Get<uint64_t>(state, kPositionAt)};
}

void PutPlace(std::span<char> state, const Place& place) {
  Put(state, kEpochAt, place.epoch);
  Put(state, kPositionAt, place.position);
  Put(state, kChecksumAt, uint64_t{XXH3_64bits(state.data(), kChecksumAt)});
}

}  // namespace headrace::python
