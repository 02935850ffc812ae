#include "runtime/resolve.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <netdb.h>
#include <sys/socket.h>
#include <thread>

namespace rebalancer {
namespace {

struct Lookup {
  std::mutex mutex;
  std::condition_variable_any changed;
  bool done = false;
  int code = 0;
  std::vector<std::string> addresses;
};

void look_up(const std::string& host, Lookup& lookup) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  // Only kinds of addresses that this machine has; the loopback does not count as having one.
  if (host != "localhost") hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int code = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  std::vector<std::string> addresses;
  for (const addrinfo* at = code == 0 ? found : nullptr; at != nullptr; at = at->ai_next) {
    char text[NI_MAXHOST];
    if (getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0) {
      addresses.emplace_back(text);
    }
  }
  if (found != nullptr) freeaddrinfo(found);
  const std::lock_guard lock(lookup.mutex);
  lookup.done = true;
  lookup.code = code;
  lookup.addresses = std::move(addresses);
  lookup.changed.notify_all();
}

}  // namespace

tl::expected<std::vector<std::string>, Unresolved> resolve(const std::string& host, std::chrono::milliseconds patience,
                                                           const std::stop_token& stop) {
  const auto lookup = std::make_shared<Lookup>();
  std::thread([lookup, host] { look_up(host, *lookup); }).detach();

  const auto no = [](std::string why, bool transient) { return tl::unexpected(Unresolved{std::move(why), transient}); };
  std::unique_lock lock(lookup->mutex);
  if (!lookup->changed.wait_for(lock, stop, patience, [&] { return lookup->done; })) {
    if (stop.stop_requested()) return no("stopped", false);
    return no("its name was not resolved in time", true);
  }
  if (lookup->code != 0) return no(gai_strerror(lookup->code), lookup->code == EAI_AGAIN);
  if (lookup->addresses.empty()) return no("its name has no address", false);
  return lookup->addresses;
}

}  // namespace rebalancer
