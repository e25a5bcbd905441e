#include "loader/manifest/manifest_labels.h"

#include <gtest/gtest.h>

#include "loader/manifest/manifest_text.h"

namespace headrace::loader {
namespace {

struct Read {
  bool good = false;
  ManifestText text;
  ManifestLabels labels;
  ConfigError error;
};

Read ReadText(std::string_view lines, const std::vector<std::string>& classes = {}) {
  Read read;
  read.text.file = "list.tsv";
  read.text.key = "[dataset] path";
  read.good = ReadManifestLines(lines, &read.text, &read.error) &&
              read.labels.Make(read.text, classes, &read.error);
  return read;
}

std::vector<int32_t> Classes(const Read& read) {
  std::vector<int32_t> out;
  for (size_t i = 0; i < read.text.rows.size(); ++i) out.push_back(read.labels.Class(i));
  return out;
}

std::vector<float> Rows(const Read& read) {
  const size_t columns = read.labels.classes().size();
  std::vector<float> out(read.text.rows.size() * columns, -9);
  for (size_t i = 0; i < read.text.rows.size(); ++i) {
    read.labels.FillRow(i, std::span(out).subspan(i * columns, columns));
  }
  return out;
}

using Names = std::vector<std::string>;

TEST(ManifestLabelsTest, IntegersAreIndicesOfClasses) {
  const Read read = ReadText("a.jpg\t2\nb.jpg\t0\nc.jpg\t2\n");
  ASSERT_TRUE(read.good) << read.error.text;
  EXPECT_EQ(read.labels.classes(), (Names{"0", "1", "2"}));
  EXPECT_EQ(Classes(read), (std::vector<int32_t>{2, 0, 2}));
  EXPECT_FALSE(read.labels.has_rows());
}

TEST(ManifestLabelsTest, NamesAreClassesInByteOrder) {
  const Read read = ReadText("a.jpg\tcrane, bird\nb.jpg\tZebra\nc.jpg\tapt 7\nd.jpg\tZebra\n");
  ASSERT_TRUE(read.good) << read.error.text;
  EXPECT_EQ(read.labels.classes(), (Names{"Zebra", "apt 7", "crane, bird"}));
  EXPECT_EQ(Classes(read), (std::vector<int32_t>{2, 0, 1, 0}));
}

TEST(ManifestLabelsTest, ConfiguredClassesGiveTheOrderAndTakeIndices) {
  const Read read = ReadText("a\tdog\nb\t0\nc\tcat\n", {"cat", "dog", "owl"});
  ASSERT_TRUE(read.good) << read.error.text;
  EXPECT_EQ(read.labels.classes(), (Names{"cat", "dog", "owl"}));
  EXPECT_EQ(Classes(read), (std::vector<int32_t>{1, 0, 0}));
  // A name comes before an index.
  EXPECT_EQ(Classes(ReadText("a\t1\nb\t0\n", {"1", "0"})), (std::vector<int32_t>{0, 1}));
}

TEST(ManifestLabelsTest, ListsOfIntegersAreSeveralClasses) {
  const Read read = ReadText("a\t0,2\nb\t1\nc\t\nd\t2; 0;2\n");
  ASSERT_TRUE(read.good) << read.error.text;
  EXPECT_EQ(read.labels.classes(), (Names{"0", "1", "2"}));
  EXPECT_EQ(Classes(read), (std::vector<int32_t>{-1, 1, -1, -1}));
  EXPECT_EQ(Rows(read), (std::vector<float>{1, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 1}));
}

TEST(ManifestLabelsTest, TheHeaderMakesSeveralClassesOfNames) {
  const Read read = ReadText("path\tlabels\na\tdog, cat\nb\tcat\n");
  ASSERT_TRUE(read.good) << read.error.text;
  EXPECT_EQ(read.labels.classes(), (Names{"cat", "dog"}));
  EXPECT_EQ(Rows(read), (std::vector<float>{1, 1, 1, 0}));
}

TEST(ManifestLabelsTest, DecimalsAreNumbersToPredict) {
  const Read read = ReadText("a\t+0.5\nb\t-3.0 \nc\t1e3\nd\t-1\n");
  ASSERT_TRUE(read.good) << read.error.text;
  EXPECT_EQ(read.labels.classes(), (Names{"value"}));
  EXPECT_EQ(Classes(read), (std::vector<int32_t>{-1, -1, -1, -1}));
  EXPECT_EQ(Rows(read), (std::vector<float>{0.5f, -3, 1000, -1}));
}

TEST(ManifestLabelsTest, TheHeaderMakesNumbersOfIntegersAndRowsOfThem) {
  EXPECT_EQ(Rows(ReadText("path\tvalue\na\t41\nb\t7\n")), (std::vector<float>{41, 7}));
  const Read read = ReadText("path\tvalues\na\t0.1,0.9\nb\t1;0\n", {"no", "yes"});
  ASSERT_TRUE(read.good) << read.error.text;
  EXPECT_EQ(read.labels.classes(), (Names{"no", "yes"}));
  EXPECT_EQ(Rows(read), (std::vector<float>{0.1f, 0.9f, 1, 0}));
}

TEST(ManifestTextTest, TakesHeadersCommentsSidesAndTheLineEndsOfWindows) {
  const Read read = ReadText(
      "\xEF\xBB\xBF# made by hand\r\nwidth\tlabel\theight\tpath\r\n\r\n40\tdog\t30\t./a//b.jpg\r\n"
      "# no sample\r\n4\tcat\t3\tc.jpg");
  ASSERT_TRUE(read.good) << read.error.text;
  ASSERT_EQ(read.text.rows.size(), 2u);
  EXPECT_STREQ(read.text.PathOf(read.text.rows[0]), "a/b.jpg");
  EXPECT_STREQ(read.text.PathOf(read.text.rows[1]), "c.jpg");
  EXPECT_EQ(Classes(read), (std::vector<int32_t>{1, 0}));
}

struct Bad {
  std::string lines;
  std::vector<std::string> parts;
};

TEST(ManifestTextTest, WhatIsWrongIsToldWithItsLineAndColumn) {
  const Bad kBad[] = {
      {"", {"list.tsv names no sample"}},
      {"# a\n\n", {"list.tsv names no sample"}},
      {"path\tlabel\n", {"list.tsv names no sample"}},
      {"a.jpg 1\n", {"list.tsv:1:1: found 1 fields between tabs", "path, label"}},
      {"a.jpg\t1\t2\n", {"list.tsv:1:1: found 3 fields"}},
      {"a\t1\nb\t1\t2\t3\n", {"list.tsv:2:1: found 4 fields", "expected 2"}},
      {"a\t1\t2\t3\t4\n", {"list.tsv:1:9: more than 4 fields"}},
      {"a\t1\t2\t0\n", {"list.tsv:1:7: found \"0\"", "width or height"}},
      {"a\t1\tx\t3\n", {"list.tsv:1:5: found \"x\""}},
      {"path\tlable\n", {"list.tsv:1:6: a column \"lable\"", "label"}},
      {"path\tlabel\tlabels\n", {"list.tsv:1:12: the header has a second"}},
      {"path\twidth\n", {"list.tsv:1:1: the header has no column of labels"}},
      {"width\tlabel\n", {"list.tsv:1:1: the header has no column of paths"}},
      {"/etc/a.jpg\t1\n", {"list.tsv:1:1: the path \"/etc/a.jpg\" is absolute"}},
      {"# \n\na/../../b\t1\n", {"list.tsv:3:1: the path \"a/../../b\" leads upwards"}},
      {"./\t1\n", {"list.tsv:1:1: the path \"./\" names no file"}},
      {"\t1\n", {"list.tsv:1:1: the path \"\" names no file"}},
      {std::string(5000, 'a') + "\t1\n", {"has more than 4095 bytes"}},
      {std::string(size_t{2} << 20, 'a'), {"list.tsv:1: the line is longer than 1048576 bytes"}},
      {std::string("a\0b\t1\n", 6), {"list.tsv:1: a zero byte"}},
      {"a\tdog\nb\t\n", {"list.tsv:2:3: the label is empty"}},
      {"a\t1\nb\t1048576\n", {"list.tsv:2:3: found \"1048576\" among indices"}},
      {"path\tvalue\na\t1\nb\tnan\n", {"list.tsv:3:3: found \"nan\"; expected a finite number"}},
      {"path\tvalue\na\t1e39\n", {"list.tsv:2:3: found \"1e39\""}},
      {"path\tvalue\na\t\n", {"list.tsv:2:3: found 0 numbers"}},
      {"path\tvalues\na\t1,2\nb\t1\n", {"list.tsv:3:3: found 1 number; expected 2 numbers"}},
      {"path\tlabels\na\tx,,y\n", {"list.tsv:2:3: nothing between two separators", "expected"}},
      {"path\tlabels\na\t\n", {"no sample has a class"}},
  };
  for (const Bad& bad : kBad) {
    SCOPED_TRACE(bad.lines.substr(0, 60));
    const Read read = ReadText(bad.lines);
    EXPECT_FALSE(read.good);
    EXPECT_LE(read.error.text.size(), 480u);
    for (const std::string& part : bad.parts) {
      EXPECT_NE(read.error.text.find(part), std::string::npos) << read.error.text;
    }
  }
}

TEST(ManifestLabelsTest, BlanksAroundALabelAreNoPartOfIt) {
  for (const char* header : {"", "path\tlabel\n"}) {
    const Read read = ReadText(std::string(header) + "a\t11 \nb\t 2\nc\t10\n");
    ASSERT_TRUE(read.good) << read.error.text;
    EXPECT_EQ(read.labels.classes().size(), 12u);
    EXPECT_EQ(Classes(read), (std::vector<int32_t>{11, 2, 10}));
  }
}

TEST(ManifestLabelsTest, MinusOneIsNoLabel) {
  for (const char* header : {"", "path\tlabel\n"}) {
    const Read read = ReadText(std::string(header) + "a\t2\nb\t-1\nc\t10\n");
    ASSERT_TRUE(read.good) << read.error.text;
    EXPECT_EQ(read.labels.classes().size(), 11u);
    EXPECT_EQ(Classes(read), (std::vector<int32_t>{2, -1, 10}));
    EXPECT_FALSE(read.labels.has_rows());
  }
  EXPECT_EQ(Classes(ReadText("a\tcat\nb\t-1\n")), (std::vector<int32_t>{0, -1}));
  EXPECT_EQ(Classes(ReadText("a\tdog\nb\t-1\n", {"cat", "dog"})), (std::vector<int32_t>{1, -1}));
  EXPECT_EQ(Classes(ReadText("a\tdog\nb\t-1\n", {"-1", "dog"})), (std::vector<int32_t>{1, 0}));
  EXPECT_EQ(Rows(ReadText("a\t0,1\nb\t-1\n")), (std::vector<float>{1, 1, 0, 0}));
}

TEST(ManifestLabelsTest, OneLabelOfAnotherKindDoesNotRenumberTheRest) {
  struct Odd {
    std::string lines;
    std::string says;
  };
  const Odd kOdd[] = {
      {"a\t0\nb\t1\nc\tcat\nd\t10\n",
       "list.tsv:3:3: found \"cat\" where other labels are like \"0\" of line 1"},
      {"a\tcat\nb\tdog\nc\t3\n",
       "list.tsv:3:3: found \"3\" where other labels are like \"cat\" of line 1"},
      {"path\tlabel\na\t0\nb\t1\nc\t+1\n", "list.tsv:4:3: found \"+1\""},
      {"a\t0\nb\t1\nc\t1.5\n", "list.tsv:3:3: found \"1.5\""},
      {"path\tlabels\na\t0,x\nb\t1\n", "list.tsv:2:3: found \"0,x\""},
      {"a\t0\nb\t-2\n", "list.tsv:2:3: found \"-2\"; indices of classes begin at 0"},
      {"a\t0,1\nb\t-1,2\n", "list.tsv:2:3: found \"-1,2\""},
      {"a\t-1\nb\t-1\n", "no sample has a class"},
  };
  for (const Odd& odd : kOdd) {
    SCOPED_TRACE(odd.lines);
    const Read read = ReadText(odd.lines);
    EXPECT_FALSE(read.good);
    EXPECT_LE(read.error.text.size(), 480u);
    EXPECT_NE(read.error.text.find(odd.says), std::string::npos) << read.error.text;
  }
  EXPECT_EQ(Classes(ReadText("a\t0\nb\tcat\n", {"cat"})), (std::vector<int32_t>{0, 0}));
}

TEST(ManifestLabelsTest, ARowsHashGoesByWhatIsListed) {
  const Read few = ReadText("a\t0,2\nb\t1,2\nc\t\n");
  const Read many = ReadText("a\t0,2\nb\t1,2\nc\t\nd\t1000000,3\n");
  ASSERT_TRUE(few.good && many.good);
  std::vector<uint64_t> hashes;
  for (uint64_t row = 0; row < 3; ++row) {
    hashes.push_back(few.labels.HashRow(row, 7));
    // No row of all classes is made, in which their number would show.
    EXPECT_EQ(hashes.back(), many.labels.HashRow(row, 7));
    EXPECT_NE(hashes.back(), few.labels.HashRow(row, 8));
  }
  EXPECT_NE(hashes[0], hashes[1]);
  EXPECT_NE(hashes[0], hashes[2]);
  const Read numbers = ReadText("path\tvalues\na\t1,2\nb\t1,3\n");
  EXPECT_NE(numbers.labels.HashRow(0, 7), numbers.labels.HashRow(1, 7));
}

TEST(ManifestLabelsTest, AnUnknownClassIsToldWithThoseThatThereAre) {
  Read read = ReadText("a\tcat\nb\tcta\n", {"cat", "dog"});
  EXPECT_FALSE(read.good);
  EXPECT_NE(read.error.text.find("list.tsv:2:3: found the label \"cta\"; [dataset] classes has 2: "
                                 "cat, dog"),
            std::string::npos)
      << read.error.text;
  read = ReadText("a\t2\n", {"cat", "dog"});
  EXPECT_FALSE(read.good);
  read = ReadText("a\t0.5\n", {"cat", "dog"});
  EXPECT_FALSE(read.good);
  EXPECT_NE(read.error.text.find("[dataset] classes: found 2 names"), std::string::npos);
}

}  // namespace
}  // namespace headrace::loader
