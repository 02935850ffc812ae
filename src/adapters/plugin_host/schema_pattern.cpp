// g++ 12 sees uninitialized members inside of <regex> under the sanitizers; there are none.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include "adapters/plugin_host/schema_pattern.hpp"

#include <regex>

namespace rebalancer {

struct SchemaPattern::Compiled {
  std::regex regex;
};

std::shared_ptr<const SchemaPattern> SchemaPattern::compile(const std::string& text) {
  try {
    auto pattern = std::make_shared<SchemaPattern>();
    pattern->compiled_ = std::make_shared<const Compiled>(Compiled{std::regex(text, std::regex::ECMAScript)});
    return pattern;
  } catch (const std::regex_error&) {
    return nullptr;
  }
}

bool SchemaPattern::found_in(const std::string& value) const {
  constexpr std::size_t value_size_max = 1000;
  return value.size() <= value_size_max && std::regex_search(value, compiled_->regex);
}

}  // namespace rebalancer
