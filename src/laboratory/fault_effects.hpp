// What the faults of a script do, apart from the wire: to the world, to the order just made, to an answer.
#pragma once
#include <optional>
#include <vector>

#include "laboratory/exchange.hpp"
#include "laboratory/faults.hpp"
#include "laboratory/http_wire.hpp"
#include "laboratory/simulator.hpp"

namespace rebalancer::laboratory {

// Before the request is looked at.
void change_world(const std::vector<Fault>& faults, Exchange& exchange);
// To the order that the request made.
void change_order(const std::vector<Fault>& faults, Exchange& exchange, std::uint64_t order);
[[nodiscard]] ListFaults list_faults_of(const std::vector<Fault>& faults);

// The answer to a request that is not carried out; none when no fault forbids it.
[[nodiscard]] std::optional<Delivery> refused(const std::vector<Fault>& faults, const HttpSimulator& simulator,
                                              const Exchange& exchange);
// How the answer to a request that was carried out arrives.
[[nodiscard]] Delivery delivered(const std::vector<Fault>& faults, WireAnswer answer, const HttpSimulator& simulator);

}  // namespace rebalancer::laboratory
