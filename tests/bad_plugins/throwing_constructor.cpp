#include <stdexcept>
#include <string_view>

#include <rebalancer/plugin.hpp>

using namespace rebalancer::sdk;

class ThrowingConstructor final : public Strategy {
 public:
  ThrowingConstructor(Host host, std::string_view config_json) : Strategy(host, config_json) {
    const std::string what = host.text("what");
    if (what == "failure") throw Failure(RB_UNAVAILABLE, "api_key is empty");
    if (what == "exception") throw std::runtime_error("it rains");
    throw 42;
  }
};
REBALANCER_STRATEGY(ThrowingConstructor, "throwing_constructor", "1.0.0", "A test.",
                    R"({"properties": {"what": {"type": "string"}}, "required": ["what"]})")
