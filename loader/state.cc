#include "loader/state.h"

#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <string>

#include "base/hash.h"

namespace headrace::loader {
namespace {

constexpr char kMagic[8] = {'h', 'r', 's', 't', 'a', 't', 'e', '\n'};
constexpr uint32_t kVersion = 1;

// Offsets of the fields; all are little-endian.
constexpr size_t kVersionAt = 8;
constexpr size_t kBytesAt = 12;
constexpr size_t kConfigAt = 16;
constexpr size_t kDataAt = 24;
constexpr size_t kSamplesAt = 32;
constexpr size_t kSeedAt = 40;
constexpr size_t kEpochAt = 48;
constexpr size_t kShuffleAt = 52;
constexpr size_t kPositionAt = 56;
constexpr size_t kDecodeAt = 64;
constexpr size_t kOutputAt = 72;
constexpr size_t kAugmentAt = 80;
constexpr size_t kMixAt = 88;
constexpr size_t kWindowAt = 96;
constexpr size_t kReservedAt = 100;
constexpr size_t kChecksumAt = 104;
static_assert(kChecksumAt + 8 == kStateBytes);
static_assert(kStateBytes < 256);

// Beyond the last position of an epoch stands at most a batch of every rank (pad, exact): batches
// and worlds are below 2^20 each.
constexpr uint64_t kBeyondMax = uint64_t{1} << 41;

template <class T>
void Put(StateBytes* bytes, size_t at, T value) {
  for (size_t i = 0; i < sizeof(T); ++i) {
    (*bytes)[at + i] = static_cast<std::byte>(static_cast<uint64_t>(value) >> (8 * i));
  }
}

template <class T>
T Get(std::span<const std::byte> bytes, size_t at) {
  uint64_t value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) value |= static_cast<uint64_t>(bytes[at + i]) << (8 * i);
  return static_cast<T>(value);
}

std::string Hex(uint64_t value) {
  char digits[17];
  snprintf(digits, sizeof digits, "%016" PRIx64, value);
  return digits;
}

const char* NameOf(uint32_t shuffle) {
  switch (shuffle) {
    case static_cast<uint32_t>(Shuffle::kFull): return "full";
    case static_cast<uint32_t>(Shuffle::kBlock): return "block";
    case static_cast<uint32_t>(Shuffle::kNone): return "none";
    default: return "unknown";
  }
}

bool Damaged(ConfigError* error, const std::string& what) {
  return Fail(error, Code::kCorrupt, "the state is damaged or none: " + what);
}

// Whether the bytes are a whole state of this version.
bool CheckForm(std::span<const std::byte> bytes, ConfigError* error) {
  if (bytes.size() < kBytesAt + 4 || memcmp(bytes.data(), kMagic, sizeof kMagic) != 0) {
    return Damaged(error, "found " + std::to_string(bytes.size()) +
                              " bytes that do not begin as a state of headrace does");
  }
  // The version first: another one may be laid out and checked otherwise.
  if (const auto version = Get<uint32_t>(bytes, kVersionAt); version != kVersion) {
    return Fail(error, Code::kNotInThisVersion,
                "the state is of version " + std::to_string(version) + ", this headrace reads " +
                    std::to_string(kVersion) + "; load it with the headrace that saved it");
  }
  if (bytes.size() != kStateBytes || Get<uint32_t>(bytes, kBytesAt) != kStateBytes) {
    return Damaged(error, "found " + std::to_string(bytes.size()) + " bytes, expected " +
                              std::to_string(kStateBytes));
  }
  const auto said = Get<uint64_t>(bytes, kChecksumAt);
  const uint64_t found = Hash64(bytes.first(kChecksumAt));
  if (said != found) {
    return Damaged(error, "its checksum is " + Hex(said) + ", its bytes give " + Hex(found));
  }
  return true;
}

// "is of {what} A, this run has B".
bool Differs(ConfigError* error, const std::string& what, const std::string& saved,
             const std::string& here, const std::string& hint) {
  return Fail(
      error, Code::kConfigValue,
      "the state is of another run: " + what + " " + saved + " against " + here + " here; " + hint);
}

// Which tables differ, with their hashes.
std::string Tables(std::span<const std::byte> bytes, const ConfigHashes& here) {
  struct Table {
    const char* name;
    size_t at;
    uint64_t hash;
  };
  std::string text;
  for (const Table& table :
       {Table{"[decode]", kDecodeAt, here.decode}, Table{"[output]", kOutputAt, here.output},
        Table{"[[augment]]", kAugmentAt, here.augment}, Table{"[[mix]]", kMixAt, here.mix}}) {
    if (Get<uint64_t>(bytes, table.at) == table.hash) continue;
    text += (text.empty() ? "" : ", ") + std::string(table.name);
  }
  return text;
}

bool CheckConfig(std::span<const std::byte> bytes, const StateIdentity& here, ConfigError* error) {
  constexpr char kHint[] = "take the configuration that saved it, or begin without a state";
  if (const auto seed = Get<uint64_t>(bytes, kSeedAt); seed != here.seed) {
    return Differs(error, "[loader] seed", std::to_string(seed), std::to_string(here.seed), kHint);
  }
  const auto shuffle = Get<uint32_t>(bytes, kShuffleAt);
  if (shuffle != static_cast<uint32_t>(here.shuffle)) {
    return Differs(error, "[loader] shuffle", NameOf(shuffle),
                   NameOf(static_cast<uint32_t>(here.shuffle)), kHint);
  }
  if (const auto window = Get<uint32_t>(bytes, kWindowAt); window != here.shuffle_window) {
    return Differs(error, "[loader] shuffle_window", std::to_string(window),
                   std::to_string(here.shuffle_window), kHint);
  }
  const auto config = Get<uint64_t>(bytes, kConfigAt);
  if (config == here.config.Together()) return true;
  std::string tables = Tables(bytes, here.config);
  // All that decides the order and was not compared above.
  if (tables.empty()) tables = "the weights, epoch_samples or the list of ids";
  return Differs(error, "configuration hash", Hex(config), Hex(here.config.Together()),
                 "what differs is in " + tables + "; " + kHint);
}

bool CheckData(std::span<const std::byte> bytes, const StateIdentity& here, ConfigError* error) {
  constexpr char kHint[] =
      "samples or labels were added, removed, renamed, or changed their size since it was saved";
  if (const auto samples = Get<uint64_t>(bytes, kSamplesAt); samples != here.samples) {
    return Differs(error, "samples in the data set", std::to_string(samples),
                   std::to_string(here.samples), kHint);
  }
  if (const auto data = Get<uint64_t>(bytes, kDataAt); data != here.data) {
    return Differs(error, "data fingerprint", Hex(data), Hex(here.data), kHint);
  }
  return true;
}

// Class names decide what labels mean, and runs the order that keeps them together.
uint64_t FingerprintOf(const Dataset& dataset, Shuffle shuffle) {
  uint64_t hash = dataset.Fingerprint();
  for (const std::string& name : dataset.classes()) {
    hash = Hash64(std::as_bytes(std::span(name)), hash);
  }
  if (shuffle != Shuffle::kBlock) return hash;
  for (uint64_t run = 0; run < dataset.RunCount(); ++run) {
    const uint64_t begin[] = {dataset.RunBegin(run)};
    hash = Hash64(std::as_bytes(std::span(begin)), hash);
  }
  return hash;
}

}  // namespace

