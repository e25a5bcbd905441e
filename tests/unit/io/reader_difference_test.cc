// Random requests to io_uring and to pread: the same bytes, the same status, whatever is asked for.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "tests/unit/io/reader_under_test.h"
#include "tests/unit/io/temp_folder.h"

namespace headrace::io {
namespace {

constexpr std::byte kUntouched{0x5C};

class ReaderDifferenceTest : public testing::TestWithParam<Variant> {
 protected:
  void SetUp() override {
    const std::string why_not = WhyNot(GetParam());
    if (!why_not.empty()) GTEST_SKIP() << why_not;
    MakeFiles();
  }

  void MakeFiles() {
    for (const size_t bytes : {0, 1, 100, 4096, 5000, 65536, 100'001}) {
      names_.push_back(std::to_string(bytes) + ".jpg");
      sizes_.push_back(bytes);
      folder_.WriteRandom(names_.back(), bytes, bytes);
    }
    const auto add = [this](const char* name) {
      names_.emplace_back(name);
      sizes_.push_back(100);
    };
    std::filesystem::create_directory(folder_.At("directory"));
    add("directory");
    ASSERT_EQ(::mkfifo(folder_.At("fifo").c_str(), 0600), 0);
    add("fifo");
    ASSERT_EQ(::symlink("5000.jpg", folder_.At("link").c_str()), 0);
    add("link");
    ASSERT_EQ(::symlink("/etc/passwd", folder_.At("leaving").c_str()), 0);
    add("leaving");
    ASSERT_EQ(::symlink("nowhere", folder_.At("dangling").c_str()), 0);
    add("dangling");
    add("missing");
    for (const size_t bytes : {0, 100, 65536}) {
      open_files_.emplace_back(
          ::open(folder_.At(std::to_string(bytes) + ".jpg").c_str(), O_RDONLY | O_CLOEXEC));
      open_sizes_.push_back(bytes);
      ASSERT_TRUE(open_files_.back().valid());
    }
  }

  ReadRequest RandomRequest(std::mt19937_64& random, uint64_t tag) {
    const size_t file = random() % names_.size();
    // Sizes around the true one are where the readers have decisions to make.
    const auto around = [&](uint64_t value) {
      switch (random() % 6) {
        case 0: return value;
        case 1: return value + 1;
        case 2: return value == 0 ? 0 : value - 1;
        case 3: return value * 2 + 10;
        case 4: return value / 2;
        default: return random() % (value + 1000);
      }
    };
    ReadRequest request;
    request.path = names_[file].c_str();
    request.offset = random() % 3 == 0 ? around(sizes_[file]) : 0;
    request.expected_bytes = around(sizes_[file]);
    request.whole_file = random() % 3 != 0;
    request.tag = tag;
    if (random() % 4 == 0) {
      const size_t open = random() % open_files_.size();
      request.path = "(an open file)";
      request.file = open_files_[open].get();
      request.offset = random() % 2 == 0 ? around(open_sizes_[open]) : 0;
      request.expected_bytes = around(open_sizes_[open]);
      request.whole_file = random() % 8 == 0;
    }
    return request;
  }

  TempFolder folder_;
  std::vector<std::string> names_;
  std::vector<uint64_t> sizes_;
  std::vector<UniqueFd> open_files_;
  std::vector<uint64_t> open_sizes_;
};

TEST_P(ReaderDifferenceTest, I03_TheSameAsPread) {
  const char* given = std::getenv("HEADRACE_TEST_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 20261122;
  SCOPED_TRACE("HEADRACE_TEST_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  constexpr uint32_t kQueueLen = 24;
  constexpr size_t kRounds = 100;
  std::unique_ptr<Reader> readers[2] = {MakeVariant(Variant::kPread, folder_.path(), kQueueLen),
                                        MakeVariant(GetParam(), folder_.path(), kQueueLen)};
  ASSERT_TRUE(readers[0] && readers[1]);

  size_t good = 0;
  for (size_t round = 0; round < kRounds; ++round) {
    std::vector<ReadRequest> requests;
    std::vector<std::vector<std::byte>> buffers[2];
    for (uint64_t tag = 0; tag < kQueueLen; ++tag) {
      requests.push_back(RandomRequest(random, tag));
      const size_t room = requests.back().expected_bytes + (random() % 2) * (random() % 500);
      for (auto& of_reader : buffers) of_reader.emplace_back(room, kUntouched);
    }
    std::vector<ReadCompletion> completions[2];
    for (int r = 0; r < 2; ++r) {
      for (uint64_t tag = 0; tag < kQueueLen; ++tag) {
        ReadRequest request = requests[tag];
        request.buffer = buffers[r][tag];
        ASSERT_TRUE(readers[r]->Submit(request));
      }
      completions[r] = ReapByTag(*readers[r], kQueueLen);
    }
    for (uint64_t tag = 0; tag < kQueueLen; ++tag) {
      const ReadRequest& request = requests[tag];
      const ReadCompletion& pread = completions[0][tag];
      const ReadCompletion& uring = completions[1][tag];
      SCOPED_TRACE(std::string(request.path) + " offset " + std::to_string(request.offset) +
                   " expected " + std::to_string(request.expected_bytes) + " buffer " +
                   std::to_string(buffers[0][tag].size()) +
                   (request.whole_file ? " whole" : " range"));
      ASSERT_EQ(uring.status.code(), pread.status.code())
          << uring.status.text() << " / " << pread.status.text();
      ASSERT_STREQ(uring.status.text(), pread.status.text());
      ASSERT_EQ(uring.bytes, pread.bytes);
      if (!pread.status.ok()) continue;
      ++good;
      ASSERT_LE(pread.bytes, buffers[0][tag].size());
      ASSERT_TRUE(std::equal(buffers[0][tag].begin(),
                             buffers[0][tag].begin() + static_cast<ptrdiff_t>(pread.bytes),
                             buffers[1][tag].begin()));
    }
  }
  // Neither all bad nor all good: the comparison has seen both.
  EXPECT_GT(good, kRounds * kQueueLen / 10);
  EXPECT_LT(good, kRounds * kQueueLen * 9 / 10);
}

INSTANTIATE_TEST_SUITE_P(All, ReaderDifferenceTest,
                         testing::Values(Variant::kUringChains, Variant::kUringLong),
                         [](const auto& test) { return VariantName(test.param); });

}  // namespace
}  // namespace headrace::io
