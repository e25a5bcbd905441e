#include "loader/objects/coco_json.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/status_text.h"
#include "loader/objects/coco_rle.h"
#include "loader/objects/json_source.h"

namespace headrace::loader {
namespace {

// What COCO needs is 6 deep; beyond this somebody tries something.
constexpr size_t kDepthMax = 64;
// A text has at most about so many: COCO's own files have seven bytes for each number.
constexpr uint64_t kBytesACoordinate = 4;
// A file's size is no promise: it may be sparse.
constexpr uint64_t kReservedMax = (uint64_t{256} << 20) / sizeof(float);
constexpr double kWholeMax = 9007199254740992.0;  // 2^53: doubles up to it are exact
constexpr int kNumberOverflow = 406;              // nlohmann's id of that error
constexpr uint32_t kSidePxMaxOfFile = 0x7fffffff;

// Where in the file the parser is: which container each open bracket stands for.
enum class Place : uint8_t {
  kTop,          // {
  kPictures,     // "images": [
  kPicture,      //   {
  kCategories,   // "categories": [
  kCategory,     //   {
  kAnnotations,  // "annotations": [
  kAnnotation,   //   {
  kPolygons,     //     "segmentation": [
  kPolygon,      //       [
  kMask,         //     "segmentation": {
  kMaskSize,     //       "size": [
  kMaskRuns,     //       "counts": [
  kBox,          //     "bbox": [
  kElsewhere,    // anything else
};

// A number as the text has it.
struct JsonNumber {
  double value = std::numeric_limits<double>::quiet_NaN();
  int64_t whole = 0;
  bool is_whole = false;
};

// One annotation while it is read.
struct Draft {
  CocoFile::Annotation facts;
  bool has_category = false;
  bool crowd = false;
  std::vector<std::vector<double>> rings;  // the first `ring_count` are used
  size_t ring_count = 0;
  bool has_mask = false;
  std::vector<double> mask_size;
  std::vector<uint32_t> runs;
  std::string text;  // of the runs, instead
  bool has_box = false;
  std::vector<double> box;

  void Clear() {
    facts = {};
    has_category = false;
    crowd = false;
    ClearShape();
    has_box = false;
    box.clear();
  }
  void ClearShape() {
    ring_count = 0;
    has_mask = false;
    mask_size.clear();
    runs.clear();
    text.clear();
  }
  void Blame(CocoFault fault) {
    if (facts.fault == CocoFault::kNone) facts.fault = fault;
  }
};

bool FitsFloat(double value) {
  return std::fabs(value) <= static_cast<double>(std::numeric_limits<float>::max());
}

// Takes the parser's events. What stops the set is in `problem`; what spoils an annotation is noted
// with it.
class CocoReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  CocoReader(const JsonSource& source, CocoFile* file) : source_(source), file_(*file) {}

  std::string problem;  // without the file's name

  bool null() override { return Other(); }
  bool boolean(bool value) override {
    if (At(Place::kAnnotation) && IsCrowdKey()) draft_.crowd = value;
    return Other();
  }
  bool number_integer(number_integer_t value) override {
    return Number({static_cast<double>(value), value, true});
  }
  bool number_unsigned(number_unsigned_t value) override {
    const bool fits = value <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
    return Number({static_cast<double>(value), fits ? static_cast<int64_t>(value) : 0, fits});
  }
  bool number_float(number_float_t value, const string_t&) override {
    const bool whole = std::fabs(value) <= kWholeMax && value == std::floor(value);
    return Number({value, whole ? static_cast<int64_t>(value) : 0, whole});
  }
  bool string(string_t& value) override;
  bool binary(binary_t&) override { return true; }  // JSON has none
  bool key(string_t& value) override {
    key_.assign(value, 0, 32);
    return true;
  }
  bool start_object(size_t) override;
  bool start_array(size_t) override;
  bool end_object() override;
  bool end_array() override {
    places_.pop_back();
    return true;
  }
  bool parse_error(size_t, const std::string&, const nlohmann::json::exception& error) override {
    if (error.id == kNumberOverflow) {
      return Stop("has a number that is too large (near byte " + std::to_string(source_.offset()) +
                  ")");
    }
    problem = "is not JSON from byte " + std::to_string(source_.offset()) + " on";
    return false;
  }

