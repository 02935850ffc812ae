// A run's report as the JSON document that scripts rely on (contracts: run --json).
#pragma once
#include <string>

#include "core/base/json_text.hpp"
#include "services/pipeline.hpp"

namespace rebalancer {

[[nodiscard]] std::string to_json(const RunReport& report);

// {"SPY": 0.34, "cash": 0.03}: `cash` cannot be a symbol, which has no lower case letters.
void write_weights(JsonText& json, const Weights& weights);
// {"largest": 0.07, "symbols": {"SPY": {"actual", "target", "drift"}}, "cash": {...}}
void write_drift(JsonText& json, const Drift& drift);
// {"kkt_residual", "duality_gap", "max_violation"}, or null
void write_certificate(JsonText& json, const std::optional<Certificate>& certificate);
// {"positions": [{"symbol", "quantity", "price", "value", "weight"}], "cash", "equity", "as_of"}
// Errors: those of value_book.
[[nodiscard]] Result<std::string> positions_json(const Book& book, const PriceList& prices, Date as_of);

}  // namespace rebalancer
