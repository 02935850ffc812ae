/* The whole contract between rebalancer and a plugin. C only, so any toolchain can build one.

   Three rules keep it simple. Inputs are borrowed for the call. Outputs leave through a callback the host passes in,
   so nothing allocated on one side is freed on the other. No exception may cross.

   The host never enters one instance from two threads at once. Structs with a `size` grow at their end: a reader looks
   only at what `size` covers. A function returns RB_OK, or host->fail(code, why). docs/plugins.md is the tutorial. */
#ifndef REBALANCER_PLUGIN_H
#define REBALANCER_PLUGIN_H
#include <stdint.h>
/* clang-format off */

#define RB_ABI_MAJOR 1       /* layout or meaning changed: other majors are refused */
#define RB_ABI_MINOR 3       /* something was appended: plugins with a lower minor still load */
#define RB_MAGIC 0x52425031u /* "RBP1" */

typedef struct rb_str { const char* data; uint64_t size; } rb_str; /* UTF-8, not NUL-terminated */
typedef int32_t rb_date;    /* days since 1970-01-01 */
typedef int64_t rb_instant; /* nanoseconds since 1970-01-01T00:00:00Z */
typedef int64_t rb_decimal; /* billionths: every price, quantity and amount of an order */

enum rb_kind { RB_PROVIDER = 1, RB_BROKER = 2, RB_STRATEGY = 3, RB_ANALYTIC = 4, RB_STORE = 5 };
enum rb_code {
  RB_OK = 0,
  RB_INVALID = 1,     /* the input breaks a rule */
  RB_NOT_FOUND = 2,   /* no such thing */
  RB_CONFLICT = 3,    /* parts contradict each other, such as infeasible constraints */
  RB_UNAVAILABLE = 4, /* cannot be reached; may work later */
  RB_REJECTED = 5,    /* the other side said no */
  RB_TIMEOUT = 6,     /* no answer: the outcome is unknown */
  RB_EXHAUSTED = 7,   /* a bound was reached */
  RB_INTERNAL = 8
};

/* ---- values ---- */

typedef struct rb_frame { /* column c is values[c * rows ... c * rows + rows - 1]; NaN: no price */
  uint64_t rows, cols;
  const rb_date* dates; /* strictly ascending */
  const rb_str* symbols;
  const double* values;
} rb_frame;

typedef struct rb_bar { /* as traded; NaN: not published; dividend 0 and split_ratio 1 when there was none */
  rb_date date;
  int32_t reserved;
  double open, high, low, close, volume, dividend, split_ratio;
} rb_bar;

enum rb_basis { RB_RAW = 0, RB_ADJUSTED = 1 };
typedef struct rb_bars { /* one symbol's bars, dates strictly ascending */
  uint64_t size;
  rb_str symbol, source;
  uint32_t basis, reserved;
  const rb_bar* bars;
  uint64_t count;
} rb_bars;

typedef struct rb_position { rb_str symbol; rb_decimal quantity; } rb_position;
typedef struct rb_account { /* equity 0: not told. buying_power: what a new buy may cost now, open buys taken off */
  uint64_t size;
  rb_str id, currency;
  rb_decimal cash, equity, buying_power;
} rb_account;

enum rb_side { RB_BUY = 1, RB_SELL = -1 };
typedef struct rb_order { /* limit_price 0: a market order */
  uint64_t size;
  rb_str client_id, symbol;
  int32_t side, reserved;
  rb_decimal quantity, limit_price;
} rb_order;

enum rb_order_state { RB_OPEN = 0, RB_PARTIAL = 1, RB_FILLED = 2, RB_CANCELLED = 3, RB_ORDER_REJECTED = 4 };
typedef struct rb_order_report {
  uint64_t size;
  rb_str client_id, broker_id, reason; /* reason: why it was rejected or cancelled */
  int32_t state, reserved;
  rb_decimal filled, average_price, fee; /* average_price 0: nothing filled */
} rb_order_report;

typedef struct rb_fill { /* id: unique for ever at this broker */
  uint64_t size;
  rb_str id, client_id, symbol;
  int32_t side, reserved;
  rb_decimal quantity, price, fee;
  rb_instant at;
} rb_fill;

typedef struct rb_movement { /* what changed the account and was no order of ours: a dividend, a deposit, a fee, a split */
  uint64_t size;
  rb_str id, kind, symbol, text; /* kind: a word; symbol: may be empty; text: for people */
  rb_decimal cash, quantity;     /* added to the cash, and to the position in `symbol`; negative: taken */
  rb_instant at;                 /* when it was booked; the day's start when only the day is known */
} rb_movement;

