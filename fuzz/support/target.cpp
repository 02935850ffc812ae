#include "target.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "core/base/utf8.hpp"

namespace rebalancer::fuzz {
namespace {

std::map<std::string, Check>& all_targets() {
  static std::map<std::string, Check> all;
  return all;
}

}  // namespace

Target::Target(const char* subject, Check check) { all_targets().emplace(subject, check); }

const std::map<std::string, Check>& targets() { return all_targets(); }

void expect(bool kept, std::string_view promise, std::string_view seen) {
  if (kept) return;
  std::fprintf(stderr, "broken promise: %.*s\n", static_cast<int>(promise.size()), promise.data());
  if (!seen.empty()) std::fprintf(stderr, "seen: %.*s\n", static_cast<int>(seen.size()), seen.data());
  std::abort();
}

std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return line;
}

void expect_message(std::string_view message, std::size_t size_max) {
  expect(!message.empty(), "an error has a message");
  expect(message.size() <= size_max, "a message is bounded, however long what it is about", message);
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace rebalancer::fuzz

// What libFuzzer calls. Nobody does in the test of the seeds.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rebalancer::fuzz::targets().begin()->second({reinterpret_cast<const char*>(data), size});
  return 0;
}
