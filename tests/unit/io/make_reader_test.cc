#include "io/make_reader.h"

#include <sys/resource.h>

#include "tests/unit/io/reader_under_test.h"
#include "tests/unit/io/temp_folder.h"

namespace headrace::io {
namespace {

TEST(MakeReaderTest, SaysThatTheFolderIsNotThere) {
  const TempFolder folder;
  EXPECT_EQ(MakeReader(folder.At("missing"), {}).status().code(), Code::kNotFound);
  folder.Write("file", {});
  EXPECT_EQ(MakeReader(folder.At("file"), {}).status().code(), Code::kNotFound);
}

TEST(MakeReaderTest, MakesPreadWhenAskedTo) {
  const TempFolder folder;
  Result<MadeReader> made = MakeReader(folder.path(), {.choice = ReaderChoice::kPread});
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->reader->kind(), ReaderKind::kPread);
  EXPECT_EQ(made->why, "pread: chosen by the configuration");
}

TEST(MakeReaderTest, AutoAgreesWithTheProbeAndSaysWhy) {
  const TempFolder folder;
  Result<MadeReader> made = MakeReader(folder.path(), {});
  ASSERT_TRUE(made.ok());
  const UringSupport support = ProbeUring();
  const bool is_uring = made->reader->kind() == ReaderKind::kUring;
  EXPECT_EQ(is_uring, support.usable);
  EXPECT_EQ(made->why, (is_uring ? "io_uring: " : "pread: ") + ToText(support));
  EXPECT_EQ(MakeReader(folder.path(), {.choice = ReaderChoice::kUring}).ok(), support.usable);
  EXPECT_EQ(DescribeUring(), (is_uring ? "available: " : "not available: ") + ToText(support));
}

// Sets the soft limit of descriptors for a scope.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(rlim_t count) {
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
    rlimit less = before_;
    less.rlim_cur = count;
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &less), 0);
  }
  ~DescriptorLimit() { EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before_), 0); }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;

 private:
  rlimit before_{};
};

class FewDescriptorsTest : public testing::TestWithParam<Variant> {};

// With 64 reads in flight and a handful of descriptors, each file still comes.
TEST_P(FewDescriptorsTest, ReadsEveryFile) {
  const std::string why_not = WhyNot(GetParam());
  if (!why_not.empty()) GTEST_SKIP() << why_not;
  const TempFolder folder;
  folder.WriteRandom("file", 1000, 1);
  const UniqueFd lowest_free(::open("/", O_PATH | O_CLOEXEC));
  const DescriptorLimit limit(static_cast<rlim_t>(lowest_free.get()) + 10);
  const auto reader = MakeVariant(GetParam(), folder.path(), 64);
  ASSERT_NE(reader, nullptr);
  std::vector<std::vector<std::byte>> buffers(64, std::vector<std::byte>(1000));
  size_t submitted = 0;
  while (submitted < buffers.size() && reader->Submit({.path = "file",
                                                       .expected_bytes = 1000,
                                                       .buffer = buffers[submitted],
                                                       .tag = submitted})) {
    ++submitted;
  }
  ASSERT_GT(submitted, 0u);
  for (const ReadCompletion& completion : ReapByTag(*reader, submitted)) {
    EXPECT_TRUE(completion.status.ok()) << completion.status.text();
    EXPECT_EQ(completion.bytes, 1000u);
  }
  rlimit after{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, static_cast<rlim_t>(lowest_free.get()) + 10)
      << "the limit of the process is not ours to raise";
}

INSTANTIATE_TEST_SUITE_P(All, FewDescriptorsTest,
                         testing::Values(Variant::kPread, Variant::kUringChains,
                                         Variant::kUringLong),
                         [](const auto& test) { return VariantName(test.param); });

}  // namespace
}  // namespace headrace::io
