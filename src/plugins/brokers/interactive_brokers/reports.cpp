#include "reports.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

namespace interactive_brokers {
namespace {

constexpr std::array working{std::string_view("PendingSubmit"), std::string_view("PendingCancel"),
                             std::string_view("PreSubmitted"),  std::string_view("Submitted"),
                             std::string_view("ApiPending"),    std::string_view("")};

bool is_cancelled(std::string_view status) { return status == "Cancelled" || status == "ApiCancelled"; }

std::int32_t open_state(Decimal filled, const std::optional<Decimal>& quantity) {
  if (quantity && filled == *quantity) return RB_FILLED;
  return filled.is_positive() ? RB_PARTIAL : RB_OPEN;
}

std::int32_t ended_state(Decimal filled, bool refused) {
  return refused && filled.is_zero() ? RB_ORDER_REJECTED : RB_CANCELLED;
}

}  // namespace

bool is_final(std::int32_t state) { return state == RB_FILLED || state == RB_CANCELLED || state == RB_ORDER_REJECTED; }

Report report_of(const Book& book, const KnownOrder& order) {
  const Progress done = book.progress(order);
  Report report;
  report.filled = done.filled;
  report.average_price = done.average_price;
  report.fee = done.fee;
  report.fee_known = done.fee_known;
  const std::string name = fmt::format("order {}", order.reference.empty() ? "without a reference" : order.reference);
  if (order.quantity && done.filled > *order.quantity) {
    throw WireError(fmt::format("{}: {} of {} are filled", name, done.filled.to_string(), order.quantity->to_string()));
  }
  const std::string_view status = order.status;
  const bool refused = order.refusal != 0 || (order.completed && order.reason.starts_with("Rejected"));
  if (status == "Filled") {
    report.state = RB_FILLED;
    // The status runs ahead of the figures.
    report.complete = done.filled.is_positive() && (!order.quantity || done.filled == *order.quantity);
  } else if (is_cancelled(status)) {
    report.state = ended_state(done.filled, refused);
  } else if (status == "Inactive") {
    // Alone it says that the order does not work now: it may again, unless it was refused or is in the list of the
    // done.
    report.state =
        refused || order.completed ? ended_state(done.filled, true) : open_state(done.filled, order.quantity);
  } else if (order.refusal != 0) {
    report.state = ended_state(done.filled, true);
  } else {
    report.status_known = std::ranges::find(working, status) != working.end();
    report.state = open_state(done.filled, order.quantity);
  }
  // All of it is done, whatever was said of the rest.
  if (report.state == RB_CANCELLED && order.quantity && done.filled == *order.quantity) report.state = RB_FILLED;
  if (done.filled.is_positive() && !(done.average_price && done.average_price->is_positive())) report.complete = false;
  if (report.state != RB_FILLED) report.reason = order.reason;
  if (report.reason.empty() && is_final(report.state) && report.state != RB_FILLED) {
    report.reason = fmt::format("Interactive Brokers says {}", order.status);
  }
  return report;
}

}  // namespace interactive_brokers
