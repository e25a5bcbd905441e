#include "codecs/decoder.h"

namespace headrace::codecs {

// What most formats have to say about planes and checkpoints.
simd::PlanarPicture Decoder::PlanesShape(const PlanesRequest&) const { return {}; }
uint64_t Decoder::PlanesScratchBytes(const PlanesRequest&) const { return 0; }
Status Decoder::DecodePlanes(const PlanesRequest&, std::span<std::byte>, simd::PlanarPicture*,
                             DecodeReport*) {
  return {Code::kInvalidArgument, "the picture has no planes to decode"};
}
void Decoder::UseCheckpoints(DecodeCheckpoints*) {}

}  // namespace headrace::codecs
