// Answers whatever its request is.
#include <rebalancer/plugin.hpp>

using namespace rebalancer::sdk;

class BadAnalytic final : public Analytic {
 public:
  using Analytic::Analytic;
  std::string run(const rb_frame&, std::string_view request_json) override {
    host().progress(1, 2);
    host().warning("asked with password hunter2");
    return std::string(request_json);
  }
};
REBALANCER_ANALYTIC(BadAnalytic, "bad_analytic", "1.0.0", "A test.",
                    R"({"properties": {"password": {"type": "string", "secret": true}}})")
