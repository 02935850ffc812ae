// The C++ face of the contract: a base class and a macro per kind. Derive, override, register; see docs/plugins.md.
//
//   class EqualWeight final : public rebalancer::sdk::Strategy {
//    public:
//     using Strategy::Strategy;
//     void weigh(const Problem& problem, std::span<double> weights) override {
//       std::ranges::fill(weights, 1.0 / double(problem.symbols().size()));
//     }
//   };
//   REBALANCER_STRATEGY(EqualWeight, "equal_weight", "1.0.0", "The same weight for every symbol.", "{}")
//
// Throw Failure{RB_INVALID, "why"} to refuse; any other exception becomes RB_INTERNAL. Nothing leaves a thunk but a
// code.
#pragma once
#include <charconv>
#include <cstddef>
#include <exception>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <rebalancer/plugin.h>

namespace rebalancer::sdk {

inline std::string_view view(rb_str text) { return {text.data, static_cast<std::size_t>(text.size)}; }
constexpr rb_str str(std::string_view text) { return {text.data(), text.size()}; }

// What a plugin throws to say no; `code` is an rb_code.
class Failure : public std::exception {
 public:
  Failure(rb_code code, std::string why) : code_(code), why_(std::move(why)) {}
  [[nodiscard]] rb_code code() const noexcept { return code_; }
  [[nodiscard]] const std::string& why() const noexcept { return why_; }
  [[nodiscard]] const char* what() const noexcept override { return why_.c_str(); }

 private:
  rb_code code_;
  std::string why_;
};

struct HttpResponse {
  int status = 0;
  std::string headers;  // "Name: value\r\n" lines
  std::string body;
};

// The program, as a plugin sees it. Cheap to copy; valid as long as the instance.
class Host {
 public:
  explicit Host(const rb_host* host) : host_(host) {}

  void debug(std::string_view text) const { host_->log(host_->self, 0, str(text)); }
  void info(std::string_view text) const { host_->log(host_->self, 1, str(text)); }
  void warning(std::string_view text) const { host_->log(host_->self, 2, str(text)); }
  void error(std::string_view text) const { host_->log(host_->self, 3, str(text)); }
  [[nodiscard]] bool cancelled() const { return host_->cancelled(host_->self) != 0; }
  [[nodiscard]] rb_instant now() const { return host_->now(host_->self); }
  void progress(std::uint64_t done, std::uint64_t total) const { host_->progress(host_->self, done, total); }

  // A scalar of the configuration as text; nothing when it is not set and the schema has no default.
  [[nodiscard]] std::optional<std::string> setting(std::string_view name) const {
    std::string text;
    const auto take = [](void* ctx, rb_str value) { static_cast<std::string*>(ctx)->assign(view(value)); };
    if (host_->setting(host_->self, str(name), take, &text) != RB_OK) return std::nullopt;
    return text;
  }
  // Throws Failure when it is not set or not a number.
  [[nodiscard]] double number(std::string_view name) const {
    const auto text = setting(name);
    double value = 0;
    const char* const end = text ? text->data() + text->size() : nullptr;
    const auto read = text ? std::from_chars(text->data(), end, value) : std::from_chars_result{};
    if (!text || read.ec != std::errc() || read.ptr != end)
      throw Failure(RB_INVALID, std::string(name) + " must be a number");
    return value;
  }
  [[nodiscard]] std::string text(std::string_view name) const {
    auto value = setting(name);
    if (!value) throw Failure(RB_INVALID, std::string(name) + " is not set");
    return *std::move(value);
  }
  [[nodiscard]] bool flag(std::string_view name) const { return text(name) == "true"; }

