// Laws of what a program asks, whatever comes of it: a broker that is forgiving hides a mistake that another one would
// carry out.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "laboratory/laboratory.hpp"

namespace rebalancer::trials {

class WireLaws {
 public:
  explicit WireLaws(laboratory::BrokerKind broker) : broker_(broker) {}

  // As LaboratorySettings::watch tells it, over all lives of the program.
  void saw(laboratory::RequestKind kind, std::string_view request, int status);
  [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }
  // The status of every request for an order; 0: there was no answer, or the protocol has no statuses.
  [[nodiscard]] const std::vector<int>& submits() const { return submits_; }
  [[nodiscard]] std::size_t ids_sent() const { return may_be_sent_.size(); }  // of Alpaca

 private:
  void saw_at_alpaca(laboratory::RequestKind kind, std::string_view request, int status);
  void saw_at_tws(laboratory::RequestKind kind, std::string_view request);

  laboratory::BrokerKind broker_;
  std::map<std::string, bool, std::less<>> may_be_sent_;  // of the client ids that were sent
  std::int64_t highest_order_id_ = 0;
  std::vector<int> submits_;
  std::vector<std::string> violations_;  // "law: what is wrong"
};

}  // namespace rebalancer::trials
