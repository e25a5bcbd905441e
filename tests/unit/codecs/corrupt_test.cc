// Broken, lying and hostile files: each gets the verdict that is written down, in bounded time and
// memory, and the decoder goes on working.
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <random>
#include <string>

#include "codec_fixture.h"
#include "codecs/encoder.h"

namespace headrace::codecs {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
constexpr bool kSanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool kSanitized = false;
#endif

constexpr double kSecondsMax = kSanitized ? 20 : 1;
constexpr long kGrowthKbMax = 64 << 10;

// A line of /proc/self/status, such as "VmHWM:", in KiB; -1 when it is not there.
long StatusKb(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    long value = -1;
    if (word == key && status >> value) return value;
  }
  return -1;
}

// Sets the peak of resident memory back to the present; false where the kernel refuses.
bool ResetPeak() {
  std::ofstream refs("/proc/self/clear_refs");
  refs << "5" << std::flush;
  return refs.good();
}

bool MayAnswer(const std::string& expect, Code code) {
  const bool ok = code == Code::kOk;
  const int number = static_cast<int>(code);
  const bool limit = number >= static_cast<int>(Code::kLimitPixels) &&
                     number <= static_cast<int>(Code::kLimitMemory);
  if (expect == "ok") return ok;
  if (expect == "error") return !ok && !limit;
  if (expect == "either") return !limit;
  if (expect == "limit") return limit;
  if (expect == "ok or limit") return ok || limit;
  if (expect == "unsupported") return code == Code::kUnsupportedFormat;
  return false;
}

TEST(CorruptTest, EveryFileGetsTheVerdictWrittenDownWithinBounds) {
  if (!HasSamples("corrupt")) GTEST_SKIP() << "no sample images in " HEADRACE_DATA_DIR;
  std::map<std::string, std::string> verdicts;
  for (const TableRow& row : ReadTable(HEADRACE_SOURCE_DIR "/tests/golden/corrupt_verdicts.tsv")) {
    verdicts[row.at("file")] = row.at("code");
  }
  Codec codec;
  int count = 0;
  for (const TableRow& row : ReadTable(std::string(HEADRACE_DATA_DIR) + "/corrupt/manifest.tsv")) {
    SCOPED_TRACE(row.at("file"));
    const Bytes file = ReadSample("corrupt/" + row.at("file"));
    const bool has_peak = ResetPeak();
    const long before_kb = StatusKb("VmHWM:");
    const auto start = std::chrono::steady_clock::now();
    const Decoded image = codec.Decode(file);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    const long after_kb = StatusKb("VmHWM:");

    EXPECT_EQ(CodeName(image.status.code()), verdicts[row.at("file")]) << image.status.text();
    EXPECT_TRUE(MayAnswer(row.at("expect"), image.status.code()))
        << row.at("expect") << ": " << image.status.text();
    EXPECT_LT(took.count(), kSecondsMax);
    if (has_peak && !kSanitized) {
      EXPECT_LT(after_kb - before_kb, kGrowthKbMax);
    }
    ++count;
  }
  EXPECT_EQ(count, 89);
  EXPECT_EQ(verdicts.size(), 89u);
}

Bytes SmallPicture(bool png, bool progressive) {
  std::vector<uint8_t> pixels(24 * 20 * 3);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(i * i >> 3);
  const ConstImageView view{pixels.data(), 24, 20, 3, 24 * 3};
  if (png) return EncodePng(view).value();
  return EncodeJpeg(view, {.progressive = progressive}).value();
}

// Cut anywhere, a file is in error until all of its picture data are there.
TEST(CorruptTest, AFileCutAtAnyByteIsInErrorAndTheDecoderGoesOn) {
  for (const bool png : {false, true}) {
    for (const bool progressive : {false, true}) {
      const Bytes whole = SmallPicture(png, progressive);
      Codec codec;
      const Decoded good = codec.Decode(whole);
      ASSERT_TRUE(good.status.ok());
      // Behind the data: a JPEG's marker of the end, a PNG's last chunk.
      const size_t tail_bytes = png ? 12 : 2;
      for (size_t size = 0; size < whole.size(); ++size) {
        const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        const Decoded image = codec.Decode(cut);
        EXPECT_NE(image.status.code(), Code::kInternal);
        if (size + tail_bytes < whole.size()) {
          EXPECT_TRUE(image.status.code() == Code::kTruncated ||
                      image.status.code() == Code::kCorrupt ||
                      image.status.code() == Code::kEmptyFile)
              << "cut at " << size << " of " << whole.size() << ": " << image.status.text();
        } else if (image.status.ok()) {
          EXPECT_EQ(image.rgb, good.rgb);
        }
      }
      EXPECT_EQ(codec.Decode(whole).rgb, good.rgb);
    }
  }
}

TEST(CorruptTest, AnyChangedByteEndsInAVerdict) {
  std::mt19937 random(30);
  for (const bool png : {false, true}) {
    for (const bool progressive : {false, true}) {
      const Bytes whole = SmallPicture(png, progressive);
      Codec codec({.max_pixels = 1 << 16});
      const Decoded good = codec.Decode(whole);
      for (size_t at = 0; at < whole.size(); ++at) {
        Bytes changed = whole;
        changed[at] = static_cast<std::byte>(random());
        if (at % 3 == 0) changed[random() % whole.size()] = static_cast<std::byte>(random());
        EXPECT_NE(codec.Decode(changed).status.code(), Code::kInternal) << "byte " << at;
      }
      EXPECT_EQ(codec.Decode(whole).rgb, good.rgb);
    }
  }
}

TEST(CorruptTest, RowsAboveTheCutAreStillGood) {
  if (!HasSamples("corrupt")) GTEST_SKIP() << "no sample images in " HEADRACE_DATA_DIR;
  const Bytes cut = ReadSample("corrupt/cut-half-scan.jpg");  // 320x240
  Codec codec;
  EXPECT_TRUE(codec.Decode(cut, {0, 0, 320, 64}).status.ok());
  EXPECT_EQ(codec.Decode(cut, {0, 0, 320, 240}).status.code(), Code::kTruncated);
  EXPECT_EQ(codec.Decode(cut, {300, 230, 10, 10}).status.code(), Code::kTruncated);
}

}  // namespace
}  // namespace headrace::codecs
