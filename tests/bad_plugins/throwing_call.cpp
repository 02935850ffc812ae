#include <stdexcept>

#include <rebalancer/plugin.hpp>

using namespace rebalancer::sdk;

class ThrowingCall final : public Strategy {
 public:
  using Strategy::Strategy;
  void weigh(const Problem&, std::span<double>) override {
    const std::string what = host().text("what");
    if (what == "failure") throw Failure(RB_CONFLICT, "the password hunter2 does not fit");
    if (what == "exception") throw std::runtime_error("it rains");
    if (what == "ok_failure") throw Failure(RB_OK, "said ok and failed");
    throw 42;
  }
};
REBALANCER_STRATEGY(ThrowingCall, "throwing_call", "1.0.0", "A test.",
                    R"({"properties": {"what": {"type": "string"}, "password": {"type": "string", "secret": true}}})")