  // Throws Failure when there is no answer at all; any HTTP status is an answer.
  [[nodiscard]] HttpResponse http(std::string_view method, std::string_view url, std::string_view headers = {},
                                  std::string_view body = {}, std::int64_t timeout_ms = 10'000) const {
    const rb_http_request request{sizeof(rb_http_request), str(method), str(url), str(headers), str(body), timeout_ms};
    HttpResponse response;
    const auto take = [](void* ctx, std::int32_t status, rb_str lines, rb_str content) {
      auto& out = *static_cast<HttpResponse*>(ctx);
      out.status = status;
      out.headers.assign(view(lines));
      out.body.assign(view(content));
    };
    const std::int32_t code = host_->http(host_->self, &request, take, &response);
    // The host has recorded why; an empty text keeps its sentence.
    if (code != RB_OK) throw Failure(static_cast<rb_code>(code), "");
    return response;
  }
  std::int32_t fail(std::int32_t code, std::string_view why) const { return host_->fail(host_->self, code, str(why)); }

 private:
  const rb_host* host_;
};

class Instance {
 public:
  Instance(Host host, std::string_view /*config_json*/) : host_(host) {}
  virtual ~Instance() = default;
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;
  [[nodiscard]] const Host& host() const { return host_; }

 private:
  Host host_;
};

// ---- one base class per kind ----

class Provider : public Instance {
 public:
  using Instance::Instance;
  // Calls `emit` once per symbol, in any order; a symbol without bars is emitted with none. No symbols: all it knows.
  struct Emit {
    rb_on_bars on_bars;
    void* ctx;
    void operator()(std::string_view symbol, std::span<const rb_bar> bars, std::string_view source,
                    rb_basis basis = RB_RAW) const {
      const rb_bars out{sizeof(rb_bars), str(symbol), str(source), basis, 0, bars.data(), bars.size()};
      on_bars(ctx, &out);
    }
  };
  virtual void bars(std::span<const rb_str> symbols, rb_date from, rb_date to, const Emit& emit) = 0;
};

class Problem {
 public:
  explicit Problem(const rb_problem* problem) : problem_(problem) {}
  [[nodiscard]] const rb_problem& raw() const { return *problem_; }
  [[nodiscard]] const rb_frame& prices() const { return *problem_->prices; }
  [[nodiscard]] std::span<const rb_str> symbols() const { return {prices().symbols, columns()}; }
  [[nodiscard]] std::span<const double> lower() const { return {problem_->lower, columns()}; }
  [[nodiscard]] std::span<const double> upper() const { return {problem_->upper, columns()}; }
  [[nodiscard]] std::span<const rb_group> groups() const {
    return {problem_->groups, static_cast<std::size_t>(problem_->group_count)};
  }
  [[nodiscard]] std::span<const double> current() const {
    return problem_->current == nullptr ? std::span<const double>() : std::span(problem_->current, columns());
  }
  // Since ABI 1.2; without limit: infinity, 0 positions. A strategy that cannot keep a limit refuses it.
  [[nodiscard]] double cost_quadratic() const { return problem_->cost_quadratic; }
  [[nodiscard]] double ewma_decay() const { return problem_->ewma_decay; }
  [[nodiscard]] std::span<const double> benchmark() const {  // one price per row, or empty
    if (problem_->benchmark == nullptr) return {};
    return {problem_->benchmark, static_cast<std::size_t>(prices().rows)};
  }
  [[nodiscard]] double tracking_error_max() const { return problem_->tracking_error_max; }
  [[nodiscard]] double turnover_max() const { return problem_->turnover_max; }
  [[nodiscard]] double gross_max() const { return problem_->gross_max; }
  [[nodiscard]] double position_min() const { return problem_->position_min; }
  [[nodiscard]] std::size_t positions_max() const { return static_cast<std::size_t>(problem_->positions_max); }

