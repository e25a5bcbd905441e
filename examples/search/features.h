/* What a picture looks like to the model: responses of fixed random filters, pooled. */
#ifndef EXAMPLES_SEARCH_FEATURES_H_
#define EXAMPLES_SEARCH_FEATURES_H_

#include <cstddef>
#include <vector>

/* A convolution with random 7 x 7 filters that no training changes, then the positive and the
 * negative part of each response, averaged over the cells of a grid. The filters have mean 0, so
 * that a picture's plain brightness says nothing. Owner: the model. Thread: any number at once.
 * Cost: a picture of 32 x 32 takes 169 x 49 x channels x filters multiplications. */
class Features {
 public:
  static constexpr size_t kSide = 7;   /* of a filter */
  static constexpr size_t kBlock = 16; /* filters that are worked out together */

  /* `channels`, `height`, `width`: of the pictures, at least kSide a side. `filters`: a multiple of
   * kBlock. `cells`: of the grid, a side. */
  Features(size_t channels, size_t height, size_t width, size_t filters, size_t cells);

  size_t size() const { return cells_ * cells_ * 2 * filters_; }
  /* `image`: [channels, height, width]; `out`: size() numbers. */
  void Of(const float* image, float* out) const;

 private:
  static constexpr size_t kStride = 2;

  void Respond(const float* patch, size_t block, float* response) const;

  size_t height_, width_, filters_, cells_;
  std::vector<size_t> taps_;   /* of a filter: distances from the patch's first pixel */
  std::vector<float> weights_; /* [filters / kBlock, taps, kBlock] */
};

#endif
