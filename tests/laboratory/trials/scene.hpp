// What a trial needs on the disk: prices, a configuration, and the random draws that make it what it is.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/base/random.hpp"
#include "laboratory/laboratory.hpp"
#include "laboratory/scenario.hpp"

namespace rebalancer::trials {

struct Scene {
  laboratory::LaboratorySettings laboratory;
  std::vector<std::string> symbols;
  std::vector<std::uint64_t> kills;  // at which requests, ascending
  bool dies_with_gateway = false;    // a restart of the gateway ends the program too, as that of a machine does
  Decimal cash_buffer = Decimal::whole(250);
  bool fractional = false;
  bool stream = true;        // of updates, where the broker has one
  std::string live_account;  // real money, as far as the program knows, in this account; empty: paper
};

// What the broker calls a symbol of ours, and back.
[[nodiscard]] std::string name_at(laboratory::BrokerKind broker, const std::string& symbol);
[[nodiscard]] std::string symbol_at(laboratory::BrokerKind broker, const std::string& name);

// The same for the same seed, but for the time it begins at.
[[nodiscard]] Scene draw_scene(laboratory::BrokerKind broker, std::uint64_t seed, Instant now);

// One account for every scenario: more of one symbol than wanted, none of three others. Nothing is killed.
[[nodiscard]] Scene scene_of(const laboratory::Scenario& scenario, Instant now);

// Which day it is for the program and what the prices of that day are. Without a scenario's night there is one: the
// last completed session, at the prices the exchange begins with.
struct SceneDay {
  Date session;
  std::map<std::string, Decimal> closes = {};  // of that day; none: those the exchange begins with
  std::map<std::string, double> splits = {};   // before its open: new shares for one
};
// The two days of a scenario with a night between them.
[[nodiscard]] SceneDay first_day(Instant now);
[[nodiscard]] SceneDay next_day(const laboratory::Exchange& truth, std::string_view overnight, Instant now);

// prices.csv up to that day.
void write_prices(const Scene& scene, const SceneDay& day, const std::filesystem::path& folder);

// prices.csv up to the last completed session, config.yaml for the broker at `url`.
void write_scene(const Scene& scene, laboratory::BrokerKind broker, const std::string& url,
                 const std::filesystem::path& folder, Instant now);

}  // namespace rebalancer::trials
