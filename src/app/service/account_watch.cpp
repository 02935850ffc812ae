#include "app/service/account_watch.hpp"

#include "services/reconciler.hpp"

namespace rebalancer::app {

AccountWatch::Finding AccountWatch::look(BrokerView& broker, RunStore& store) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t runs = runs_;
  if (runs % 2 == 1) return finding();
  const auto now = clock_.monotonic();
  const auto wait = failure_.empty() ? interval : retry_after;
  if (asked_ && asked_after_ == runs && now - *asked_ < wait) return finding();
  const auto told = reconcile(broker, store, portfolio_, ReconcileScope::book);
  if (runs_ != runs) return finding();
  asked_ = now;
  asked_after_ = runs;
  if (!told) {
    could_not(told.error().message);
    return finding();
  }
  metrics_.reconciled(told->gaps.size(), clock_.now());
  const std::string gap = told->gaps.empty() ? "" : summary_of(*told);
  const bool is_news = gap != gap_ || !failure_.empty();
  compared_ = true;
  gap_ = gap;
  failure_.clear();
  if (!is_news) return finding();
  if (gap.empty()) {
    events_.emit(EventLevel::info, "account_agrees", "the account is what the journal says again", {});
  } else {
    const ReconciliationGap& first = told->gaps.front();
    events_.emit(EventLevel::warning, "reconciliation_gap", gap, {{"kind", first.kind}, {"subject", first.subject}});
  }
  return finding();
}

AccountWatch::Finding AccountWatch::unreachable() {
  const std::lock_guard lock(mutex_);
  Finding found = finding();
  // That the broker does not answer has a check of its own.
  if (gap_.empty()) found = {true, "not compared: the broker cannot be reached"};
  return found;
}

AccountWatch::Finding AccountWatch::finding() const {
  if (!gap_.empty()) {
    return {false, gap_ +
                       ": nothing is sent until that is explained, or accepted with 'reconcile --accept' or POST "
                       "/reconcile/accept"};
  }
  if (!failure_.empty()) return {false, "not compared: " + failure_};
  return {true, compared_ ? "it is what the journal says" : "not compared yet: a run is at work"};
}

// Once, not each time: brokers word the same failure in many ways.
void AccountWatch::could_not(const std::string& why) {
  if (failure_.empty()) {
    events_.emit(EventLevel::warning, "reconciliation_failed", "the account could not be compared: " + why, {});
  }
  failure_ = why.empty() ? "the broker did not say why" : why;
}

}  // namespace rebalancer::app