  bool Finish();

 private:
  bool At(Place place) const { return !places_.empty() && places_.back() == place; }
  bool Enter(Place place) {
    if (places_.size() == kDepthMax) {
      return Stop("is nested more than " + std::to_string(kDepthMax) + " deep at byte " +
                  std::to_string(source_.offset()));
    }
    places_.push_back(place);
    return true;
  }
  bool Stop(std::string text) {
    problem = std::move(text);
    return false;
  }
  bool StopAt(const char* what, size_t index, const char* key, const char* expected) {
    return Stop(std::string(what) + " " + std::to_string(index) + ": \"" + key + "\" is not " +
                expected + " (near byte " + std::to_string(source_.offset()) + ")");
  }
  // As COCO spells it, and as files in the wild do.
  bool IsCrowdKey() const { return key_ == "iscrowd" || key_ == "is_crowd"; }
  bool Number(const JsonNumber& number);
  // A value that is no number, where perhaps one belongs.
  bool Other();
  void EndPicture();
  void EndAnnotation();
  void AddShape();
  void AddMask();
  bool CheckBox();

  const JsonSource& source_;
  CocoFile& file_;
  std::vector<Place> places_;
  std::string key_;  // the one whose value comes
  Draft draft_;
  bool saw_top_ = false;
  bool saw_pictures_ = false;
  // Which of the needed keys the present picture or category has.
  bool has_id_ = false;
  bool has_name_ = false;
};

bool CocoReader::Other() {
  // An empty string stands for NaN and Infinity (JsonSource).
  switch (places_.empty() ? Place::kElsewhere : places_.back()) {
    case Place::kPolygon: draft_.Blame(CocoFault::kNotANumber); break;
    case Place::kBox: draft_.box.push_back(std::numeric_limits<double>::quiet_NaN()); break;
    case Place::kMaskRuns: draft_.Blame(CocoFault::kBadRuns); break;
    case Place::kMaskSize: draft_.Blame(CocoFault::kBadSize); break;
    case Place::kPolygons: draft_.Blame(CocoFault::kOddPolygon); break;
    case Place::kTop: saw_top_ = true; break;
    default: break;
  }
  return true;
}

bool CocoReader::Number(const JsonNumber& number) {
  switch (places_.empty() ? Place::kElsewhere : places_.back()) {
    case Place::kPicture: {
      CocoFile::Picture& picture = file_.pictures.back();
      const bool is_side = number.is_whole && number.whole > 0 && number.whole <= kSidePxMaxOfFile;
      const auto side = static_cast<uint32_t>(is_side ? number.whole : 0);
      if (key_ == "id" && number.is_whole) {
        picture.id = number.whole;
        has_id_ = true;
      } else if (key_ == "width") {
        picture.size.width = side;
      } else if (key_ == "height") {
        picture.size.height = side;
      }
      return true;
    }
    case Place::kCategory:
      if (key_ == "id" && number.is_whole) {
        file_.categories.back().id = number.whole;
        has_id_ = true;
      }
      return true;
    case Place::kAnnotation:
      if (key_ == "id" && number.is_whole) draft_.facts.id = number.whole;
      if (IsCrowdKey()) draft_.crowd = number.value != 0;
      if (key_ == "image_id" && number.is_whole) {
        draft_.facts.picture = number.whole;
        draft_.facts.has_picture = true;
      }
      if (key_ == "category_id" && number.is_whole) {
        draft_.facts.category = number.whole;
        draft_.has_category = true;
      }
      return true;
    case Place::kPolygon:
      if (!FitsFloat(number.value)) draft_.Blame(CocoFault::kNotANumber);
      draft_.rings[draft_.ring_count - 1].push_back(number.value);
      return true;
    case Place::kPolygons: draft_.Blame(CocoFault::kOddPolygon); return true;
    case Place::kMaskSize: draft_.mask_size.push_back(number.value); return true;
    case Place::kMaskRuns:
      if (number.is_whole && number.whole >= 0 && number.whole <= UINT32_MAX) {
        draft_.runs.push_back(static_cast<uint32_t>(number.whole));
      } else {
        draft_.Blame(CocoFault::kBadRuns);
      }
      return true;
    case Place::kBox: draft_.box.push_back(number.value); return true;
    default: return true;
  }
}

bool CocoReader::string(string_t& value) {
  if (At(Place::kPicture) && key_ == "file_name") {
    file_.pictures.back().file_name = std::move(value);
    has_name_ = true;
    return true;
  }
  if (At(Place::kCategory) && key_ == "name") {
    file_.categories.back().name = std::move(value);
    has_name_ = true;
    return true;
  }
  if (At(Place::kMask) && key_ == "counts") {
    draft_.text = std::move(value);
    draft_.runs.clear();
    return true;
  }
  return Other();
}

bool CocoReader::start_object(size_t) {
  if (places_.empty()) {
    saw_top_ = true;
    return Enter(Place::kTop);
  }
  switch (places_.back()) {
    case Place::kPictures:
      file_.pictures.emplace_back();
      has_id_ = has_name_ = false;
      return Enter(Place::kPicture);
    case Place::kCategories:
      file_.categories.emplace_back();
      has_id_ = has_name_ = false;
      return Enter(Place::kCategory);
    case Place::kAnnotations: draft_.Clear(); return Enter(Place::kAnnotation);
    case Place::kAnnotation:
      if (key_ != "segmentation") break;
      draft_.ClearShape();
      draft_.has_mask = true;
      return Enter(Place::kMask);
    default: (void)Other(); break;
  }
  return Enter(Place::kElsewhere);
}

bool CocoReader::start_array(size_t) {
  if (places_.empty()) return Stop("is a list, not COCO's object with \"images\"");
  switch (places_.back()) {
    case Place::kTop:
      if (key_ == "images") saw_pictures_ = true;
      if (key_ == "images") return Enter(Place::kPictures);
      if (key_ == "categories") return Enter(Place::kCategories);
      if (key_ == "annotations") return Enter(Place::kAnnotations);
      break;
    case Place::kAnnotation:
      if (key_ == "segmentation") {
        draft_.ClearShape();
        return Enter(Place::kPolygons);
      }
      if (key_ == "bbox") {
        draft_.has_box = true;
        draft_.box.clear();
        return Enter(Place::kBox);
      }
      break;
    case Place::kPolygons:
      if (draft_.ring_count == draft_.rings.size()) draft_.rings.emplace_back();
      draft_.rings[draft_.ring_count++].clear();
      return Enter(Place::kPolygon);
    case Place::kMask:
      if (key_ == "size") {
        draft_.mask_size.clear();
        return Enter(Place::kMaskSize);
      }
      if (key_ == "counts") {
        draft_.runs.clear();
        draft_.text.clear();
        return Enter(Place::kMaskRuns);
      }
      break;
    default: (void)Other(); break;
  }
  return Enter(Place::kElsewhere);
}

bool CocoReader::end_object() {
  const Place place = places_.back();
  places_.pop_back();
  if (place == Place::kPicture) {
    const size_t index = file_.pictures.size() - 1;
    const CocoFile::Picture& picture = file_.pictures.back();
    if (!has_id_) return StopAt("images", index, "id", "a whole number");
    if (!has_name_ || picture.file_name.empty()) {
      return StopAt("images", index, "file_name", "a path");
    }
    if (picture.size.width == 0) return StopAt("images", index, "width", "a number of pixels");
    if (picture.size.height == 0) return StopAt("images", index, "height", "a number of pixels");
  }
  if (place == Place::kCategory) {
    const size_t index = file_.categories.size() - 1;
    if (!has_id_) return StopAt("categories", index, "id", "a whole number");
    if (!has_name_) return StopAt("categories", index, "name", "a string");
  }
  if (place == Place::kAnnotation) EndAnnotation();
  return true;
}

bool CocoReader::CheckBox() {
  if (draft_.box.size() != 4) return false;
  for (const double value : draft_.box) {
    if (!FitsFloat(value)) return false;
  }
  return draft_.box[2] >= 0 && draft_.box[3] >= 0 && FitsFloat(draft_.box[0] + draft_.box[2]) &&
         FitsFloat(draft_.box[1] + draft_.box[3]);
}

void CocoReader::AddMask() {
  const auto is_side = [](double side) { return side >= 1 && side <= kSidePxMaxOfFile; };
  const std::vector<double>& size = draft_.mask_size;
  if (size.size() != 2 || !is_side(size[0]) || !is_side(size[1])) {
    return draft_.Blame(CocoFault::kBadSize);
  }
  const SizePx px = {static_cast<uint32_t>(size[1]), static_cast<uint32_t>(size[0])};
  draft_.facts.mask_size = px;
  const bool good = draft_.text.empty() ? CheckRuns(draft_.runs, px).ok()
                                        : DecodeRle(draft_.text, px, &draft_.runs).ok();
  if (!good) return draft_.Blame(CocoFault::kBadRuns);
  draft_.facts.object = file_.objects.AddRuns(draft_.runs);
}

void CocoReader::AddShape() {
  if (draft_.facts.fault != CocoFault::kNone) return;
  if (draft_.has_mask) return AddMask();
  const std::span rings(draft_.rings.data(), draft_.ring_count);
  bool has_ring = false;
  for (const std::vector<double>& ring : rings) {
    if (ring.size() % 2 != 0) return draft_.Blame(CocoFault::kOddPolygon);
    has_ring = has_ring || ring.size() >= 2 * ObjectIndex::kRingPointsMin;
  }
  if (has_ring) {
    draft_.facts.object = file_.objects.AddPolygons(rings);
  } else if (!draft_.has_box) {
    draft_.Blame(CocoFault::kNoShape);
  } else if (!CheckBox()) {
    draft_.Blame(CocoFault::kBadBox);
  } else {
    draft_.facts.object = file_.objects.AddBox(std::span<const double, 4>(draft_.box));
  }
}

void CocoReader::EndAnnotation() {
  if (!draft_.has_category) draft_.Blame(CocoFault::kNoCategory);
  AddShape();
  if (draft_.facts.object != CocoFile::Annotation::kNoObject) {
    ObjectIndex::Facts& facts = file_.objects.facts(draft_.facts.object);
    facts.id = draft_.facts.id;
    facts.crowd = draft_.crowd;
  }
  file_.annotations.push_back(draft_.facts);
}

bool CocoReader::Finish() {
  if (!saw_top_) return Stop("has nothing in it");
  if (!saw_pictures_) return Stop("has no list \"images\": it is not COCO's form");
  return true;
}

bool Read(JsonSource* source, const std::string& name, CocoFile* file, ConfigError* error) {
  CocoReader reader(*source, file);
  bool good = source->status().ok();
  if (good) {
    try {
      file->objects.Reserve(std::min(source->bytes() / kBytesACoordinate, kReservedMax));
      good = nlohmann::json::sax_parse(JsonBytes(source), JsonBytes(), &reader) && reader.Finish();
    } catch (const std::bad_alloc&) {
      *error = {Code::kOutOfMemory, name + ": no memory for the objects that are in it"};
      return false;
    }
  }
  if (!source->status().ok()) {  // also when it ended the text early
    const Status& status = source->status();
    return Fail(error, status.code(), name + ": " + TextOf(status), status.error_number());
  }
  if (good) return true;
  *error = {Code::kConfigValue, name + ": " + reader.problem};
  return false;
}

}  // namespace

const char* TextOf(CocoFault fault) {
  switch (fault) {
    case CocoFault::kNone: return "";
    case CocoFault::kOddPolygon:
      return "its polygons are not lists of an even number of coordinates";
    case CocoFault::kNotANumber: return "a coordinate is not a finite number";
    case CocoFault::kBadRuns: return "its run lengths do not fill the mask's size";
    case CocoFault::kBadSize: return "its mask has no size [height, width]";
    case CocoFault::kWrongSize: return "its mask's size is not the picture's";
    case CocoFault::kBadBox:
      return "its bbox is not [x, y, width, height] with sides of at least 0";
    case CocoFault::kNoShape: return "it has neither a segmentation nor a bbox";
    case CocoFault::kNoCategory: return "its category_id is not among the categories";
  }
  return "";
}

bool ReadCocoFile(const std::string& path, CocoFile* file, ConfigError* error) {
  JsonSource source(path);
  return Read(&source, path, file, error);
}

bool ReadCocoText(std::string_view text, const std::string& name, CocoFile* file,
                  ConfigError* error) {
  JsonSource source(text);
  return Read(&source, name, file, error);
}

}  // namespace headrace::loader