 private:
  [[nodiscard]] std::size_t columns() const { return static_cast<std::size_t>(prices().cols); }
  const rb_problem* problem_;
};

class Strategy : public Instance {
 public:
  using Instance::Instance;
  using Problem = sdk::Problem;
  // What goes out besides the weights.
  struct Report {
    double objective = std::numeric_limits<double>::quiet_NaN();
    double kkt_residual = std::numeric_limits<double>::quiet_NaN();
    double duality_gap = std::numeric_limits<double>::quiet_NaN();
    double max_violation = std::numeric_limits<double>::quiet_NaN();
    std::string json;
  };
  // Fill one weight per symbol, summing to 1. Override this one,
  virtual void weigh(const Problem& /*problem*/, std::span<double> /*weights*/) {
    throw Failure(RB_INTERNAL, "this strategy overrides neither weigh nor solve");
  }
  // or this one, when there is more to say than the weights.
  virtual void solve(const Problem& problem, std::span<double> weights, Report& /*report*/) { weigh(problem, weights); }
};

class Analytic : public Instance {
 public:
  using Instance::Instance;
  [[nodiscard]] virtual std::string run(const rb_frame& prices, std::string_view request_json) = 0;
};

class Broker : public Instance {
 public:
  using Instance::Instance;
  template <class T>
  struct Emit {
    void (*on_value)(void*, const T*);
    void* ctx;
    void operator()(const T& value) const { on_value(ctx, &value); }
  };
  virtual void capabilities(rb_capabilities& out) = 0;
  virtual void account(const Emit<rb_account>& emit) = 0;
  virtual void positions(const Emit<rb_position>& emit) = 0;
  virtual void submit(const rb_order& order, const Emit<rb_order_report>& emit) = 0;
  virtual void find_order(std::string_view client_id, const Emit<rb_order_report>& emit) = 0;  // Failure RB_NOT_FOUND
  virtual void open_orders(const Emit<rb_order_report>& emit) = 0;
  virtual void cancel(std::string_view client_id) = 0;
  virtual void fills(std::string_view client_id, const Emit<rb_fill>& emit) = 0;
  virtual void set_marks(std::span<const rb_mark> /*marks*/, rb_date /*session*/) {}
  // What changed the account at `from` or later and was no order: RB_NOT_FOUND says that this broker cannot tell.
  virtual void movements(rb_instant /*from*/, const Emit<rb_movement>& /*emit*/) {
    throw Failure(RB_NOT_FOUND, "this broker does not tell what moves an account beside orders");
  }
};

class Store : public Instance {
 public:
  using Instance::Instance;
  [[nodiscard]] virtual std::uint64_t write(const rb_bars& bars, rb_instant known_at) = 0;
  // Emits the symbol's table once, without bars when it was never seen.
  virtual void read(std::string_view symbol, rb_date from, rb_date to, rb_instant known_by,
                    const Provider::Emit& emit) = 0;
  [[nodiscard]] virtual std::optional<std::pair<rb_date, rb_date>> range(std::string_view symbol) = 0;
  [[nodiscard]] virtual std::vector<std::string> symbols() = 0;
};

// ---- thunks: the only way across ----

namespace detail {

// Runs `call`; whatever it throws becomes a code and a sentence.
template <class Call>
std::int32_t guard(const Host& host, Call&& call) noexcept {
  try {
    call();
    return RB_OK;
  } catch (const Failure& failure) {
    // Whoever throws has not succeeded, whatever code it says.
    const std::int32_t code = failure.code() == RB_OK ? RB_INTERNAL : failure.code();
    return failure.why().empty() ? code : host.fail(code, failure.why());
  } catch (const std::exception& error) {
    return host.fail(RB_INTERNAL, error.what());
  } catch (...) {
    return host.fail(RB_INTERNAL, "threw something that is not an exception");
  }
}

template <class Kind, class Call>
std::int32_t enter(void* self, Call&& call) noexcept {
  auto& instance = *static_cast<Kind*>(self);
  return guard(instance.host(), [&] { call(instance); });
}

// `self` is always the kind's base class, so that the thunks need not know the derived one.
template <class Kind, class T>
void* create(const rb_host* host, rb_str config_json) noexcept {
  void* instance = nullptr;
  guard(Host(host), [&] { instance = static_cast<Kind*>(new T(Host(host), view(config_json))); });
  return instance;
}
template <class Kind>
void destroy(void* self) noexcept {
  delete static_cast<Kind*>(self);
}

template <std::uint32_t flags>
constexpr rb_provider provider_api{
    sizeof(rb_provider), flags, 0,
    [](void* self, const rb_str* symbols, std::uint64_t count, rb_date from, rb_date to, rb_on_bars on_bars,
       void* ctx) -> std::int32_t {
      return enter<Provider>(self, [&](Provider& provider) {
        provider.bars({symbols, static_cast<std::size_t>(count)}, from, to, Provider::Emit{on_bars, ctx});
      });
    }};

inline constexpr rb_strategy strategy_api{
    sizeof(rb_strategy),
    [](void* self, const rb_problem* problem, rb_on_allocation on_allocation, void* ctx) -> std::int32_t {
      return enter<Strategy>(self, [&](Strategy& strategy) {
        // Small problems, the common case, allocate nothing.
        constexpr std::size_t small = 64;
        double room[small];
        std::vector<double> more;
        const auto columns = static_cast<std::size_t>(problem->prices->cols);
        if (columns > small) more.resize(columns);
        const std::span<double> weights(columns > small ? more.data() : room, columns);
        for (double& weight : weights) weight = std::numeric_limits<double>::quiet_NaN();
        Strategy::Report report;
        strategy.solve(Problem(problem), weights, report);
        const rb_allocation out{sizeof(rb_allocation), weights.data(),       report.objective, report.kkt_residual,
                                report.duality_gap,    report.max_violation, str(report.json)};
        on_allocation(ctx, &out);
      });
    }};

inline constexpr rb_analytic analytic_api{
    sizeof(rb_analytic),
    [](void* self, const rb_frame* prices, rb_str request_json, rb_on_text on_text, void* ctx) -> std::int32_t {
      return enter<Analytic>(self, [&](Analytic& analytic) {
        const std::string answer = analytic.run(*prices, view(request_json));
        on_text(ctx, str(answer));
      });
    }};

inline constexpr rb_broker broker_api{
    sizeof(rb_broker),
    [](void* self, rb_capabilities* out) -> std::int32_t {
      return enter<Broker>(self, [&](Broker& broker) { broker.capabilities(*out); });
    },
    [](void* self, rb_on_account on_account, void* ctx) -> std::int32_t {
      return enter<Broker>(self, [&](Broker& broker) { broker.account({on_account, ctx}); });
    },
    [](void* self, rb_on_position on_position, void* ctx) -> std::int32_t {
      return enter<Broker>(self, [&](Broker& broker) { broker.positions({on_position, ctx}); });
    },
    [](void* self, const rb_order* order, rb_on_order on_order, void* ctx) -> std::int32_t {
      return enter<Broker>(self, [&](Broker& broker) { broker.submit(*order, {on_order, ctx}); });
    },
    [](void* self, rb_str client_id, rb_on_order on_order, void* ctx) -> std::int32_t {
      return enter<Broker>(self, [&](Broker& broker) { broker.find_order(view(client_id), {on_order, ctx}); });
    },
    [](void* self, rb_on_order on_order, void* ctx) -> std::int32_t {
      return enter<Broker>(self, [&](Broker& broker) { broker.open_orders({on_order, ctx}); });
    },
    [](void* self, rb_str client_id) -> std::int32_t {
      return enter<Broker>(self, [&](Broker& broker) { broker.cancel(view(client_id)); });
    },
    [](void* self, rb_str client_id, rb_on_fill on_fill, void* ctx) -> std::int32_t {
      return enter<Broker>(self, [&](Broker& broker) { broker.fills(view(client_id), {on_fill, ctx}); });
    },
    [](void* self, const rb_mark* marks, std::uint64_t count, rb_date session) -> std::int32_t {
      return enter<Broker>(self, [&](Broker& broker) {
        broker.set_marks({marks, static_cast<std::size_t>(count)}, session);
      });
    },
    [](void* self, rb_instant from, rb_on_movement on_movement, void* ctx) -> std::int32_t {
      return enter<Broker>(self, [&](Broker& broker) { broker.movements(from, {on_movement, ctx}); });
    }};

inline constexpr rb_store store_api{
    sizeof(rb_store),
    [](void* self, const rb_bars* bars, rb_instant known_at, std::uint64_t* new_count) -> std::int32_t {
      return enter<Store>(self, [&](Store& store) { *new_count = store.write(*bars, known_at); });
    },
    [](void* self, rb_str symbol, rb_date from, rb_date to, rb_instant known_by, rb_on_bars on_bars,
       void* ctx) -> std::int32_t {
      return enter<Store>(self, [&](Store& store) {
        store.read(view(symbol), from, to, known_by, Provider::Emit{on_bars, ctx});
      });
    },
    [](void* self, rb_str symbol, rb_date* first, rb_date* last) -> std::int32_t {
      return enter<Store>(self, [&](Store& store) {
        const auto range = store.range(view(symbol));
        if (!range) throw Failure(RB_NOT_FOUND, std::string(view(symbol)) + " was never stored");
        *first = range->first;
        *last = range->second;
      });
    },
    [](void* self, rb_on_text on_text, void* ctx) -> std::int32_t {
      return enter<Store>(self, [&](Store& store) {
        for (const std::string& symbol : store.symbols()) on_text(ctx, str(symbol));
      });
    }};

template <class Kind, class T>
constexpr rb_plugin describe(std::uint32_t kind, std::string_view name, std::string_view version,
                             std::string_view summary, std::string_view schema, const void* api) {
  return {RB_MAGIC,     RB_ABI_MAJOR, RB_ABI_MINOR,     kind,           str(name), str(version),
          str(summary), str(schema),  &create<Kind, T>, &destroy<Kind>, api};
}

}  // namespace detail
}  // namespace rebalancer::sdk

