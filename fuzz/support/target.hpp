// A fuzz target: a function that is given any bytes and says when a promise is broken.
#pragma once
#include <map>
#include <string>
#include <string_view>

namespace rebalancer::fuzz {

using Check = void (*)(std::string_view input);

// Each <subject>_fuzz.cpp has one at namespace scope: `const Target target("price_csv", check);`. libFuzzer gets the
// only one there is in its program; the test of the seeds has all of them.
struct Target {
  Target(const char* subject, Check check);
};
[[nodiscard]] const std::map<std::string, Check>& targets();

// Ends the program when it was not kept, which libFuzzer reports together with the input. `promise` is what was said,
// `seen` what was found instead.
void expect(bool kept, std::string_view promise, std::string_view seen = {});

// The text before the next line end, which is taken off with it; everything when there is none.
[[nodiscard]] std::string_view take_line(std::string_view& rest);

// One line that a person may be shown: not empty, at most `size_max` bytes.
void expect_message(std::string_view message, std::size_t size_max);

[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace rebalancer::fuzz
