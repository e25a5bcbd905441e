#include "loader/coco_dataset.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/temp_folder.h"

namespace headrace::loader {
namespace {

// Collects the log.
struct Lines {
  std::vector<std::string> lines;
  LogSink sink() {
    return {[](void* context, LogLevel, const char* text) {
              static_cast<Lines*>(context)->lines.emplace_back(text);
            },
            this};
  }
  bool Have(const std::string& part) const {
    return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
      return line.find(part) != std::string::npos;
    });
  }
};

constexpr const char* kJson = R"({
  "images": [
    {"id": 20, "file_name": "b.jpg", "width": 30, "height": 20},
    {"id": 10, "file_name": "a.jpg", "width": 40, "height": 30},
    {"id": 30, "file_name": "c.jpg", "width": 40, "height": 30},
    {"id": 40, "file_name": "d.jpg", "width": 40, "height": 30}],
  "categories": [{"id": 9, "name": "dog"}, {"id": 2, "name": "cat"}],
  "annotations": [
    {"id": 1, "image_id": 10, "category_id": 2, "bbox": [0, 0, 10, 10]},
    {"id": 2, "image_id": 20, "category_id": 9, "bbox": [0, 0, 5, 5]},
    {"id": 3, "image_id": 10, "category_id": 9, "segmentation": [[0, 0, 20, 0, 20, 20, 0, 20]]},
    {"id": 4, "image_id": 10, "category_id": 2, "iscrowd": 1,
     "segmentation": {"size": [30, 40], "counts": [0, 1200]}},
    {"id": 5, "image_id": 99, "category_id": 2, "bbox": [0, 0, 10, 10]},
    {"id": 6, "image_id": 30, "category_id": 2, "segmentation": {"size": [20, 30], "counts": [600]}},
    {"id": 7, "image_id": 30, "category_id": 77, "bbox": [0, 0, 10, 10]}]
})";

class CocoDatasetTest : public ::testing::Test {
 protected:
  CocoDatasetTest() {
    for (const char* name : {"a.jpg", "b.jpg", "c.jpg"})
      temp_.Write(std::string("set/") + name, "x");
    temp_.Write("set/instances.json", kJson);
    config_.source = Source::kCoco;
    config_.path = {temp_ / "set"};
  }

  std::unique_ptr<Dataset> Open() {
    std::unique_ptr<Dataset> dataset;
    error_ = {};
    (void)CocoDataset::Open(config_, {}, lines_.sink(), &dataset, &error_);
    return dataset;
  }
  std::string ErrorOfOpen() {
    EXPECT_EQ(Open(), nullptr);
    return error_.text;
  }

  testing::TempFolder temp_;
  DatasetConfig config_;
  Lines lines_;
  ConfigError error_;
};

