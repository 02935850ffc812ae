// A strategy that does next to nothing, so that what is measured is the way to it and back.
#pragma once
#include <algorithm>

#include <rebalancer/plugin.hpp>

class ContractSubject final : public rebalancer::sdk::Strategy {
 public:
  using Strategy::Strategy;
  void weigh(const Problem&, std::span<double> weights) override {
    std::fill(weights.begin(), weights.end(), 1.0 / static_cast<double>(weights.size()));
  }
};
