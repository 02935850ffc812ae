#include "adapters/sqlite/journal_schema.hpp"

#include <array>

namespace rebalancer::sqlite {
namespace {

// Amounts are billionths, times are nanoseconds, days are days since 1970-01-01. `sent` turns 1 when an order leaves
// the state intent for sending: it may have reached the broker.
constexpr std::string_view first_version = R"sql(
CREATE TABLE runs (
  id TEXT PRIMARY KEY CHECK (id <> ''),
  portfolio TEXT NOT NULL,
  session INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  finished_at INTEGER,
  mode TEXT NOT NULL,
  outcome TEXT NOT NULL,
  reason TEXT NOT NULL,
  exit_code INTEGER NOT NULL,
  report_json TEXT NOT NULL
) STRICT;
CREATE INDEX runs_by_session ON runs (portfolio, session);
CREATE TABLE orders (
  client_id TEXT PRIMARY KEY CHECK (client_id <> ''),
  run_id TEXT NOT NULL REFERENCES runs (id),
  sequence INTEGER NOT NULL CHECK (sequence > 0),
  symbol TEXT NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
  quantity INTEGER NOT NULL CHECK (quantity > 0),
  limit_price INTEGER CHECK (limit_price > 0),
  reference_price INTEGER CHECK (reference_price > 0),
  planned_reason TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('intent', 'sending', 'acknowledged', 'unknown', 'partial', 'filled',
                                       'cancelled', 'rejected', 'parked')),
  sent INTEGER NOT NULL DEFAULT 0 CHECK (sent IN (0, 1)),
  broker_id TEXT NOT NULL DEFAULT '',
  filled INTEGER NOT NULL DEFAULT 0 CHECK (filled BETWEEN 0 AND quantity),
  average_price INTEGER CHECK (average_price > 0),
  fee INTEGER NOT NULL DEFAULT 0,
  state_reason TEXT NOT NULL DEFAULT '',
  UNIQUE (run_id, sequence)
) STRICT;
CREATE INDEX orders_open ON orders (state) WHERE state NOT IN ('filled', 'cancelled', 'rejected');
CREATE TABLE fills (
  id TEXT PRIMARY KEY CHECK (id <> ''),
  client_id TEXT NOT NULL REFERENCES orders (client_id),
  symbol TEXT NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
  quantity INTEGER NOT NULL CHECK (quantity > 0),
  price INTEGER NOT NULL CHECK (price > 0),
  fee INTEGER NOT NULL,
  currency TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX fills_by_order ON fills (client_id);
)sql";

// An order has the last of what its events say, merged; an event is what was told then. What version 1 wrote has no
// events, no plan and no seal, and 0 for the times it did not keep. `fill_row` and
// `event_row` are the last rows of `fills` and `order_events` when a book was seen.
constexpr std::string_view second_version = R"sql(
ALTER TABLE runs ADD COLUMN broker TEXT NOT NULL DEFAULT '';
CREATE INDEX runs_unfinished ON runs (portfolio) WHERE finished_at IS NULL;
ALTER TABLE orders ADD COLUMN price_date INTEGER;
ALTER TABLE orders ADD COLUMN cost_max INTEGER NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN reported_at INTEGER NOT NULL DEFAULT 0;
CREATE TABLE plans (
  run_id TEXT PRIMARY KEY REFERENCES runs (id),
  cash_before INTEGER NOT NULL,
  currency TEXT NOT NULL,
  cash_floor INTEGER NOT NULL,
  equity INTEGER NOT NULL,
  draft TEXT NOT NULL
) STRICT;
CREATE TABLE order_events (
  sequence INTEGER PRIMARY KEY,
  client_id TEXT NOT NULL REFERENCES orders (client_id),
  state TEXT NOT NULL CHECK (state IN ('intent', 'sending', 'acknowledged', 'unknown', 'partial', 'filled',
                                       'cancelled', 'rejected', 'parked')),
  broker_id TEXT NOT NULL,
  filled INTEGER NOT NULL CHECK (filled >= 0),
  average_price INTEGER CHECK (average_price > 0),
  fee INTEGER NOT NULL,
  reason TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX order_events_by_order ON order_events (client_id);
CREATE TABLE seals (
  sequence INTEGER PRIMARY KEY CHECK (sequence > 0),
  run_id TEXT NOT NULL UNIQUE REFERENCES runs (id),
  sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
  previous TEXT NOT NULL CHECK (length(previous) = 64)
) STRICT;
CREATE TABLE owner (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  broker TEXT NOT NULL,
  account TEXT NOT NULL,
  real_money INTEGER NOT NULL CHECK (real_money IN (0, 1))
) STRICT;
CREATE TABLE books (
  run_id TEXT PRIMARY KEY REFERENCES runs (id),
  cash INTEGER NOT NULL,
  currency TEXT NOT NULL,
  fill_row INTEGER NOT NULL,
  event_row INTEGER NOT NULL
) STRICT;
CREATE TABLE book_positions (
  run_id TEXT NOT NULL REFERENCES books (run_id),
  symbol TEXT NOT NULL,
  quantity INTEGER NOT NULL CHECK (quantity <> 0),
  PRIMARY KEY (run_id, symbol)
) STRICT;
)sql";

// The scheduler's memory, and what was asked with a key. `sequence` only grows while a journal is open.
constexpr std::string_view third_version = R"sql(
CREATE TABLE turns (
  portfolio TEXT NOT NULL CHECK (portfolio <> ''),
  session INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('running', 'waiting', 'done', 'failed', 'missed')),
  attempts INTEGER NOT NULL CHECK (attempts >= 0),
  next_attempt_at INTEGER CHECK ((next_attempt_at IS NOT NULL) = (state = 'waiting')),
  started_at INTEGER,
  finished_at INTEGER,
  run_id TEXT NOT NULL,
  outcome TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (portfolio, session)
) STRICT, WITHOUT ROWID;
CREATE INDEX turns_open ON turns (portfolio, session) WHERE state IN ('running', 'waiting');
CREATE TABLE turns_owed (
  portfolio TEXT PRIMARY KEY CHECK (portfolio <> ''),
  since INTEGER NOT NULL
) STRICT;
CREATE TABLE keyed_requests (
  sequence INTEGER PRIMARY KEY CHECK (sequence > 0),
  key TEXT NOT NULL UNIQUE CHECK (key <> ''),
  fingerprint TEXT NOT NULL,
  begun_at INTEGER NOT NULL,
  status INTEGER NOT NULL CHECK (status = 0 OR status BETWEEN 100 AND 599),
  content_type TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX keyed_requests_by_age ON keyed_requests (begun_at);
)sql";

constexpr std::array<std::string_view, 3> steps = {first_version, second_version, third_version};

}  // namespace

const Schema journal_schema{"journal", 0x52424A31, steps};  // "RBJ1"

}  // namespace rebalancer::sqlite
