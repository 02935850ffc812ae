// What was heard of orders, executions and commissions of one account, in whatever order and however often it came.
// An order is known by Interactive Brokers' permanent id and by our reference, never by its order id alone: those are
// counted per API client, and begin again when a gateway was restarted badly.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "messages.hpp"

namespace interactive_brokers {

struct KnownOrder {
  std::string reference;        // ours; empty until it is told
  std::int32_t api_client = 0;  // who placed it
  std::int32_t order_id = 0;    // 0: not told
  std::int64_t perm_id = 0;     // 0: not told yet
  Contract contract;
  std::optional<Decimal> quantity;
  std::string status;  // the last one told; empty: none
  Decimal filled;      // as the status has it
  std::optional<Decimal> average_price;
  std::string reason;        // what was said with it, or of it
  std::int32_t refusal = 0;  // the code of an error that says that it was refused
  bool completed = false;    // in the list of orders that are done
  std::uint64_t listed = 0;  // the last list of open orders it was in
};

struct KnownFill {
  Execution execution;
  std::int64_t correction = 0;  // a later one takes the place of an earlier one
};

// How much of an order is done, from its status and its executions, whichever knows more.
struct Progress {
  Decimal filled;
  std::optional<Decimal> average_price;
  Decimal fee;            // of the executions whose commission is known, and in the currency of the account
  bool fee_known = true;  // that is all of them
};

class Book {
 public:
  using Warn = std::function<void(const std::string&)>;
  Book(std::int32_t api_client, Warn warn) : api_client_(api_client), warn_(std::move(warn)) {}

  // The account whose messages count; what is of others is not looked at.
  void set_account(std::string account, std::string currency) {
    account_ = std::move(account);
    currency_ = std::move(currency);
  }

  // Before the first byte of it leaves.
  void place(std::int32_t order_id, std::string reference, const Contract& contract, Decimal quantity);
  // It surely never left.
  void take_back(std::int32_t order_id);

  void take(const OpenOrder& told);
  void take(const OrderStatus& told);
  void take(const CompletedOrder& told);
  void take(const Execution& told);
  void take(const Commission& told);
  // True when it is about an order that was placed here.
  bool take(const ErrorMessage& told);

  // A new list of open orders begins: its number.
  std::uint64_t begin_list() { return ++list_; }

  [[nodiscard]] const KnownOrder* placed(std::int32_t order_id) const;
  [[nodiscard]] std::vector<const KnownOrder*> with_reference(std::string_view reference) const;
  [[nodiscard]] const std::deque<KnownOrder>& orders() const { return orders_; }
  // With the reference; or without one and with the permanent id of an order that has it.
  [[nodiscard]] std::vector<const KnownFill*> fills(std::string_view reference) const;
  // Throws WireError when the sum of the executions cannot be.
  [[nodiscard]] Progress progress(const KnownOrder& order) const;
  [[nodiscard]] Progress progress(const std::vector<const KnownFill*>& fills) const;
  [[nodiscard]] const Commission* commission(std::string_view execution_id) const;
  // The highest order id that this API client was seen to use.
  [[nodiscard]] std::int32_t highest_order_id() const { return highest_order_id_; }

 private:
  KnownOrder* by_perm(std::int64_t perm_id);
  // The order that was placed here under this id, unless it is known to be another one.
  KnownOrder* by_placed(std::int32_t api_client, std::int32_t order_id, std::int64_t perm_id);
  void see(std::int32_t api_client, std::int32_t order_id);

  std::int32_t api_client_;
  Warn warn_;
  std::string account_, currency_;
  std::deque<KnownOrder> orders_;  // never moved: looked up by the maps
  std::map<std::int64_t, KnownOrder*> perms_;
  std::map<std::int32_t, KnownOrder*> placed_;
  std::map<std::string, KnownFill, std::less<>> fills_;  // by the execution's id without its correction
  std::map<std::string, Commission, std::less<>> commissions_;
  std::uint64_t list_ = 0;
  std::int32_t highest_order_id_ = 0;
};

// "0000e0d5.69dd7411.01.02": the execution, and 2, its second version. Version 0 when there is no number at the end.
struct ExecutionName {
  std::string_view base;
  std::int64_t correction = 0;
};
[[nodiscard]] ExecutionName execution_name(std::string_view id);

// What an error means for the order it is about.
enum class ErrorMeaning { refused, cancelled, remark, unclear };
[[nodiscard]] ErrorMeaning meaning_of(std::int32_t code);
// Farm states and the like: no error.
[[nodiscard]] bool is_notice(std::int32_t code);

}  // namespace interactive_brokers
