// What the surfaces ask of the running system. The program's own parts are behind it; everything comes back as the JSON
// that the command line prints with --json, or as an error.
#pragma once
#include <optional>
#include <string>

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/market/symbol.hpp"
#include "http/route.hpp"

namespace rebalancer::http {

// A list's part: `next` is the cursor of the following one, empty at the end.
struct Page {
  std::string json;
  std::string next;
};

struct PageRequest {
  int limit = 50;
  std::string after;  // the last one seen; empty: from the start
};

// How a run ended: the report, and the status it deserves.
struct RunAnswer {
  int status = 200;
  std::string json;
};

// Functions may be called by several threads at once, unless they are said to be of the lane: those run one at a time.
class Backend {
 public:
  using Json = Result<std::string>;
  virtual ~Backend() = default;

  // Of every surface.
  [[nodiscard]] virtual Json health() = 0;  // {"status": "ok", "version", "uptime_seconds"}
  struct Readiness {
    bool ready = false;
    std::string json;
  };
  [[nodiscard]] virtual Readiness readiness() = 0;
  [[nodiscard]] virtual std::string metrics() = 0;

  // fetcher
  [[nodiscard]] virtual Json fetch(std::optional<Date> as_of, const Call& call) = 0;  // of the lane
  struct DataRequest {
    std::optional<Date> from, to;
    std::optional<Date> after;
    int limit = 500;
  };
  [[nodiscard]] virtual Result<Page> data(const Symbol& symbol, const DataRequest& request) = 0;
  [[nodiscard]] virtual Json quality(std::optional<Symbol> symbol) = 0;

  // optimizer
  struct OptimizeRequest {
    std::optional<std::string> strategy;
    std::optional<double> user_age_years;
    // Instead of the configured ones.
    std::optional<double> min_weight, max_weight;
    std::optional<double> turnover_max, gross_max, tracking_error_max, position_min;
    std::optional<int> positions_max;
    std::optional<std::vector<std::string>> groups;  // as in constraints.groups

    [[nodiscard]] bool changes_anything() const {
      return strategy || user_age_years || min_weight || max_weight || turnover_max || gross_max ||
             tracking_error_max || position_min || positions_max || groups;
    }
  };
  [[nodiscard]] virtual Json latest_optimization() = 0;
  [[nodiscard]] virtual Json optimize(const OptimizeRequest& request) = 0;
  [[nodiscard]] virtual Json allocation() = 0;
  [[nodiscard]] virtual std::uint64_t allocation_revision() = 0;
  [[nodiscard]] virtual Json risk() = 0;
  [[nodiscard]] virtual Json frontier(int points) = 0;

  // executor
  struct ExecuteRequest {
    bool dry_run = false;
    bool fetch = true;  // false: on stored prices
    std::optional<Date> as_of;
  };
  [[nodiscard]] virtual Result<RunAnswer> execute(const ExecuteRequest& request, const Call& call) = 0;  // of the lane
  [[nodiscard]] virtual Json plan() = 0;
  [[nodiscard]] virtual Json positions() = 0;
  [[nodiscard]] virtual Result<Page> orders(const PageRequest& request, std::optional<std::string> state) = 0;
  [[nodiscard]] virtual Json order(const std::string& id) = 0;
  // Asks the broker to cancel it; what became of it is in the journal when `final`, else soon.
  struct CancelAnswer {
    bool final = false;
    std::string json;
  };
  [[nodiscard]] virtual Result<CancelAnswer> cancel_order(const std::string& id) = 0;
  [[nodiscard]] virtual Json drift() = 0;
  [[nodiscard]] virtual Json halt(const std::string& reason, bool reducing) = 0;
  [[nodiscard]] virtual Json resume(const std::string& reason) = 0;
  [[nodiscard]] virtual Json reconcile() = 0;
  // A run that takes the account as it is, and does nothing else; of the lane. `reason` passed check_accept_reason.
  [[nodiscard]] virtual Result<RunAnswer> accept_account(const std::string& reason, const Call& call) = 0;

  // scheduler
  [[nodiscard]] virtual Json status() = 0;
  [[nodiscard]] virtual std::uint64_t status_revision() = 0;
  [[nodiscard]] virtual Result<Page> history(const PageRequest& request) = 0;
  [[nodiscard]] virtual Json schedule() = 0;
  struct ScheduleRequest {
    std::optional<std::string> at, zone;
    std::optional<bool> enabled;
  };
  [[nodiscard]] virtual Json set_schedule(const ScheduleRequest& request) = 0;
  // Back to what the configuration says.
  [[nodiscard]] virtual Json reset_schedule() = 0;
  [[nodiscard]] virtual Result<Page> decisions(const PageRequest& request) = 0;
  [[nodiscard]] virtual Json decision(const std::string& id) = 0;
  [[nodiscard]] virtual Json explanation(const std::string& id, std::optional<int> order) = 0;
  [[nodiscard]] virtual Json plugins() = 0;
};

}  // namespace rebalancer::http
