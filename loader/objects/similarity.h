// Similarity: a move of a part of a picture: shift, turn, size, mirror image.
//
// q = centre + shift + scale R(angle) D (p - centre), D mirrors the axes that are flipped; x goes
// right and y down, so that an angle above 0 turns clockwise on the screen. A value; any thread.
#pragma once

#include "base/image_view.h"
#include "loader/augment/point_map.h"

namespace headrace::loader {

struct Similarity {
  PointF centre;
  PointF shift;
  double scale = 1;  // above 0
  double sine = 0;
  double cosine = 1;
  bool flip_x = false;
  bool flip_y = false;

  void Turn(double degrees);
  PointF Forward(PointF p) const;
  PointMap::Matrix BackMatrix() const;
  PointMap Map() const { return PointMap::FromBack(BackMatrix()); }
  bool is_identity() const {
    return shift == PointF{} && scale == 1 && sine == 0 && cosine == 1 && !flip_x && !flip_y;
  }
};

// Pixels of `picture` that can show something of `rect`, grown by a pixel, after the move; 0 x 0 if
// none does.
RectPx ReachOf(const Similarity& move, const RectPx& rect, SizePx picture);

}  // namespace headrace::loader
