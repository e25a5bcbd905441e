#include "loader/augment/point_ops.h"

#include <algorithm>
#include <cmath>

#include "loader/augment/drawn_range.h"
#include "loader/augment/op_params.h"
#include "loader/augment/param_values.h"
#include "loader/augment/point_pass.h"

namespace headrace::loader {
namespace {

class PointOp : public Op {
 public:
  explicit PointOp(std::string_view name) : name_(name) {}
  std::string_view name() const override { return name_; }
  Status Draw(RandomStream*, OpDraw*) const override { return {}; }
  OpForm FormOf(const OpDraw&) const override { return OpForm::kPoint; }
  void Explain(const OpDraw&, std::string*) const override {}

 private:
  std::string_view name_;
};

// table[v] = value(v) for all channels.
template <class Value>
void MapValues(PointPass* pass, const Value& value) {
  uint8_t table[256];
  for (int v = 0; v < 256; ++v) table[v] = static_cast<uint8_t>(value(v));
  pass->Map(table);
}

// ------------------------------------------------------------------ without statistics

class Posterize final : public PointOp {
 public:
  explicit Posterize(const Range& bits) : PointOp("posterize"), bits_(bits) {}
  Status Draw(RandomStream* stream, OpDraw* draw) const override {
    draw->values[0] = DrawWholeFrom(bits_, stream);
    return {};
  }
  Status Point(const OpDraw& draw, PointPass* pass) const override {
    const int mask = 0xFF << (8 - static_cast<int>(draw.values[0]));
    MapValues(pass, [mask](int v) { return v & mask; });
    return {};
  }
  void Explain(const OpDraw& draw, std::string* toml) const override {
    AppendFixed("bits", draw.values[0], toml);
  }

 private:
  Range bits_;
};

class Solarize final : public PointOp {
 public:
  explicit Solarize(const Range& threshold) : PointOp("solarize"), threshold_(threshold) {}
  Status Draw(RandomStream* stream, OpDraw* draw) const override {
    draw->values[0] = DrawFrom(threshold_, stream);
    return {};
  }
  Status Point(const OpDraw& draw, PointPass* pass) const override {
    MapValues(pass, [&draw](int v) { return v < draw.values[0] ? v : 255 - v; });
    return {};
  }
  void Explain(const OpDraw& draw, std::string* toml) const override {
    AppendFixed("threshold", draw.values[0], toml);
  }

 private:
  Range threshold_;
};

class SolarizeAdd final : public PointOp {
 public:
  SolarizeAdd(const Range& add, const Range& threshold)
      : PointOp("solarize_add"), add_(add), threshold_(threshold) {}
  Status Draw(RandomStream* stream, OpDraw* draw) const override {
    draw->values[0] = DrawWholeFrom(add_, stream);
    draw->values[1] = DrawFrom(threshold_, stream);
    return {};
  }
  Status Point(const OpDraw& draw, PointPass* pass) const override {
    const int add = static_cast<int>(draw.values[0]);
    MapValues(pass,
              [&draw, add](int v) { return v < draw.values[1] ? std::clamp(v + add, 0, 255) : v; });
    return {};
  }
  void Explain(const OpDraw& draw, std::string* toml) const override {
    AppendFixed("add", draw.values[0], toml);
    AppendFixed("threshold", draw.values[1], toml);
  }

 private:
  Range add_;
  Range threshold_;
};

class Invert final : public PointOp {
 public:
  Invert() : PointOp("invert") {}
  Status Point(const OpDraw&, PointPass* pass) const override {
    MapValues(pass, [](int v) { return 255 - v; });
    return {};
  }
};

// ------------------------------------------------------------------ with statistics

// Maps table(c, entries) of each channel, unless all leave their channel as it is.
template <class Table>
void MapChannels(PointPass* pass, const Table& table) {
  uint8_t tables[3][256];
  bool changes = false;
  for (size_t c = 0; c < 3; ++c) changes = table(c, tables[c]) || changes;
  if (changes) pass->Map(tables);
}

void FillIdentity(uint8_t (&entries)[256]) {
  for (int v = 0; v < 256; ++v) entries[v] = static_cast<uint8_t>(v);
}

// floor(count * percent / 100) as Python's // does it, which looks at the rest of the division
// rather than at a rounded quotient.
uint64_t CutCount(uint64_t count, double percent) {
  const double product = static_cast<double>(count) * percent;
  const double quotient = (product - std::fmod(product, 100.0)) / 100.0;
  return static_cast<uint64_t>(std::floor(quotient + 0.5));
}

// Takes `cut` pixels away from the bins, in the order of next(i), i = 0..255.
template <class Next>
void CutBins(uint64_t cut, uint32_t (&bins)[256], const Next& next) {
  for (int i = 0; i < 256 && cut > 0; ++i) {
    uint32_t& bin = bins[next(i)];
    const auto taken = static_cast<uint32_t>(std::min<uint64_t>(cut, bin));
    bin -= taken;
    cut -= taken;
  }
}

class Autocontrast final : public PointOp {
 public:
  explicit Autocontrast(double cutoff) : PointOp("autocontrast"), cutoff_(cutoff) {}
  Status Draw(RandomStream*, OpDraw* draw) const override {
    draw->values[0] = cutoff_;
    return {};
  }
  Status Point(const OpDraw& draw, PointPass* pass) const override {
    uint8_t low[3], high[3];
    if (draw.values[0] == 0) {
      pass->MinMax(low, high);
    } else {
      const simd::ChannelHistograms& counts = pass->Histogram();
      for (size_t c = 0; c < 3; ++c) {
        FindEnds(counts.of[c], CutCount(pass->pixel_count(), draw.values[0]), &low[c], &high[c]);
      }
    }
    MapChannels(pass, [&](size_t c, uint8_t(&entries)[256]) {
      return FillStretch(low[c], high[c], entries);
    });
    return {};
  }
  void Explain(const OpDraw& draw, std::string* toml) const override {
    toml->append("cutoff = ");
    AppendReal(draw.values[0], toml);
    toml->append("\n");
  }

