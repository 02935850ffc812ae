#include "account.hpp"

namespace trading212 {

namespace sdk = rebalancer::sdk;
using sdk::Failure;

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t day_ns = 86'400 * second_ns;
constexpr std::int64_t summary_period_ns = 5 * second_ns;

}  // namespace

// The ledger is of one account: with the ids of another one it would prove that orders never existed.
void AccountBook::recognise(const Json& account) {
  const std::string id = id_of(account, "id", "the account");
  const std::string currency = Fields(account, "the account").text("currency");
  const auto known = ledger_.fact("account");
  const std::string whole = (demo_ ? "demo " : "live ") + id;
  if (known && known->value != whole) {
    throw Failure(RB_REJECTED, fmt::format("the file of broker.path belongs to the account {}, the keys to {}; use "
                                           "one file for each account",
                                           known->value, whole));
  }
  if (!known) ledger_.set_fact("account", whole, host_.now());
  id_ = id;
  currency_ = currency;
}

const Json& AccountBook::summary() {
  const std::int64_t now = host_.now();
  const bool recent = summary_ && now - summary_at_ >= 0 && now - summary_at_ < summary_period_ns;
  if (recent) return *summary_;
  summary_.reset();
  Json json = client_.account();
  understood(RB_UNAVAILABLE, [&] {
    recognise(json);
    return 0;
  });
  summary_at_ = now;
  return summary_.emplace(std::move(json));
}

const std::string& AccountBook::id() {
  if (id_.empty()) static_cast<void>(summary());
  return id_;
}

const std::string& AccountBook::currency() {
  if (currency_.empty()) static_cast<void>(summary());
  return currency_;
}

const Instruments& AccountBook::instruments() {
  const std::string& account_currency = currency();
  const auto is_new = [&](std::int64_t at) { return host_.now() - at >= 0 && host_.now() - at < day_ns; };
  if (instruments_ && is_new(instruments_at_)) return *instruments_;
  auto kept = ledger_.fact("instruments");
  if (!kept || !is_new(kept->at)) {
    try {
      const std::string text = client_.instruments();
      const std::int64_t now = host_.now();
      static_cast<void>(instruments_in(text));
      ledger_.set_fact("instruments", text, now);
      kept = Ledger::Fact{text, now};
    } catch (const Failure& failure) {
      if (!kept) throw;
      host_.warning(fmt::format("the list of instruments cannot be renewed, the one of {} is used: {}",
                                Instant::from_nanoseconds(kept->at).to_string(), failure.why()));
    }
  }
  instruments_ = std::make_unique<Instruments>(instruments_in(kept->value), chosen_, account_currency);
  instruments_at_ = kept->at;
  return *instruments_;
}

const WireInstrument& AccountBook::instrument_of(const std::string& ticker) {
  const WireInstrument* found = instruments().of_ticker(ticker);
  if (found != nullptr) return *found;
  throw Failure(RB_UNAVAILABLE, fmt::format("{} is in the list of instruments no more, so the unit of its prices is "
                                            "not known",
                                            ticker));
}

}  // namespace trading212
