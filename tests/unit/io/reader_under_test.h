// The readers, by name, for tests that must hold for each of them.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "io/pread_reader.h"
#include "io/uring_reader.h"

namespace headrace::io {

enum class Variant { kPread, kUringChains, kUringLong };

inline std::string VariantName(Variant variant) {
  switch (variant) {
    case Variant::kPread: return "Pread";
    case Variant::kUringChains: return "UringChains";
    case Variant::kUringLong: return "UringLong";
  }
  return "?";
}

// Why the variant cannot run on this kernel; empty when it can.
inline std::string WhyNot(Variant variant) {
  if (variant == Variant::kPread) return {};
  const UringSupport support = ProbeUring();
  if (!support.usable) return ToText(support);
  if (variant == Variant::kUringChains && !support.direct_chains) return ToText(support);
  return {};
}

inline std::unique_ptr<Reader> MakeVariant(Variant variant, const std::string& root,
                                           uint32_t queue_len) {
  Result<RootFolder> folder = RootFolder::Open(root);
  if (!folder.ok()) return nullptr;
  if (variant == Variant::kPread) {
    return std::make_unique<PreadReader>(std::move(*folder), queue_len);
  }
  auto reader = UringReader::Make(
      std::move(*folder), ProbeUring(),
      {.queue_len = queue_len, .direct_chains = variant == Variant::kUringChains});
  return reader.ok() ? std::move(reader.value()) : nullptr;
}

// Reaps until `count` completions came, by tag; fewer only if the reader stalls.
inline std::vector<ReadCompletion> ReapByTag(Reader& reader, size_t count) {
  std::vector<ReadCompletion> by_tag(count);
  std::vector<bool> seen(count, false);
  size_t reaped = 0;
  for (int idle = 0; reaped < count && idle < 10;) {
    ReadCompletion some[16];
    const size_t got = reader.Reap(some, 1'000'000'000);
    idle = got == 0 ? idle + 1 : 0;
    for (size_t i = 0; i < got; ++i) {
      EXPECT_LT(some[i].tag, count);
      EXPECT_FALSE(seen.at(some[i].tag)) << "tag " << some[i].tag << " came twice";
      seen.at(some[i].tag) = true;
      by_tag.at(some[i].tag) = some[i];
      ++reaped;
    }
  }
  EXPECT_EQ(reaped, count);
  return by_tag;
}

inline ReadCompletion ReadOne(Reader& reader, ReadRequest request) {
  request.tag = 0;
  EXPECT_TRUE(reader.Submit(request));
  return ReapByTag(reader, 1)[0];
}

}  // namespace headrace::io
