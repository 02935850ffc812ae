// The account behind the keys and the instruments as it sees them.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "client.hpp"
#include "instruments.hpp"
#include "ledger.hpp"

namespace trading212 {

class AccountBook {
 public:
  AccountBook(rebalancer::sdk::Host host, Client& client, Ledger& ledger, bool demo,
              std::map<std::string, std::string> chosen)
      : host_(host), client_(client), ledger_(ledger), demo_(demo), chosen_(std::move(chosen)) {}

  // The API tells it once in five seconds, and a run asks several times. Throws RB_REJECTED when the ledger is of
  // another account.
  [[nodiscard]] const Json& summary();
  // Something was carried out or filled: what was read before says nothing any more.
  void forget() { summary_.reset(); }
  // Whether what was read of the account may lack something that happened then, by the API's clock: it is not ours.
  [[nodiscard]] bool may_not_know_of(rebalancer::Instant at) const {
    constexpr std::int64_t clocks_apart_max_ns = 30'000'000'000;
    return at.nanoseconds() + clocks_apart_max_ns >= summary_at_;
  }
  [[nodiscard]] const std::string& id();
  [[nodiscard]] const std::string& currency();

  // Read once a day; kept in the ledger's file, because the API gives it once in 50 seconds.
  [[nodiscard]] const Instruments& instruments();
  [[nodiscard]] const WireInstrument& instrument_of(const std::string& ticker);

 private:
  void recognise(const Json& account);

  rebalancer::sdk::Host host_;
  Client& client_;
  Ledger& ledger_;
  bool demo_;
  std::map<std::string, std::string> chosen_;
  std::string id_, currency_;
  std::optional<Json> summary_;
  std::int64_t summary_at_ = 0;
  std::unique_ptr<Instruments> instruments_;
  std::int64_t instruments_at_ = 0;
};

}  // namespace trading212
