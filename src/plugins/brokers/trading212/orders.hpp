// Our orders at a broker that keeps no client ids: what was there before an order went out, which of the broker's
// orders it became, and the proof that it became none.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client.hpp"
#include "ledger.hpp"

namespace trading212 {

// What an order came to: `filled` is what its fills prove.
struct Standing {
  WireOrder order;
  std::vector<WireFill> fills;
  Decimal filled;
};

class Orders {
 public:
  Orders(rebalancer::sdk::Host host, Client& client, Ledger& ledger, std::int64_t settle_ns)
      : host_(host), client_(client), ledger_(ledger), settle_ns_(settle_ns) {}

  // Completes an entry with the account as it is now. Throws RB_EXHAUSTED before asking anything when one of the looks
  // would be refused.
  void take_stock(Entry& entry);
  // Fills in which order of the broker it is, for good. Throws RB_NOT_FOUND when a look showed none and the position is
  // as it was before, RB_UNAVAILABLE when that cannot be told, RB_CONFLICT when it never will. A look that is recent
  // serves again, unless another one is wanted and allowed.
  enum class Look { recent, fresh };
  void identify(Entry& entry, Look look);
  // After identify() found none: looks of it, the settle time apart and more, have found none.
  [[nodiscard]] bool is_absence_proved(const Entry& entry) const;
  // How old a look may be that serves again: looks for one order take of what all orders share.
  [[nodiscard]] static std::int64_t look_period_ns(std::int64_t settle_ns);
  // Of an order that is identified. Throws RB_UNAVAILABLE when the broker shows it nowhere.
  [[nodiscard]] Standing standing(const Entry& entry);
  // All that are pending, also those that are not ours.
  [[nodiscard]] std::vector<WireOrder> pending() { return recent_pending(); }
  // Those of `orders` that are ours by all that can be seen: by the broker's id, the id of ours. One that could be two
  // of ours, or is one of two that could be ours, is nobody's.
  [[nodiscard]] std::map<std::string, std::string> owners_of(const std::vector<WireOrder>& orders);
  [[nodiscard]] Standing pending_standing(const WireOrder& order);
  // Something was carried out: what was read before says nothing any more.
  void forget() {
    pending_.reset();
    history_.reset();
    looks_.clear();
  }

 private:
  // What the order is, was read once and is read again by every order that asks within the limit's period: an order's
  // state only ever goes forward. Never used for a proof, and never before an order is sent.
  struct Pending {
    std::vector<WireOrder> orders;
    std::int64_t at;
  };
  struct History {
    std::vector<WireItem> items;
    std::string next;
    std::int64_t at;
  };

  // How a look for one order ended that found none.
  struct LookMade {
    std::int64_t at;
    rb_code code;
    std::string why;
  };

  [[nodiscard]] static bool could_be(const Entry& entry, const WireOrder& order);
  void look_for(Entry& entry, const std::string& what, std::int64_t now);
  [[nodiscard]] std::set<std::string> candidates(const Entry& entry);
  [[nodiscard]] const std::vector<WireOrder>& recent_pending();
  [[nodiscard]] bool is_recent(std::int64_t at, std::int64_t period_ns) const;
  void read_history();
  [[nodiscard]] std::optional<Standing> in_history(const std::string& id, bool whole) const;
  [[nodiscard]] std::vector<WireItem> history_since(const std::string& ticker, std::int64_t from);
  [[nodiscard]] std::int64_t held(const std::string& ticker);
  void check_looks() const;

  rebalancer::sdk::Host host_;
  Client& client_;
  Ledger& ledger_;
  std::int64_t settle_ns_;
  std::optional<Pending> pending_;
  std::optional<History> history_;
  std::map<std::string, LookMade> looks_;  // by client id
};

// All that was paid beside the price. Throws BadAnswer when that is in another currency than the account's.
[[nodiscard]] Decimal fee_of(const Standing& standing, const std::string& currency);
// The average of the fills, to the nearest billionth. Throws BadAnswer when it is out of range.
[[nodiscard]] Decimal average_price(const Standing& standing);

}  // namespace trading212
