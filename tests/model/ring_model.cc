#include "model_main.h"
#include "ring_programs.h"

namespace headrace::model {
namespace {

std::function<std::unique_ptr<Program>()> Ring(const RingSizes& sizes) {
  return [sizes] { return std::make_unique<RingProgram<ModelWorld>>(sizes); };
}

using Token = TokenProgram<ModelWorld>;
std::function<std::unique_ptr<Program>()> Tokens(const Token::Sizes& sizes) {
  return [sizes] { return std::make_unique<Token>(sizes); };
}

constexpr RingSizes kOneToOne{.producers = 1, .consumers = 1, .items_each = 4, .pops_each = 4};
constexpr RingSizes kTwoToOne{.producers = 2, .consumers = 1, .items_each = 2, .pops_each = 3};
constexpr RingSizes kOneToTwo{.producers = 1, .consumers = 2, .items_each = 3, .pops_each = 2};
constexpr RingSizes kTwoToTwo{.producers = 2, .consumers = 2, .items_each = 2, .pops_each = 2};

}  // namespace
}  // namespace headrace::model

int main(int argc, char** argv) {
  using namespace headrace::model;  // NOLINT: a table of this program's cases
  return RunCases(
      argc, argv,
      {
          {"ring 1 to 1, 4 items", Bounded(3, 2), Ring(kOneToOne)},
          {"ring 2 to 1, 2 items", Bounded(2, 1), Ring(kTwoToOne)},
          {"ring 1 to 2, 3 items", Bounded(2, 1), Ring(kOneToTwo)},
          {"tokens, 2 threads", Bounded(3, 2), Tokens({})},
          {"tokens, 4 threads, random", Random(50'000), Tokens({.threads = 4})},
          {"ring 2 to 2, 2 items, random", Random(100'000), Ring(kTwoToTwo)},
          {"ring 1 to 1, 4 items, deep", Bounded(4, 3), Ring(kOneToOne), Case::When::kLong},
          {"ring 2 to 1, 2 items, deep", Bounded(3, 2), Ring(kTwoToOne), Case::When::kLong},
          {"ring 2 to 2, 2 items, deep", Bounded(2, 1), Ring(kTwoToTwo), Case::When::kLong},
          {"tokens, 2 threads, deep", Bounded(4, 2), Tokens({}), Case::When::kLong},
          {"tokens, 4 threads, deep", Bounded(2, 1), Tokens({.threads = 4}), Case::When::kLong},
          {"ring 2 to 2, 2 items, more random", Random(2'000'000), Ring(kTwoToTwo),
           Case::When::kLong},
      });
}
