#include "codecs/decoder.h"

namespace headrace::codecs {

// What most formats have to say about planes, checkpoints and bands.
simd::PlanarPicture Decoder::PlanesShape(const PlanesRequest&) const { return {}; }
uint64_t Decoder::PlanesScratchBytes(const PlanesRequest&) const { return 0; }
Status Decoder::DecodePlanes(const PlanesRequest&, std::span<std::byte>, simd::PlanarPicture*,
                             DecodeReport*) {
  return {Code::kInvalidArgument, "the picture has no planes to decode"};
}
void Decoder::UseCheckpoints(DecodeCheckpoints*) {}
bool Decoder::FindBands(RecordBands*) const { return false; }

}  // namespace headrace::codecs
