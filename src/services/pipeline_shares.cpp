// Shares that came or went without an order: a split, a spin-off, a transfer.
#include <algorithm>

#include "services/derive.hpp"
#include "services/pipeline_run.hpp"

namespace rebalancer {

// After a split the shares are new ones while the last close is still of the old: multiplied, they are worth what
// nobody has. A close of the day on which they moved, or of a later one, is of the new.
Result<void> Pipeline::Run::check_price_of_moved_shares() {
  for (const AccountMovement& movement : shares_moved) {
    const auto table = std::find_if(tables.begin(), tables.end(),
                                    [&](const BarTable& one) { return one.symbol() == *movement.symbol; });
    if (table == tables.end()) continue;  // none are left, so nothing is valued
    const Bar* last = last_priced_bar(*table);
    if (last == nullptr || movement.at <= parts().calendar.open(last->date)) continue;
    return fail(ErrorCode::rejected,
                "{}: {} shares moved on {} ({}), and the last close is of {}; nothing is decided before there is a "
                "close of the shares that are held now",
                *movement.symbol, movement.quantity.to_string(), movement.at.utc_date().to_string(), movement.kind,
                last->date.to_string());
  }
  if (book_after_moves) book_seen = book_after_moves;
  return {};
}

}  // namespace rebalancer