typedef struct rb_mark { rb_str symbol; rb_decimal price; } rb_mark;

/* RB_SIMULATED: no real money anywhere behind it. RB_EMBEDDED: it lives in the program and fills at the marks it is set. */
enum rb_flags { RB_SIMULATED = 1, RB_MARKET_ORDERS = 2, RB_LIMIT_ORDERS = 4, RB_LOCAL = 8, RB_EMBEDDED = 16 };
enum rb_dedupe { RB_DEDUPE_NONE = 0, RB_DEDUPE_WINDOW = 1, RB_DEDUPE_PERMANENT = 2 };
enum rb_lookup { RB_LOOKUP_NONE = 0, RB_LOOKUP_BY_TAG = 1, RB_LOOKUP_BY_CLIENT_ID = 2 };
typedef struct rb_capabilities {
  uint64_t size;
  uint32_t flags, dedupe, lookup, dedupe_window_s;
  rb_decimal quantity_increment; /* 1000000000: whole shares only */
  rb_decimal price_increment;
  rb_decimal order_value_min, commission_per_order;
  rb_decimal cost_rate; /* of the value traded: 500000 is 5 basis points */
  /* since 1.1: how long an accepted order may not be found by a look-up; the host sets 60 before the call */
  uint32_t lookup_lag_s, reserved;
} rb_capabilities;

typedef struct rb_group { /* lower <= sum of coefficients[i] * weight[i] <= upper */
  rb_str name;
  const double* coefficients; /* one per column of the prices */
  double lower, upper;
} rb_group;

typedef struct rb_problem { /* weights are wanted that sum to 1 within these bounds */
  uint64_t size;
  const rb_frame* prices; /* adjusted closes, oldest first */
  const double *lower, *upper; /* one per column */
  const rb_group* groups;
  uint64_t group_count;
  const double* current; /* weights held now, null when not known */
  double cost_rate;      /* of the value traded */
  double risk_free_rate; /* per year */
  double periods_per_year;
  rb_str risk_model, expected_returns; /* "sample", "arithmetic", ... */
  /* Since 1.2. A plugin built for 1.1 does not see them: the host checks what it answers all the same. */
  double cost_quadratic;     /* trading a fraction x of the portfolio also costs this times x^2 */
  double ewma_decay;         /* of the risk model "ewma" */
  const double* benchmark;   /* prices of the market or benchmark, one per row; null: none */
  double tracking_error_max; /* against the benchmark, per year; infinite: no limit, as of the next two */
  double turnover_max;       /* sum of |weight - current| */
  double gross_max;          /* sum of |weight| */
  double position_min;       /* least |weight| of a position that is held; 0: any */
  uint64_t positions_max;    /* 0: any number */
} rb_problem;

typedef struct rb_allocation {
  uint64_t size;
  const double* weights; /* prices->cols numbers */
  double objective;      /* of the strategy's own problem; NaN: it has none */
  double kkt_residual, duality_gap, max_violation; /* the certificate; all NaN: none */
  rb_str report_json;    /* an object, or empty */
} rb_allocation;

typedef struct rb_http_request {
  uint64_t size;
  rb_str method, url;
  rb_str headers; /* "Name: value\r\n" lines */
  rb_str body;
  int64_t timeout_ms;
} rb_http_request;

/* ---- how answers leave a plugin, and reach it ---- */

typedef void (*rb_on_text)(void* ctx, rb_str text);
typedef void (*rb_on_http)(void* ctx, int32_t status, rb_str headers, rb_str body);
typedef void (*rb_on_bars)(void* ctx, const rb_bars* bars);
typedef void (*rb_on_account)(void* ctx, const rb_account* account);
typedef void (*rb_on_position)(void* ctx, const rb_position* position);
typedef void (*rb_on_order)(void* ctx, const rb_order_report* report);
typedef void (*rb_on_fill)(void* ctx, const rb_fill* fill);
typedef void (*rb_on_movement)(void* ctx, const rb_movement* movement);
typedef void (*rb_on_allocation)(void* ctx, const rb_allocation* allocation);