TEST_F(CocoDatasetTest, IdsGoByFileNameAndClassesByCategoryId) {
  const auto dataset = Open();
  ASSERT_NE(dataset, nullptr) << error_.text;
  EXPECT_EQ(dataset->size(), 4u);
  EXPECT_STREQ(dataset->Locate(0).path, "a.jpg");
  EXPECT_STREQ(dataset->Locate(1).path, "b.jpg");
  EXPECT_EQ(dataset->classes(), (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(dataset->root(), temp_ / "set");
  ObjectList list;
  ASSERT_TRUE(dataset->Objects(0, &list).ok());
  ASSERT_EQ(list.objects.size(), 3u);
  EXPECT_EQ(list.objects[0].id, 1);
  EXPECT_EQ(list.objects[0].label, 0);
  EXPECT_EQ(list.objects[1].id, 3);
  EXPECT_EQ(list.objects[1].label, 1);
  EXPECT_TRUE(list.objects[2].crowd);
  EXPECT_EQ(list.size, (SizePx{40, 30}));
  EXPECT_EQ(dataset->ObjectsMax(), 3u);
  const uint64_t outlines = 2 * (sizeof(ObjectRing) + 4 * sizeof(PointF));
  EXPECT_GE(dataset->ObjectListBytesMax(), 3 * sizeof(Object) + outlines + 2 * sizeof(uint32_t));
  EXPECT_LE(dataset->ObjectListBytesMax(), 3 * sizeof(Object) + outlines + 8 * sizeof(uint32_t));
}

TEST_F(CocoDatasetTest, TheLabelIsTheLargestObjectThatIsNoCrowd) {
  const auto dataset = Open();
  ASSERT_NE(dataset, nullptr) << error_.text;
  EXPECT_EQ(dataset->Label(0), 1) << "a 20 x 20 dog before a 10 x 10 cat and a crowd of cats";
  EXPECT_EQ(dataset->Label(1), 1);
  EXPECT_EQ(dataset->Label(3), -1) << "no object";
}

TEST_F(CocoDatasetTest, ABadAnnotationMakesItsSampleBadAndSaysWhich) {
  const auto dataset = Open();
  ASSERT_NE(dataset, nullptr) << error_.text;
  ObjectList list;
  const Status status = dataset->Objects(2, &list);
  EXPECT_EQ(status.code(), Code::kCorrupt);
  EXPECT_EQ(status.text(),
            temp_ / "set/instances.json: annotation 6: its mask's size is not the picture's");
  EXPECT_TRUE(dataset->Objects(3, &list).ok());
  EXPECT_TRUE(list.objects.empty());
  EXPECT_TRUE(lines_.Have("1 annotations are of pictures that its list \"images\" does not have"));
  EXPECT_TRUE(lines_.Have("2 annotations are bad"));
  EXPECT_TRUE(lines_.Have("1 of 4 pictures are not in"));
}

TEST_F(CocoDatasetTest, NamedClassesSelectAndOrder) {
  config_.classes = {"dog"};
  const auto dataset = Open();
  ASSERT_NE(dataset, nullptr) << error_.text;
  EXPECT_EQ(dataset->classes(), (std::vector<std::string>{"dog"}));
  ObjectList list;
  ASSERT_TRUE(dataset->Objects(0, &list).ok());
  ASSERT_EQ(list.objects.size(), 1u);
  EXPECT_EQ(list.objects[0].id, 3);
  EXPECT_EQ(list.objects[0].label, 0);
  ASSERT_EQ(list.points.size(), 4u);
  EXPECT_EQ(list.points[2], (PointF{20, 20})) << "what was left out leaves no gap";
  EXPECT_TRUE(lines_.Have("3 annotations are of other classes"));
  config_.classes = {"cow"};
  EXPECT_NE(ErrorOfOpen().find("[dataset] classes: \"cow\" is not a category of"),
            std::string::npos);
}

TEST_F(CocoDatasetTest, FindsTheFileAndThePicturesWhereTheyUsuallyAre) {
  temp_.Write("one/images/a.jpg", "x");
  temp_.Write("one/annotations/any.json", kJson);
  config_.path = {temp_ / "one"};
  auto dataset = Open();
  ASSERT_NE(dataset, nullptr) << error_.text;
  EXPECT_EQ(dataset->root(), temp_ / "one/images");

  config_.path = {temp_ / "set/instances.json"};
  dataset = Open();
  ASSERT_NE(dataset, nullptr) << error_.text;
  EXPECT_EQ(dataset->root(), temp_ / "set");

  config_.path = {temp_ / "one/images"};
  config_.annotations = temp_ / "one/annotations/any.json";
  dataset = Open();
  ASSERT_NE(dataset, nullptr) << error_.text;
  EXPECT_EQ(dataset->root(), temp_ / "one/images");
}

TEST_F(CocoDatasetTest, SaysWhatIsWrong) {
  temp_.Write("two/a.json", kJson);
  temp_.Write("two/b.json", kJson);
  temp_.Write("none/x.jpg", "");
  temp_.Write("far/instances.json", kJson);
  const auto error_of = [&](const std::string& path) {
    config_.path = {temp_ / path};
    return ErrorOfOpen();
  };
  const auto has = [](const std::string& text, const char* part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  has(error_of("nowhere"),
      "nowhere: No such file or directory; name a folder or an annotation file");
  has(error_of("two"), "has 2 files that may be meant (a.json, b.json); name one");
  has(error_of("none"), "no .json file in");
  has(error_of("far"), "a.jpg and the other pictures of");
  const auto error_of_json = [&](const std::string& from, const std::string& to) {
    std::string json = kJson;
    json.replace(json.find(from), from.size(), to);
    temp_.Write("set/instances.json", json);
    return error_of("set");
  };
  has(error_of_json("\"b.jpg\"", "\"a.jpg\""), "have the same file_name a.jpg");
  has(error_of_json("\"b.jpg\"", "\"../b.jpg\""),
      "image 20: file_name is not a path within a folder");
  has(error_of_json("\"b.jpg\"", "\"/b.jpg\""),
      "image 20: file_name is not a path within a folder");
  has(error_of_json("\"id\": 20", "\"id\": 10"), "two images have the id 10");
  has(error_of_json("\"id\": 9", "\"id\": 2"), "two categories have the id 2");
  has(error_of_json("\"categories\"", "\"kategories\""),
      "its list \"categories\" is empty or missing");
  config_.annotations = "x.json";
  config_.masks = "masks";
  has(ErrorOfOpen(), "masks and annotations: expected one of them");
}

}  // namespace
}  // namespace headrace::loader
