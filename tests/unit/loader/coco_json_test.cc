#include "loader/objects/coco_json.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/temp_folder.h"

namespace headrace::loader {
namespace {

constexpr const char* kHead = R"({"images":[{"id":7,"file_name":"a.jpg","width":20,"height":10}],)"
                              R"("categories":[{"id":3,"name":"cat"}],"annotations":[)";

// A file with one annotation, whose keys beside the usual are `keys`.
CocoFile FileWith(const std::string& keys) {
  CocoFile file;
  ConfigError error;
  const std::string text =
      std::string(kHead) + R"({"id":1,"image_id":7,"category_id":3,)" + keys + "}]}";
  EXPECT_TRUE(ReadCocoText(text, "x.json", &file, &error)) << error.text << "\n" << text;
  EXPECT_EQ(file.annotations.size(), 1u);
  return file;
}

CocoFault FaultWith(const std::string& keys) { return FileWith(keys).annotations.at(0).fault; }

// The one object of such a file.
ObjectList ListWith(const std::string& keys) {
  CocoFile file = FileWith(keys);
  EXPECT_EQ(file.annotations.at(0).fault, CocoFault::kNone) << keys;
  const uint64_t sample_of[] = {0};
  file.objects.Group(sample_of, {{20, 10}});
  ObjectList list;
  EXPECT_TRUE(file.objects.Fill(0, &list).ok());
  return list;
}

TEST(CocoJsonTest, ReadsPolygonsAndLeavesOutThoseWithTooFewPoints) {
  const ObjectList list =
      ListWith(R"("segmentation":[[1,2,5.5,2,5.5,8],[1,1,2,2],[],[0,0,4,0,4,4,0,4]],"iscrowd":0)");
  ASSERT_EQ(list.objects.size(), 1u);
  const Object& object = list.objects[0];
  EXPECT_EQ(object.shape, ObjectShape::kPolygons);
  EXPECT_EQ(object.id, 1);
  EXPECT_FALSE(object.crowd);
  ASSERT_EQ(object.count, 2u);
  const auto points = list.PointsOf(list.RingsOf(object)[0]);
  ASSERT_EQ(points.size(), 3u);
  EXPECT_EQ(points[1], (PointF{5.5, 2}));
  EXPECT_EQ(list.size, (SizePx{20, 10}));
}

TEST(CocoJsonTest, ReadsMasksAsNumbersAndAsText) {
  const std::string forms[] = {
      R"("segmentation":{"size":[10,20],"counts":[15,5,180]},"is_crowd":true)",
      R"("segmentation":{"counts":"?5d5","comment":{"a":[1,{}]},"size":[10,20]},"iscrowd":1)",
  };
  for (const std::string& form : forms) {
    const ObjectList list = ListWith(form);
    ASSERT_EQ(list.objects.size(), 1u);
    EXPECT_EQ(list.objects[0].shape, ObjectShape::kMask);
    EXPECT_TRUE(list.objects[0].crowd);
    EXPECT_EQ(list.runs, (std::vector<uint32_t>{15, 5, 180})) << form;
  }
}

TEST(CocoJsonTest, TakesTheBoxWhereThereIsNoOutline) {
  for (const char* keys : {R"("bbox":[1,2,3.5,4])", R"("bbox":[1,2,3.5,4],"segmentation":[])",
                           R"("segmentation":[[1,1,2,2]],"bbox":[1,2,3.5,4],"area":-5)",
                           R"("segmentation":null,"bbox":[1,2,3.5,4])"}) {
    const ObjectList list = ListWith(keys);
    ASSERT_EQ(list.objects.size(), 1u);
    EXPECT_EQ(list.objects[0].shape, ObjectShape::kBox);
    ASSERT_EQ(list.points.size(), 4u);
    EXPECT_EQ(list.points[0], (PointF{1, 2}));
    EXPECT_EQ(list.points[2], (PointF{4.5, 6}));
  }
}

TEST(CocoJsonTest, AnAnnotationThatBreaksSpoilsNothingElse) {
  const struct {
    const char* keys;
    CocoFault fault;
  } cases[] = {
      {R"("segmentation":[[1,2,3,4,5]])", CocoFault::kOddPolygon},
      {R"("segmentation":[1,2,3,4,5,6])", CocoFault::kOddPolygon},
      {R"("segmentation":[[1,2,3,4,5,NaN]])", CocoFault::kNotANumber},
      {R"("segmentation":[[1,2,3,4,-Infinity,6]])", CocoFault::kNotANumber},
      {R"("segmentation":[[1,2,3,4,5,1e200]])", CocoFault::kNotANumber},
      {R"("segmentation":[[1,2,3,4,5,1e999]])", CocoFault::kNotANumber},
      {R"("segmentation":[[1,2,3,4,5,-1.5E+000999]])", CocoFault::kNotANumber},
      {R"("segmentation":[[1,2,3,4,5,12345678901234567890e308]])", CocoFault::kNotANumber},
      {R"("segmentation":[[1,2,3,4,5,"6"]])", CocoFault::kNotANumber},
      {R"("segmentation":{"size":[10,20],"counts":[15,5,181]})", CocoFault::kBadRuns},
      {R"("segmentation":{"size":[10,20],"counts":[15,-5,190]})", CocoFault::kBadRuns},
      {R"("segmentation":{"size":[10,20],"counts":[15,1e300,190]})", CocoFault::kBadRuns},
      {R"("segmentation":{"size":[10,20],"counts":"zzzz"})", CocoFault::kBadRuns},
      {R"("segmentation":{"size":[10,20]})", CocoFault::kBadRuns},
      {R"("segmentation":{"counts":[200]})", CocoFault::kBadSize},
      {R"("segmentation":{"size":[10],"counts":[200]})", CocoFault::kBadSize},
      {R"("segmentation":{"size":[-10,20],"counts":[200]})", CocoFault::kBadSize},
      {R"("bbox":[1,2,-3,4])", CocoFault::kBadBox},
      {R"("bbox":[1,2,3])", CocoFault::kBadBox},
      {R"("bbox":[1,2,3,NaN])", CocoFault::kBadBox},
      {R"("bbox":[1,2,3,1e999])", CocoFault::kBadBox},
      {R"("segmentation":{"size":[1e999,20],"counts":[200]})", CocoFault::kBadSize},
      {R"("area":5)", CocoFault::kNoShape},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(FaultWith(one.keys), one.fault) << one.keys;
    EXPECT_STRNE(TextOf(one.fault), "");
  }
  EXPECT_EQ(FaultWith(R"("category_id":null,"bbox":[1,2,3,4])"), CocoFault::kNone)
      << "the category stood before it";
}

TEST(CocoJsonTest, ExponentsThatMeanSomethingStay) {
  const ObjectList list = ListWith(
      R"("note":"1e999","x":true,"segmentation":[[1e0,20E-1,55e-1,2,5.5,0.08e+002,1e-999,0e999]])");
  ASSERT_EQ(list.points.size(), 4u);
  EXPECT_EQ(list.points[0], (PointF{1, 2}));
  EXPECT_EQ(list.points[2], (PointF{5.5, 8}));
  EXPECT_EQ(list.points[3], (PointF{0, 0}));
}

TEST(CocoJsonTest, WhatIsNoCocoFileGivesOneLineThatSaysWhere) {
  const struct {
    std::string text;
    const char* error;
  } cases[] = {
      {"", "x.json: is not JSON from byte 0 on"},
      {"   ", "x.json: is not JSON from byte 3 on"},
      {R"({"images":[}])", "x.json: is not JSON from byte 12 on"},
      {R"({"images":[{"id":1,)", "x.json: is not JSON from byte 19 on"},
      {"[]", "x.json: is a list, not COCO's object with \"images\""},
      {"7", "x.json: has nothing in it"},
      {"{}", "x.json: has no list \"images\": it is not COCO's form"},
      {R"({"x":)" + std::string(400, '7') + "}",
       "x.json: has a number that is too large (near byte 406)"},
      {R"({"images":5})", "x.json: has no list \"images\": it is not COCO's form"},
      {R"({"images":[{}]})", "x.json: images 0: \"id\" is not a whole number (near byte 13)"},
      {R"({"images":[{"id":1,"file_name":"a","width":5,"height":"6"}]})",
       "x.json: images 0: \"height\" is not a number of pixels (near byte 58)"},
      {R"({"images":[{"id":"1","file_name":"a","width":5,"height":6}]})",
       "x.json: images 0: \"id\" is not a whole number (near byte 58)"},
      {R"({"images":[{"id":1.5,"file_name":"a","width":5,"height":6}]})",
       "x.json: images 0: \"id\" is not a whole number (near byte 58)"},
      {R"({"images":[{"id":1,"file_name":7,"width":5,"height":6}]})",
       "x.json: images 0: \"file_name\" is not a path (near byte 54)"},
      {R"({"categories":[{"id":1}],"images":[]})",
       "x.json: categories 0: \"name\" is not a string (near byte 23)"},
      {R"({"images":[],"x":)" + std::string(100000, '['),
       "x.json: is nested more than 64 deep at byte 81"},
      {std::string(100000, '{'), "x.json: is not JSON from byte 2 on"},
  };
  for (const auto& one : cases) {
    CocoFile file;
    ConfigError error;
    EXPECT_FALSE(ReadCocoText(one.text, "x.json", &file, &error)) << one.text.substr(0, 80);
    EXPECT_EQ(error.text, one.error);
    EXPECT_EQ(error.code, Code::kConfigValue);
  }
}

TEST(CocoJsonTest, ReadsTheSameFromAFileInPieces) {
  const testing::TempFolder temp;
  std::string text = kHead;
  constexpr int kCount = 3000;  // some buffers full, so that every token meets a border somewhere
  for (int i = 0; i < kCount; ++i) {
    text.append(i > 0 ? "," : "").append(R"({"id":)").append(std::to_string(i));
    text += R"(,"image_id":7,"category_id":3,"note":"NaN \" \\","segmentation":[[NaN,1,2,3,4,5]]})";
  }
  text += "]}";
  temp.Write("x.json", text);
  CocoFile file;
  ConfigError error;
  ASSERT_TRUE(ReadCocoFile(temp / "x.json", &file, &error)) << error.text;
  ASSERT_EQ(file.annotations.size(), static_cast<size_t>(kCount));
  for (int i = 0; i < kCount; ++i) {
    ASSERT_EQ(file.annotations[i].id, i);
    ASSERT_EQ(file.annotations[i].fault, CocoFault::kNotANumber);
  }
  EXPECT_FALSE(ReadCocoFile(temp / "none.json", &file, &error));
  EXPECT_EQ(error.code, Code::kNotFound);
  EXPECT_FALSE(ReadCocoFile(temp.path(), &file, &error));
  EXPECT_EQ(error.code, Code::kNotRegularFile);
}

}  // namespace
}  // namespace headrace::loader
