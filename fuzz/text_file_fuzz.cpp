// Price files as they lie on the disk, plain or gzip.
#include "csv/text_file.hpp"
#include "support/memory_file.hpp"
#include "support/target.hpp"

namespace rebalancer::fuzz {
namespace {

void check(std::string_view input) {
  constexpr std::size_t bytes_max = 100'000;
  const MemoryFile file(input);
  const auto text = read_text_file(file.path().string(), bytes_max);
  if (!text) {
    const ErrorCode code = text.error().code;
    expect(code == ErrorCode::invalid || code == ErrorCode::exhausted, "a file is damaged or too large",
           text.error().message);
    return expect_message(text.error().message, 400);
  }
  expect(text->size() <= bytes_max, "a file is bounded, unpacked too");
  if (!input.starts_with("\x1f\x8b")) expect(*text == input, "what is not gzip is read as it is", *text);
}

const Target target("text_file", check);

}  // namespace
}  // namespace rebalancer::fuzz
