#include "codecs/exif.h"

#include <gtest/gtest.h>

#include <vector>

namespace headrace::codecs {
namespace {

enum class Order { kLittle, kBig };

// Builds a TIFF block by hand.
class Block {
 public:
  explicit Block(Order order) : order_(order) {
    bytes_ =
        order == Order::kLittle ? std::vector<uint8_t>{'I', 'I'} : std::vector<uint8_t>{'M', 'M'};
    U16(42);
    U32(8);
  }
  Block& U16(uint32_t v) { return Put(v, 2); }
  Block& U32(uint32_t v) { return Put(v, 4); }
  Block& Short(uint32_t tag, uint32_t value) { return U16(tag).U16(3).U32(1).U16(value).U16(0); }

  uint8_t Orientation(const Limits& limits = {}) const {
    return ExifOrientation(std::as_bytes(std::span(bytes_)), limits);
  }
  std::vector<uint8_t>& bytes() { return bytes_; }

 private:
  Block& Put(uint32_t v, int count) {
    for (int i = 0; i < count; ++i) {
      const int shift = 8 * (order_ == Order::kLittle ? i : count - 1 - i);
      bytes_.push_back(static_cast<uint8_t>(v >> shift));
    }
    return *this;
  }

  Order order_;
  std::vector<uint8_t> bytes_;
};

TEST(ExifTest, ReadsTheTagInBothByteOrders) {
  for (const Order order : {Order::kLittle, Order::kBig}) {
    for (uint32_t value = 1; value <= 8; ++value) {
      Block block(order);
      block.U16(2).Short(271, 7).Short(274, value).U32(0);
      EXPECT_EQ(block.Orientation(), value);
    }
  }
}

TEST(ExifTest, ValuesOutsideOneToEightAreOne) {
  for (const uint32_t value : {0u, 9u, 255u, 256u, 65535u}) {
    Block block(Order::kBig);
    block.U16(1).Short(274, value);
    EXPECT_EQ(block.Orientation(), 1) << value;
  }
}

TEST(ExifTest, TakesAByteOrALongButNoOtherType) {
  EXPECT_EQ(Block(Order::kLittle).U16(1).U16(274).U16(4).U32(1).U32(6).Orientation(), 6);
  EXPECT_EQ(Block(Order::kLittle).U16(1).U16(274).U16(1).U32(1).U32(5).Orientation(), 5);
  EXPECT_EQ(Block(Order::kLittle).U16(1).U16(274).U16(5).U32(1).U32(6).Orientation(), 1);
  EXPECT_EQ(Block(Order::kLittle).U16(1).U16(274).U16(3).U32(2).U32(6).Orientation(), 1);
}

TEST(ExifTest, AcceptsThePrefixOfAJpegSegment) {
  Block block(Order::kBig);
  block.U16(1).Short(274, 8);
  const uint8_t prefix[] = {'E', 'x', 'i', 'f', 0, 0};
  block.bytes().insert(block.bytes().begin(), prefix, prefix + sizeof(prefix));
  EXPECT_EQ(block.Orientation(), 8);
}

TEST(ExifTest, LooksAtSoManyEntriesOnly) {
  Block block(Order::kLittle);
  block.U16(65535);
  for (int i = 0; i < 300; ++i) block.Short(1, 0);
  block.Short(274, 6);
  EXPECT_EQ(block.Orientation(), 1);
  EXPECT_EQ(block.Orientation({.exif_entries_max = 400}), 6);
}

TEST(ExifTest, LooksAtSoManyBytesOnly) {
  Block block(Order::kLittle);
  block.U16(1).Short(274, 6);
  EXPECT_EQ(block.Orientation({.exif_bytes_max = 22}), 6);
  EXPECT_EQ(block.Orientation({.exif_bytes_max = 19}), 1);
}

TEST(ExifTest, AnyCutOrChangedByteGivesAnOrientation) {
  Block whole(Order::kBig);
  whole.U16(2).Short(271, 7).Short(274, 3).U32(0);
  for (size_t size = 0; size < whole.bytes().size(); ++size) {
    Block cut = whole;
    cut.bytes().resize(size);
    cut.bytes().shrink_to_fit();  // so that a sanitizer sees a read past the end
    const uint8_t orientation = cut.Orientation();
    EXPECT_TRUE(orientation == 1 || orientation == 3);
    for (const int value : {0, 1, 127, 128, 255}) {
      Block changed = whole;
      changed.bytes()[size] = static_cast<uint8_t>(value);
      EXPECT_GE(changed.Orientation(), 1);
      EXPECT_LE(changed.Orientation(), 8);
    }
  }
}

TEST(ExifTest, ADirectoryFarAwayIsNoDirectory) {
  Block block(Order::kLittle);
  block.bytes().resize(4);
  block.U32(0xFFFFFFFE).U16(1).Short(274, 6);
  EXPECT_EQ(block.Orientation(), 1);
}

}  // namespace
}  // namespace headrace::codecs