StateIdentity IdentityOf(const Config& config, const Dataset& dataset, const EpochSamples* chosen) {
  const bool block = config.loader.shuffle == Shuffle::kBlock;
  ConfigHashes hashes = HashConfig(config);
  if (chosen != nullptr && chosen->hash() != 0) {
    const uint64_t all[] = {hashes.order, chosen->hash(), chosen->size()};
    hashes.order = Hash64(std::as_bytes(std::span(all)));
  }
  return {.config = hashes,
          .data = FingerprintOf(dataset, config.loader.shuffle),
          .samples = dataset.size(),
          .seed = config.loader.seed,
          .shuffle = config.loader.shuffle,
          .shuffle_window = block ? config.loader.shuffle_window : 0,
          .epoch_samples = chosen != nullptr ? chosen->size() : dataset.size()};
}

StateBytes WriteState(const StateIdentity& identity, const RunPlace& place) {
  StateBytes bytes{};
  memcpy(bytes.data(), kMagic, sizeof kMagic);
  Put(&bytes, kVersionAt, kVersion);
  Put(&bytes, kBytesAt, static_cast<uint32_t>(kStateBytes));
  Put(&bytes, kConfigAt, identity.config.Together());
  Put(&bytes, kDataAt, identity.data);
  Put(&bytes, kSamplesAt, identity.samples);
  Put(&bytes, kSeedAt, identity.seed);
  Put(&bytes, kEpochAt, place.epoch);
  Put(&bytes, kShuffleAt, static_cast<uint32_t>(identity.shuffle));
  Put(&bytes, kPositionAt, place.position);
  Put(&bytes, kDecodeAt, identity.config.decode);
  Put(&bytes, kOutputAt, identity.config.output);
  Put(&bytes, kAugmentAt, identity.config.augment);
  Put(&bytes, kMixAt, identity.config.mix);
  Put(&bytes, kWindowAt, identity.shuffle_window);
  Put(&bytes, kReservedAt, uint32_t{0});
  Put(&bytes, kChecksumAt, Hash64(std::span(bytes).first(kChecksumAt)));
  return bytes;
}

bool ReadState(std::span<const std::byte> bytes, const StateIdentity& identity, RunPlace* place,
               ConfigError* error) {
  if (!CheckForm(bytes, error) || !CheckConfig(bytes, identity, error) ||
      !CheckData(bytes, identity, error)) {
    return false;
  }
  place->epoch = Get<uint32_t>(bytes, kEpochAt);
  place->position = Get<uint64_t>(bytes, kPositionAt);
  if (place->epoch >= kEpochsMax) {
    return Damaged(error, "epoch " + std::to_string(place->epoch) + ", expected below " +
                              std::to_string(kEpochsMax));
  }
  const uint64_t positions = identity.epoch_samples;
  if (place->position > positions && place->position - positions > kBeyondMax) {
    return Damaged(error, "position " + std::to_string(place->position) + " of " +
                              std::to_string(positions) + " samples");
  }
  return true;
}

}  // namespace headrace::loader
