#include "http/server.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "http/server_session.hpp"

namespace rebalancer::http {
namespace {

// Beyond the limit, so many at once are told why they are not served.
constexpr std::size_t refusing_max = 16;

// Names are compared as they stand in Host: lower case, IPv6 in brackets.
std::string host_form(const std::string& name) {
  std::string host = name.find(':') == std::string::npos || name.starts_with('[') ? name : '[' + name + ']';
  std::ranges::transform(host, host.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return host;
}

}  // namespace

struct Server::State final : SessionHouse, std::enable_shared_from_this<Server::State> {
  State(EventLoop& the_loop, Clock& the_clock, ServerSettings the_settings, std::vector<Surface> the_surfaces)
      : SessionHouse(the_loop, the_clock), settings(std::move(the_settings)), surfaces(std::move(the_surfaces)) {
    limits = settings.limits;
    rules.tls = settings.tls.has_value();
    rules.token = settings.token;
    rules.hosts = {"localhost", "127.0.0.1", "[::1]"};
    // Who listens everywhere is asked for by names, and those must be told.
    if (settings.bind != "0.0.0.0" && settings.bind != "::") rules.hosts.push_back(host_form(settings.bind));
    for (const std::string& name : settings.hosts) rules.hosts.push_back(host_form(name));
    date = http_date(clock.now());
  }

  Result<std::vector<int>> listen();
  void accepted(const Surface& surface, std::unique_ptr<Stream> stream);
  void evict_one();
  void tick();
  void drain(std::chrono::milliseconds limit, std::function<void()> done);
  void end_drain();
  void close_all();
  void gone(Session& session) override;

  ServerSettings settings;
  std::vector<Surface> surfaces;  // sessions point into it
  std::vector<std::unique_ptr<Listener>> listeners;
  std::unordered_map<Session*, std::shared_ptr<Session>> sessions;
  std::uint64_t accepted_total = 0;
  std::uint64_t evicted_total = 0;
  std::function<void()> drained;
};

Result<std::vector<int>> Server::State::listen() {
  std::shared_ptr<TlsIdentity> identity;
  if (settings.tls) {
    auto loaded = load_tls_identity(*settings.tls);
    if (!loaded) return fail(loaded.error());
    identity = *std::move(loaded);
  }
  std::vector<std::unique_ptr<Listener>> opened;
  std::vector<int> ports;
  for (const Surface& surface : surfaces) {
    auto listener = open_listener(loop, settings.bind, surface.port, identity);
    if (!listener) return fail(listener.error());
    ports.push_back((*listener)->port());
    opened.push_back(*std::move(listener));
  }
  rules.ports = ports;
  listeners = std::move(opened);
  for (std::size_t i = 0; i < surfaces.size(); ++i) {
    listeners[i]->start([weak = weak_from_this(), &surface = surfaces[i]](std::unique_ptr<Stream> stream) {
      if (const auto state = weak.lock()) state->accepted(surface, std::move(stream));
    });
  }
  loop.every(limits.tick, [weak = weak_from_this()] {
    if (const auto state = weak.lock()) state->tick();
  });
  return ports;
}

void Server::State::accepted(const Surface& surface, std::unique_ptr<Stream> stream) {
  ++accepted_total;
  if (draining) return stream->close();
  const auto busy = static_cast<std::size_t>(
      std::ranges::count_if(sessions, [](const auto& entry) { return entry.second->at_work(); }));
  const bool full = busy >= limits.connections_max;
  if (full && sessions.size() >= limits.connections_max + refusing_max) return stream->close();
  while (!full && sessions.size() >= limits.connections_max) evict_one();
  const auto session = std::make_shared<Session>(shared_from_this(), surface, std::move(stream));
  sessions.emplace(session.get(), session);
  full ? session->start_refusing() : session->start();
}

// The one that has waited longest without a whole request; there is one, or every session would be at work. Whoever has
// never sent a whole request goes first, so that a burst of strangers does not end the connections of clients that only
// pause between two questions; but those hold no more than half of the waiting places against newcomers.
void Server::State::evict_one() {
  std::shared_ptr<Session> oldest_proven;
  std::shared_ptr<Session> oldest_stranger;
  std::size_t waiting = 0;
  std::size_t proven = 0;
  for (const auto& [key, session] : sessions) {
    if (session->at_work()) continue;
    ++waiting;
    proven += session->is_proven();
    std::shared_ptr<Session>& oldest = session->is_proven() ? oldest_proven : oldest_stranger;
    if (!oldest || session->waiting_since() < oldest->waiting_since()) oldest = session;
  }
  const bool take_stranger = oldest_stranger && (!oldest_proven || 2 * proven <= waiting ||
                                                 oldest_stranger->waiting_since() < oldest_proven->waiting_since());
  ++evicted_total;
  (take_stranger ? oldest_stranger : oldest_proven)->close();
}

void Server::State::tick() {
  date = http_date(clock.now());
  const auto now = clock.monotonic();
  std::vector<std::shared_ptr<Session>> all;  // closing takes them out of the map
  all.reserve(sessions.size());
  for (const auto& [key, session] : sessions) all.push_back(session);
  for (const auto& session : all) session->look_at_deadline(now);
}

void Server::State::drain(std::chrono::milliseconds limit, std::function<void()> done) {
  draining = true;
  drained = std::move(done);
  listeners.clear();
  std::vector<std::shared_ptr<Session>> waiting;
  for (const auto& [key, session] : sessions) {
    if (session->waits_for_request()) waiting.push_back(session);
  }
  for (const auto& session : waiting) session->close();
  if (sessions.empty()) return end_drain();
  loop.after(limit, [weak = weak_from_this()] {
    if (const auto state = weak.lock()) state->close_all();
  });
}

void Server::State::end_drain() {
  // Not from within a session that is just closing.
  if (auto done = std::exchange(drained, {})) loop.post(std::move(done));
}

void Server::State::close_all() {
  const auto all = std::exchange(sessions, {});
  for (const auto& [key, session] : all) session->close();
  end_drain();
}

void Server::State::gone(Session& session) {
  const auto entry = sessions.find(&session);
  if (entry == sessions.end()) return;
  const auto kept = entry->second;  // it is still running
  sessions.erase(entry);
  if (draining && sessions.empty()) end_drain();
}

Server::Server(EventLoop& loop, Clock& clock, ServerSettings settings, std::vector<Surface> surfaces, Observer observer)
    : state_(std::make_shared<State>(loop, clock, std::move(settings), std::move(surfaces))) {
  state_->observer = std::move(observer);
}

Server::~Server() {
  *state_->over = true;
  state_->listeners.clear();
  state_->drained = {};
  state_->observer = {};
  state_->close_all();
}

Result<std::vector<int>> Server::listen() { return state_->listen(); }

void Server::drain(std::chrono::milliseconds limit, std::function<void()> done) {
  state_->drain(limit, std::move(done));
}

ServerCounts Server::counts() const {
  ServerCounts counts;
  counts.connections = state_->sessions.size();
  counts.requests_at_work = static_cast<std::size_t>(
      std::ranges::count_if(state_->sessions, [](const auto& entry) { return entry.second->at_work(); }));
  counts.connections_accepted = state_->accepted_total;
  counts.connections_evicted = state_->evicted_total;
  return counts;
}

}  // namespace rebalancer::http
