#include "services/trading_mode.hpp"

namespace rebalancer {

Result<Paper> Paper::enter(Broker& broker, std::string_view broker_name) {
  const auto able = broker.capabilities();
  if (!able) return fail(able.error());
  if (!able->simulated) {
    return fail(ErrorCode::rejected, "mode is paper, but broker {} is not simulated: orders would cost real money",
                broker_name);
  }
  auto account = broker.account();
  if (!account) return fail(account.error());
  return Paper(broker, std::move(account->id));
}

Result<Live> Live::enter(Broker& broker, std::string_view broker_name, std::string_view account_id) {
  const auto able = broker.capabilities();
  if (!able) return fail(able.error());
  if (able->simulated) {
    return fail(ErrorCode::rejected, "mode is live, but broker {} is simulated: name a real one, or say mode: paper",
                broker_name);
  }
  auto account = broker.account();
  if (!account) return fail(account.error());
  if (account_id.empty() || account->id != account_id) {
    return fail(ErrorCode::rejected, "the account at {} is \"{}\", live.account is \"{}\": nothing is sent",
                broker_name, account->id, account_id);
  }
  return Live(broker, std::move(account->id));
}

}  // namespace rebalancer