typedef struct rb_host { /* what a plugin may ask of the program; lives as long as the instance */
  uint64_t size;
  void* self; /* first argument of every function below */
  void (*log)(void* self, int32_t level, rb_str text);   /* 0 debug, 1 info, 2 warning, 3 error */
  int32_t (*fail)(void* self, int32_t code, rb_str why); /* records why, returns code */
  int32_t (*cancelled)(void* self);                      /* 1: stop; poll it in long loops */
  rb_instant (*now)(void* self);                         /* the only clock a plugin reads */
  void (*progress)(void* self, uint64_t done, uint64_t total);
  /* One scalar of the checked configuration as text ("0.02", "true", "a word"); RB_NOT_FOUND when it is not set. */
  int32_t (*setting)(void* self, rb_str name, rb_on_text on_text, void* ctx);
  /* One exchange through the host's client: TLS, rate limit per host, safe repeats. Any status is RB_OK. */
  int32_t (*http)(void* self, const rb_http_request* request, rb_on_http on_http, void* ctx);
} rb_host;

/* ---- what a plugin offers, by kind ---- */

typedef struct rb_provider {
  uint64_t size;
  /* RB_SIMULATED: prices are made up. RB_LOCAL: asking is free and answers may be edited, so all is asked each time. */
  uint32_t flags, reserved;
  /* One table per symbol asked for, with no bars where there is nothing to tell. count 0 asks for all symbols it knows;
     RB_INVALID when it cannot list them. */
  int32_t (*bars)(void* self, const rb_str* symbols, uint64_t count, rb_date from, rb_date to, rb_on_bars, void* ctx);
} rb_provider;

typedef struct rb_broker {
  uint64_t size;
  int32_t (*capabilities)(void* self, rb_capabilities* out); /* out->size is set by the host */
  int32_t (*account)(void* self, rb_on_account, void* ctx);
  int32_t (*positions)(void* self, rb_on_position, void* ctx);
  int32_t (*submit)(void* self, const rb_order* order, rb_on_order, void* ctx);
  int32_t (*find_order)(void* self, rb_str client_id, rb_on_order, void* ctx);
  int32_t (*open_orders)(void* self, rb_on_order, void* ctx);
  int32_t (*cancel)(void* self, rb_str client_id);
  int32_t (*fills)(void* self, rb_str client_id, rb_on_fill, void* ctx);
  int32_t (*set_marks)(void* self, const rb_mark* marks, uint64_t count, rb_date session); /* null unless simulated */
  /* Since 1.3: all that were booked at `from` or later, each once. Null or RB_NOT_FOUND: this broker cannot tell. */
  int32_t (*movements)(void* self, rb_instant from, rb_on_movement, void* ctx);
} rb_broker;

typedef struct rb_strategy {
  uint64_t size;
  int32_t (*weigh)(void* self, const rb_problem* problem, rb_on_allocation, void* ctx);
} rb_strategy;

typedef struct rb_analytic {
  uint64_t size;
  int32_t (*run)(void* self, const rb_frame* prices, rb_str request_json, rb_on_text, void* ctx);
} rb_analytic;

typedef struct rb_store { /* keeps facts; a fact equal to the latest known one of its day is not stored again */
  uint64_t size;
  int32_t (*write)(void* self, const rb_bars* bars, rb_instant known_at, uint64_t* new_count);
  /* One table, as known at known_by (INT64_MAX: now); without bars and source when the symbol was never seen. */
  int32_t (*read)(void* self, rb_str symbol, rb_date from, rb_date to, rb_instant known_by, rb_on_bars, void* ctx);
  int32_t (*range)(void* self, rb_str symbol, rb_date* first, rb_date* last); /* RB_NOT_FOUND: never seen */
  int32_t (*symbols)(void* self, rb_on_text, void* ctx);                      /* one call per symbol */
} rb_store;

typedef struct rb_plugin { /* exported as one constant: reading it runs none of the plugin's code */
  uint32_t magic, abi_major, abi_minor, kind;
  rb_str name, version, summary;
  rb_str config_schema; /* JSON Schema of the plugin's section, checked before create; docs/plugins.md has the subset */
  void* (*create)(const rb_host* host, rb_str config_json); /* null after host->fail */
  void (*destroy)(void* self);
  const void* api; /* rb_provider, rb_broker, rb_strategy, rb_analytic or rb_store, by kind */
} rb_plugin;

/* The exported object: const rb_plugin rebalancer_plugin; with C linkage and default visibility. */
#define RB_PLUGIN_SYMBOL "rebalancer_plugin"
#if defined(__GNUC__)
#define RB_EXPORT __attribute__((visibility("default")))
#else
#define RB_EXPORT
#endif

#endif
