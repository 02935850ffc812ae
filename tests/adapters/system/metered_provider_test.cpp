#include "adapters/system/metered_provider.hpp"

#include <doctest/doctest.h>

#include "support/fake_clock.hpp"
#include "support/fake_provider.hpp"

using namespace rebalancer;
using namespace rebalancer::system;

namespace {

// Takes its time.
class SlowProvider final : public Provider {
 public:
  SlowProvider(test::FakeClock& clock, test::FakeProvider& told) : clock_(clock), told_(told) {}
  [[nodiscard]] std::string name() const override { return told_.name(); }
  [[nodiscard]] bool simulated() const override { return told_.simulated(); }
  [[nodiscard]] bool is_local() const override { return told_.is_local(); }
  Result<std::vector<BarTable>> bars(std::span<const Symbol> symbols, Date from, Date to,
                                     std::stop_token stop) override {
    clock_.advance(std::chrono::milliseconds(250));
    return told_.bars(symbols, from, to, std::move(stop));
  }

 private:
  test::FakeClock& clock_;
  test::FakeProvider& told_;
};

}  // namespace

TEST_CASE("a metered provider answers as before, and its calls are counted and timed") {
  const Secrets secrets;
  Metrics metrics(secrets);
  test::FakeClock clock;
  test::FakeProvider told("csv prices.csv");
  told.makes_up_prices = true;
  told.local = true;
  MeteredProvider provider("csv", std::make_unique<SlowProvider>(clock, told), clock, metrics);
  CHECK(provider.name() == "csv prices.csv");
  CHECK(provider.simulated());
  CHECK(provider.is_local());

  const std::vector<Symbol> symbols{Symbol::parse("SPY").value()};
  const Date from = Date::from_days(20'000);
  const Date to = Date::from_days(20'010);
  told.tell(symbols[0], from, 500);
  const auto tables = provider.bars(symbols, from, to, {});
  REQUIRE(tables.has_value());
  CHECK(tables->size() == 1);
  REQUIRE(told.requests.size() == 1);
  CHECK(told.requests[0].symbols == symbols);
  CHECK(told.requests[0].from == from);
  CHECK(told.requests[0].to == to);
  told.failure = Error{ErrorCode::exhausted, "too many requests"};
  CHECK(provider.bars(symbols, from, to, {}).error() == *told.failure);

  const std::string text = metrics.text();
  CHECK(text.find(R"(rebalancer_provider_requests_total{outcome="ok",provider="csv"} 1)") != std::string::npos);
  CHECK(text.find(R"(rebalancer_provider_requests_total{outcome="exhausted",provider="csv"} 1)") != std::string::npos);
  CHECK(text.find(R"(rebalancer_provider_request_duration_seconds_sum{provider="csv"} 0.5)") != std::string::npos);
}
