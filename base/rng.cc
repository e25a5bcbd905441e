#include "base/rng.h"

#include <cmath>

#include "base/real_math.h"

namespace headrace {
namespace {

constexpr uint32_t kMultiplier0 = 0xD2511F53;
constexpr uint32_t kMultiplier1 = 0xCD9E8D57;
constexpr uint32_t kWeyl0 = 0x9E3779B9;
constexpr uint32_t kWeyl1 = 0xBB67AE85;
constexpr int kRounds = 10;

// FNV-1a over the name, then over the eight bytes of occurrence and view. All names in use are
// compared with each other by a test, so two ops never share a stream.
uint32_t PurposeOf(const StreamAddress& address) {
  uint32_t hash = 0x811C9DC5;
  const auto feed = [&hash](uint32_t byte) { hash = (hash ^ byte) * 0x01000193; };
  for (const char c : address.name) feed(static_cast<unsigned char>(c));
  for (int shift = 0; shift < 32; shift += 8) feed((address.occurrence >> shift) & 0xFF);
  for (int shift = 0; shift < 32; shift += 8) feed((address.view >> shift) & 0xFF);
  return hash;
}

}  // namespace

PhiloxBlock Philox4x32(const PhiloxBlock& counter, uint32_t key_low, uint32_t key_high) {
  PhiloxBlock c = counter;
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t product0 = uint64_t{kMultiplier0} * c[0];
    const uint64_t product1 = uint64_t{kMultiplier1} * c[2];
    c = {static_cast<uint32_t>(product1 >> 32) ^ c[1] ^ key_low, static_cast<uint32_t>(product1),
         static_cast<uint32_t>(product0 >> 32) ^ c[3] ^ key_high, static_cast<uint32_t>(product0)};
    key_low += kWeyl0;
    key_high += kWeyl1;
  }
  return c;
}

RandomStream::RandomStream(const StreamAddress& address)
    : counter_{0, PurposeOf(address), static_cast<uint32_t>(address.unit),
               (address.epoch << 8) | static_cast<uint32_t>((address.unit >> 32) & 0xFF)},
      key_low_(static_cast<uint32_t>(address.seed)),
      key_high_(static_cast<uint32_t>(address.seed >> 32)) {}

uint32_t RandomStream::NextU32() {
  if (used_ == 4) {
    block_ = Philox4x32(counter_, key_low_, key_high_);
    ++counter_[0];
    used_ = 0;
  }
  return block_[used_++];
}

double RandomStream::NextUnit() { return static_cast<double>(NextU32() >> 8) * 0x1p-24; }

double RandomStream::NextUniform(double low, double high) {
  return low + (high - low) * NextUnit();
}

uint32_t RandomStream::NextBelow(uint32_t bound) {
  // Lemire, "Fast random integer generation in an interval" (2019).
  uint64_t product = uint64_t{NextU32()} * bound;
  uint32_t low = static_cast<uint32_t>(product);
  if (low < bound) {
    const uint32_t threshold = (0u - bound) % bound;
    while (low < threshold) {
      product = uint64_t{NextU32()} * bound;
      low = static_cast<uint32_t>(product);
    }
  }
  return static_cast<uint32_t>(product >> 32);
}

double RandomStream::NextLogUniform(double low, double high) {
  return RealExp(NextUniform(RealLog(low), RealLog(high)));
}

double RandomStream::NextNormal() {
  for (;;) {
    const double u = 2.0 * NextUnit() - 1.0;
    const double v = 2.0 * NextUnit() - 1.0;
    const double s = u * u + v * v;
    if (s > 0.0 && s < 1.0) return u * std::sqrt(-2.0 * RealLog(s) / s);
  }
}

double RandomStream::NextLogGamma(double shape) {
  // A unit in (0, 1): the open end keeps the logarithm finite.
  const auto open_unit = [this] { return (static_cast<double>(NextU32() >> 8) + 0.5) * 0x1p-24; };
  if (shape < 1.0) {
    const double log_of_larger = NextLogGamma(shape + 1.0);
    return log_of_larger + RealLog(open_unit()) / shape;
  }
  const double d = shape - 1.0 / 3.0;
  const double c = 1.0 / std::sqrt(9.0 * d);
  for (;;) {
    const double x = NextNormal();
    const double base = 1.0 + c * x;
    if (base <= 0.0) continue;
    const double v = base * base * base;
    const double log_v = RealLog(v);
    if (RealLog(open_unit()) < 0.5 * x * x + d - d * v + d * log_v) return RealLog(d) + log_v;
  }
}

double RandomStream::NextBeta(double a, double b) {
  const double log_a = NextLogGamma(a);
  const double log_b = NextLogGamma(b);
  return 1.0 / (1.0 + RealExp(log_b - log_a));
}

}  // namespace headrace
