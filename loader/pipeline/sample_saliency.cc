#include "loader/pipeline/sample_saliency.h"

#include <utility>

#include "base/checked_math.h"
#include "base/clock.h"
#include "loader/saliency/recipe_map.h"
#include "loader/saliency/saliency.h"
#include "simd/ycc.h"

namespace headrace::loader {
namespace {

constexpr uint64_t kMapBytes = kSaliencyCells * sizeof(float);

uint64_t RgbBytes(SizePx size) { return RoundUp(PictureBytes(size), kScratchAlignment); }

SaliencyEstimator EstimatorOf(RmixSaliency saliency) {
  switch (saliency) {
    case RmixSaliency::kSr: return SaliencyEstimator::kSr;
    case RmixSaliency::kSobel: return SaliencyEstimator::kSobel;
    case RmixSaliency::kContrast: return SaliencyEstimator::kContrast;
    case RmixSaliency::kCenter: return SaliencyEstimator::kCenter;
    case RmixSaliency::kUniform:
    case RmixSaliency::kModel:
    case RmixSaliency::kCallback:
    case RmixSaliency::kMaps: break;  // not estimated
  }
  return SaliencyEstimator::kUniform;
}

}  // namespace

uint64_t SampleSaliency::Bytes(const Mixer& mixer, SizePx size) {
  if (!mixer.EverWantsSaliency()) return 0;
  return kMapBytes + RgbBytes(size) + SaliencyScratchBytes(size);
}

Result<std::unique_ptr<SampleSaliency>> SampleSaliency::Make(PipelineShared* shared) {
  const BatchShape& shape = shared->store->shape();
  const uint64_t bytes = Bytes(shared->mixer, {shape.width, shape.height});
  if (bytes == 0) return std::unique_ptr<SampleSaliency>();
  HR_ASSIGN_OR_RETURN(HostMemory memory, HostMemory::Map(bytes, HostMemory::Pages::kSmall));
  return std::unique_ptr<SampleSaliency>(new SampleSaliency(shared, std::move(memory)));
}

void SampleSaliency::Keep(BatchBuffer* buffer, uint32_t row, uint64_t id, const Recipe& recipe,
                          const ProcessedPicture& picture) {
  uint32_t patches = 0;
  const MixConfig* entry = shared_.mixer.WantsSaliency(shared_.config.loader.seed, buffer->epoch,
                                                       buffer->global_batch, &patches);
  if (entry == nullptr) return;
  const int64_t begin = NowNs();
  const std::span<float> map(reinterpret_cast<float*>(memory_.data()), kSaliencyCells);
  std::span<std::byte> scratch = memory_.span().subspan(kMapBytes);
  if (entry->rmix.saliency == RmixSaliency::kMaps) {
    MapOfRecipe(*shared_.saliency_maps, id, recipe, map);
  } else {
    ConstImageView rgb = picture.rgb;
    if (picture.plane_count > 0) {
      const SizePx size = picture.planes[0].size();
      const ImageView made = PictureIn(scratch.first(RgbBytes(size)), size);
      simd::PlanesToRgb({picture.planes, picture.plane_count}, made);
      rgb = made;
      scratch = scratch.subspan(RgbBytes(size));
    }
    EstimateSaliency(EstimatorOf(entry->rmix.saliency), entry->rmix.centre_prior, rgb, map, scratch,
                     picture.flip);
  }
  shared_.mixer.KeepSaliency(&buffer->mix, row, patches, map.data());
  Add(shared_.counters.mix_ns, static_cast<uint64_t>(NowNs() - begin));
}

}  // namespace headrace::loader