 private:
  // The ends of what is left when `cut` pixels are taken away at both ends; high < low if nothing
  // is.
  static void FindEnds(const uint32_t (&counts)[256], uint64_t cut, uint8_t* low, uint8_t* high) {
    uint32_t bins[256];
    std::copy_n(counts, 256, bins);
    CutBins(cut, bins, [](int i) { return i; });
    CutBins(cut, bins, [](int i) { return 255 - i; });
    int first = 0;
    int last = 255;
    while (first < 255 && bins[first] == 0) ++first;
    while (last > 0 && bins[last] == 0) --last;
    *low = static_cast<uint8_t>(first);
    *high = static_cast<uint8_t>(last);
  }
  // False if there is nothing to stretch.
  static bool FillStretch(uint8_t low, uint8_t high, uint8_t (&entries)[256]) {
    if (high <= low) {
      FillIdentity(entries);
      return false;
    }
    const double scale = 255.0 / (high - low);
    const double offset = -low * scale;
    for (int v = 0; v < 256; ++v) {
      entries[v] = static_cast<uint8_t>(std::clamp(v * scale + offset, 0.0, 255.0));
    }
    return true;
  }

  double cutoff_;
};

class Equalize final : public PointOp {
 public:
  Equalize() : PointOp("equalize") {}
  Status Point(const OpDraw&, PointPass* pass) const override {
    const simd::ChannelHistograms& counts = pass->Histogram();
    const uint64_t pixels = pass->pixel_count();
    MapChannels(pass, [&](size_t c, uint8_t(&entries)[256]) {
      return FillEqualized(counts.of[c], pixels, entries);
    });
    return {};
  }

 private:
  static bool FillEqualized(const uint32_t (&counts)[256], uint64_t pixels,
                            uint8_t (&entries)[256]) {
    int last = 255;
    while (last > 0 && counts[last] == 0) --last;
    const uint64_t step = (pixels - counts[last]) / 255;
    // With one value alone there is nothing below the last, so no step either.
    if (step == 0) {
      FillIdentity(entries);
      return false;
    }
    uint64_t sum = step / 2;
    for (int v = 0; v < 256; ++v) {
      entries[v] = static_cast<uint8_t>(std::min<uint64_t>(255, sum / step));
      sum += counts[v];
    }
    return true;
  }
};

}  // namespace

std::unique_ptr<Op> MakePosterize(const OpConfig& config, ConfigError* error) {
  Range bits{8, 8};
  if (!ReadWholeRange(config, "bits", 0, 8, &bits, error)) return nullptr;
  return std::make_unique<Posterize>(bits);
}

std::unique_ptr<Op> MakeSolarize(const OpConfig& config, ConfigError* error) {
  Range threshold{128, 128};
  if (!ReadRealRange(config, "threshold", 0, 256, &threshold, error)) return nullptr;
  return std::make_unique<Solarize>(threshold);
}

std::unique_ptr<Op> MakeSolarizeAdd(const OpConfig& config, ConfigError* error) {
  Range add{64, 64};
  Range threshold{128, 128};
  if (!ReadWholeRange(config, "add", -128, 128, &add, error) ||
      !ReadRealRange(config, "threshold", 0, 256, &threshold, error)) {
    return nullptr;
  }
  return std::make_unique<SolarizeAdd>(add, threshold);
}

std::unique_ptr<Op> MakeInvert(const OpConfig&, ConfigError*) { return std::make_unique<Invert>(); }

std::unique_ptr<Op> MakeAutocontrast(const OpConfig& config, ConfigError* error) {
  Range cutoff;  // one number, which reads as a range of it alone
  if (!ReadRealRange(config, "cutoff", 0, 50, &cutoff, error)) return nullptr;
  if (cutoff.low != cutoff.high) {
    OpError(config, Code::kConfigType, "cutoff: expected a number", error);
    return nullptr;
  }
  return std::make_unique<Autocontrast>(cutoff.low);
}

std::unique_ptr<Op> MakeEqualize(const OpConfig&, ConfigError*) {
  return std::make_unique<Equalize>();
}

}  // namespace headrace::loader