// name: [a-z][a-z0-9_]*, version: "1.0.0", summary: one sentence, schema: JSON Schema text of the options, "{}" for
// none.
#define REBALANCER_PLUGIN_OF(Kind, kind, T, api, name, version, summary, schema) \
  extern "C" RB_EXPORT const rb_plugin rebalancer_plugin;                        \
  constinit const rb_plugin rebalancer_plugin =                                  \
      rebalancer::sdk::detail::describe<Kind, T>(kind, name, version, summary, schema, &rebalancer::sdk::detail::api);

#define REBALANCER_PROVIDER(T, name, version, summary, schema) \
  REBALANCER_PLUGIN_OF(rebalancer::sdk::Provider, RB_PROVIDER, T, provider_api<0>, name, version, summary, schema)
// A provider on this machine that may be asked for everything each time, so that an edited file is seen.
#define REBALANCER_LOCAL_PROVIDER(T, name, version, summary, schema)                                              \
  REBALANCER_PLUGIN_OF(rebalancer::sdk::Provider, RB_PROVIDER, T, provider_api<RB_LOCAL>, name, version, summary, \
                       schema)
// A provider whose prices are made up: every output says so.
#define REBALANCER_SIMULATED_PROVIDER(T, name, version, summary, schema)                                       \
  REBALANCER_PLUGIN_OF(rebalancer::sdk::Provider, RB_PROVIDER, T, provider_api<RB_SIMULATED | RB_LOCAL>, name, \
                       version, summary, schema)
#define REBALANCER_BROKER(T, name, version, summary, schema) \
  REBALANCER_PLUGIN_OF(rebalancer::sdk::Broker, RB_BROKER, T, broker_api, name, version, summary, schema)
#define REBALANCER_STRATEGY(T, name, version, summary, schema) \
  REBALANCER_PLUGIN_OF(rebalancer::sdk::Strategy, RB_STRATEGY, T, strategy_api, name, version, summary, schema)
#define REBALANCER_ANALYTIC(T, name, version, summary, schema) \
  REBALANCER_PLUGIN_OF(rebalancer::sdk::Analytic, RB_ANALYTIC, T, analytic_api, name, version, summary, schema)
#define REBALANCER_STORE(T, name, version, summary, schema) \
  REBALANCER_PLUGIN_OF(rebalancer::sdk::Store, RB_STORE, T, store_api, name, version, summary, schema)
