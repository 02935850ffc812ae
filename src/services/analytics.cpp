#include "services/analytics.hpp"

#include "core/base/json_text.hpp"

namespace rebalancer {

std::string analytic_request(const Weights& weights, double risk_free_rate) {
  const double invested = 1.0 - weights.cash_fraction();
  JsonText json;
  json.object().key("weights").object();
  for (const Weight& entry : weights.entries()) {
    json.member(entry.symbol.str(), invested > 0 ? entry.fraction / invested : entry.fraction);
  }
  json.end().member("risk_free", risk_free_rate).end();
  return json.str();
}

std::map<std::string, std::string> analyze(const std::map<std::string, Analytic*>& analytics, const PriceFrame& prices,
                                           const Weights& weights, double risk_free_rate) {
  const std::string request = analytic_request(weights, risk_free_rate);
  std::map<std::string, std::string> answers;
  for (const auto& [name, analytic] : analytics) {
    auto answer = analytic->run(prices, request);
    answers[name] =
        answer ? *std::move(answer) : JsonText().object().member("error", answer.error().message).end().str();
  }
  return answers;
}

}  // namespace rebalancer
