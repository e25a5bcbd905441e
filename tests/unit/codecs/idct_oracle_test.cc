// The inverse DCT against libjpeg-turbo's own: coefficients are written to a JPEG as they are, and
// the planes that libjpeg-turbo makes of it are compared byte for byte.
#include <gtest/gtest.h>

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <jpeglib.h>

#include "jpeg_overflow.h"
#include "simd/idct.h"
#include "simd/reference_idct.h"
#include "tests/unit/simd/idct_blocks.h"
#include "tests/unit/simd/pictures.h"

namespace headrace::simd {
namespace {

constexpr uint32_t kBlocksAcross = 61;  // no multiple of any group
constexpr uint32_t kBlocksDown = 32;

// Huffman codes carry 10 bits of magnitude, arithmetic ones 15.
enum class EntropyCode : uint8_t { kHuffman, kArithmetic };

struct CoefficientPicture {
  std::vector<NaturalBlock> blocks{size_t{kBlocksAcross} * kBlocksDown};
  NaturalDivisors divisors = {};
};

struct Escape {
  jpeg_error_mgr errors;
  std::jmp_buf jump;
};

[[noreturn]] void OnError(j_common_ptr jpeg) {
  std::longjmp(static_cast<Escape*>(jpeg->client_data)->jump, 1);
}
void OnMessage(j_common_ptr, int) {}

struct FreeBytes {
  void operator()(unsigned char* bytes) const { std::free(bytes); }
};
struct JpegFile {
  std::unique_ptr<unsigned char, FreeBytes> bytes;
  unsigned long size = 0;
};

void WriteBody(jpeg_compress_struct& jpeg, const CoefficientPicture& picture, EntropyCode code) {
  jpeg.image_width = kBlocksAcross * 8;
  jpeg.image_height = kBlocksDown * 8;
  jpeg.input_components = 1;
  jpeg.in_color_space = JCS_GRAYSCALE;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, 50, FALSE);
  // Past the bounds of the setter: a file can hold any 16 bits.
  for (size_t i = 0; i < 64; ++i) jpeg.quant_tbl_ptrs[0]->quantval[i] = picture.divisors[i];
  jpeg.optimize_coding = code == EntropyCode::kHuffman;
  jpeg.arith_code = code == EntropyCode::kArithmetic;
  auto* common = reinterpret_cast<j_common_ptr>(&jpeg);
  jvirt_barray_ptr array =
      jpeg.mem->request_virt_barray(common, JPOOL_IMAGE, FALSE, kBlocksAcross, kBlocksDown, 1);
  jpeg_write_coefficients(&jpeg, &array);
  for (uint32_t y = 0; y < kBlocksDown; ++y) {
    JBLOCKARRAY row = jpeg.mem->access_virt_barray(common, array, y, 1, TRUE);
    for (size_t x = 0; x < kBlocksAcross; ++x) {
      std::memcpy(row[0][x], picture.blocks[y * kBlocksAcross + x].data(), sizeof(JBLOCK));
    }
  }
  jpeg_finish_compress(&jpeg);
}

bool WriteUnderSetjmp(jpeg_compress_struct& jpeg, Escape& escape, const CoefficientPicture& picture,
                      EntropyCode code) {
  if (setjmp(escape.jump) != 0) return false;
  WriteBody(jpeg, picture, code);
  return true;
}

bool Write(const CoefficientPicture& picture, EntropyCode code, JpegFile* file) {
  Escape escape;
  jpeg_compress_struct jpeg;
  jpeg.err = jpeg_std_error(&escape.errors);
  escape.errors.error_exit = OnError;
  escape.errors.emit_message = OnMessage;
  jpeg_create_compress(&jpeg);
  jpeg.client_data = &escape;
  unsigned char* bytes = nullptr;
  jpeg_mem_dest(&jpeg, &bytes, &file->size);
  const bool written = WriteUnderSetjmp(jpeg, escape, picture, code);
  jpeg_destroy_compress(&jpeg);
  file->bytes.reset(bytes);
  return written;
}

void ReadBody(jpeg_decompress_struct& jpeg, const JpegFile& file, const ImageView& plane,
              uint32_t side) {
  jpeg_mem_src(&jpeg, file.bytes.get(), file.size);
  jpeg_read_header(&jpeg, TRUE);
  jpeg.scale_num = side;
  jpeg.scale_denom = 8;
  jpeg.raw_data_out = TRUE;
  jpeg.dct_method = JDCT_ISLOW;
  jpeg_start_decompress(&jpeg);
  while (jpeg.output_scanline < jpeg.output_height) {
    JSAMPROW rows[8];
    for (uint32_t y = 0; y < side; ++y) rows[y] = plane.Row(jpeg.output_scanline + y);
    JSAMPARRAY planes[1] = {rows};
    jpeg_read_raw_data(&jpeg, planes, side);
  }
  jpeg_finish_decompress(&jpeg);
}

bool ReadUnderSetjmp(jpeg_decompress_struct& jpeg, Escape& escape, const JpegFile& file,
                     const ImageView& plane, uint32_t side) {
  if (setjmp(escape.jump) != 0) return false;
  ReadBody(jpeg, file, plane, side);
  return true;
}

bool Read(const JpegFile& file, const ImageView& plane, uint32_t side) {
  Escape escape;
  jpeg_decompress_struct jpeg;
  jpeg.err = jpeg_std_error(&escape.errors);
  escape.errors.error_exit = OnError;
  escape.errors.emit_message = OnMessage;
  jpeg_create_decompress(&jpeg);
  jpeg.client_data = &escape;
  const bool read = ReadUnderSetjmp(jpeg, escape, file, plane, side);
  const bool clean = jpeg.err->num_warnings == 0;
  jpeg_destroy_decompress(&jpeg);
  return read && clean;
}

void TransformAll(const CoefficientPicture& picture, IdctSize size, const ImageView& plane,
                  std::mt19937& random) {
  IdctTable table;
  MakeIdctTable(picture.divisors.data(), &table);
  for (uint32_t y = 0; y < kBlocksDown; ++y) {
    const auto first = picture.blocks.begin() + ptrdiff_t{y} * kBlocksAcross;
    const std::vector<NaturalBlock> blocks(first, first + kBlocksAcross);
    std::vector<uint8_t> last;
    for (const NaturalBlock& block : blocks) last.push_back(LastOf(block));
    GroupedBlocks grouped(blocks, last, random);
    Idct({grouped.coefficients(), grouped.last(), kBlocksAcross,
          plane.Row(y * static_cast<uint32_t>(size)), plane.stride_bytes},
         table, size);
  }
}

void ExpectLibjpegsPlanes(const CoefficientPicture& picture, EntropyCode code,
                          std::mt19937& random) {
  JpegFile file;
  ASSERT_TRUE(Write(picture, code, &file));
  for (const IdctSize size : {IdctSize::k8, IdctSize::k4, IdctSize::k2, IdctSize::k1}) {
    const auto side = static_cast<uint32_t>(size);
    GuardedPicture wanted({kBlocksAcross * side, kBlocksDown * side}, 1);
    ASSERT_TRUE(Read(file, wanted.view(), side));
    GuardedPicture got({kBlocksAcross * side, kBlocksDown * side}, 1);
    TransformAll(picture, size, got.view(), random);
    // Without the two planes in full.
    const bool equal = got.Dense() == wanted.Dense();
    ASSERT_TRUE(equal) << "to " << side;
  }
}

class IdctOracle : public EveryTarget {};
HEADRACE_ON_EVERY_TARGET(IdctOracle);

// Clears coefficients until no form of the transform overflows. Returns coefficient 0.
int KeepFromOverflow(const NaturalDivisors& divisors, NaturalBlock* block) {
  double left = codecs::kBlockSumMax;
  for (const uint8_t place : ZigzagPlaces()) {
    const double size = std::abs(double{1} * (*block)[place] * divisors[place]);
    if (size > left) {
      (*block)[place] = 0;
    } else {
      left -= size;
    }
  }
  return (*block)[0];
}

// Each picture has all kinds of blocks, one after the other and mixed.
CoefficientPicture MakePicture(DivisorKind divisors, int limit, bool dense, std::mt19937& random) {
  CoefficientPicture picture;
  picture.divisors = MakeDivisors(divisors, random);
  int kind = 0;
  int dc = 0;
  for (size_t i = 0; i < picture.blocks.size(); ++i) {
    if (i % kBlocksAcross < kBlocksAcross / 2 || i % 7 == 0) {
      kind = static_cast<int>(random() % kBlockKinds);
    }
    const int last = dense ? 63 : static_cast<int>(random() % 64 * (random() % 64) / 63);
    NaturalBlock& block = picture.blocks[i];
    block = MakeBlock(static_cast<BlockKind>(kind), limit, last, random);
    // What is stored of coefficient 0 is its difference to the last one, of one more bit.
    dc = std::clamp<int>(block[0], dc - limit, dc + limit);
    block[0] = static_cast<int16_t>(dc);
    if (!codecs::kSameInOverflow) dc = KeepFromOverflow(picture.divisors, &block);
  }
  return picture;
}

TEST_P(IdctOracle, GivesLibjpegsPlanesForCoefficientsOfHuffmanCodes) {
  std::mt19937 random(PropertySeed());
  const int rounds = has_one_lane() ? 1 : 2;
  for (int round = 0; round < rounds; ++round) {
    for (int divisors = 0; divisors < kDivisorKinds; ++divisors) {
      for (const int limit : {60, 1023}) {
        SCOPED_TRACE(testing::Message() << "divisors " << divisors << " limit " << limit);
        ExpectLibjpegsPlanes(
            MakePicture(static_cast<DivisorKind>(divisors), limit, round == 0, random),
            EntropyCode::kHuffman, random);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST_P(IdctOracle, GivesLibjpegsPlanesForCoefficientsOf16Bits) {
  std::mt19937 random(PropertySeed() + 1);
  for (const DivisorKind divisors :
       {DivisorKind::kOnes, DivisorKind::kWide, DivisorKind::kExtremes}) {
    for (const int limit : {8200, 32767}) {
      SCOPED_TRACE(testing::Message() << "divisors " << int(divisors) << " limit " << limit);
      ExpectLibjpegsPlanes(MakePicture(divisors, limit, false, random), EntropyCode::kArithmetic,
                           random);
      if (HasFatalFailure()) return;
    }
  }
}

}  // namespace
}  // namespace headrace::simd
