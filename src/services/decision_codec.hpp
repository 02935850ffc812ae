// How each type of a decision becomes JSON, and how it is read back: a value is only read from the text that it is
// written as. decision_fields.hpp says which members a struct has.
#pragma once
#include <algorithm>
#include <charconv>
#include <concepts>
#include <type_traits>

#include "services/decision_fields.hpp"
#include "services/decision_names.hpp"

namespace rebalancer::decision_fields {

// What reading starts from; for types without a value of their own, any.
template <class T>
T blank() {
  return T{};
}
template <>
inline Symbol blank<Symbol>() {
  return Symbol::parse("A").value();
}
template <>
inline Price blank<Price>() {
  return Price::make(Decimal::whole(1)).value();
}
template <>
inline Money blank<Money>() {
  return Money({}, Currency::usd());
}
template <>
inline Book blank<Book>() {
  return {{}, blank<Money>()};
}
template <>
inline Position blank<Position>() {
  return {blank<Symbol>(), {}};
}
template <>
inline QualityFinding blank<QualityFinding>() {
  return {blank<Symbol>(), {}, Severity::stop, {}, {}};
}
template <>
inline PriceUsed blank<PriceUsed>() {
  return {blank<Symbol>(), {}, {}, {}, {}, {}};
}
template <>
inline NonOrder blank<NonOrder>() {
  return {blank<Symbol>(), {}};
}
template <>
inline DriftEntry blank<DriftEntry>() {
  return {blank<Symbol>(), 0, 0};
}
template <>
inline NumberedOrder blank<NumberedOrder>() {
  return {0, {}, {blank<Symbol>(), Side::buy, {}, blank<Price>(), blank<Price>(), blank<Money>(), {}}};
}
template <>
inline PlanSection blank<PlanSection>() {
  return {{}, {}, {}, {}, blank<Money>(), false};
}
template <>
inline OptimizerResult blank<OptimizerResult>() {
  return {Weights::make({}, 1).value(), 0, 0, {}, 0, {}, {}, {}, {}, {}};
}
template <>
inline RecordedFill blank<RecordedFill>() {
  return {{}, {}, blank<Price>(), {}, Currency::usd(), {}};
}
template <>
inline RecordedLeg blank<RecordedLeg>() {
  return {{}, blank<Symbol>(), Side::buy, {}, {}, OrderState::intent, {}, {}, {}, {}, {}, {}, {}};
}
template <>
inline Hold blank<Hold>() {
  return {Stage::fetch, {}};
}

// What one reading shares: the first thing that was wrong, and the currency of the book, which bare amounts are in.
struct Reading {
  std::optional<Error> error;
  Currency currency = Currency::usd();
};

// A value and where it stands.
struct Place {
  const CanonicalJson& json;
  std::string path;
  Reading& reading;

  void wrong(std::string_view what) const {
    if (!reading.error) reading.error = Error{ErrorCode::rejected, fmt::format("{} {}", path, what)};
  }
  // Null, having said so, when it is no text.
  [[nodiscard]] const std::string* text() const {
    const std::string* found = json.if_text();
    if (found == nullptr) wrong("must be a text");
    return found;
  }
};

template <class T>
CanonicalJson write(const T& value);
template <class T>
void read(const Place& place, T& value);

class FieldWriter {
 public:
  template <class T>
  void operator()(std::string_view name, const T& value) {
    object_.emplace(std::string(name), write(value));
  }
  // Left out while it is what T{} has: decisions sealed before there was such a member stay what they were.
  template <class T>
  void later(std::string_view name, const T& value, const T& absent) {
    if (!(value == absent)) (*this)(name, value);
  }
  CanonicalJson::Object take() { return std::move(object_); }

 private:
  CanonicalJson::Object object_;
};

class FieldReader {
 public:
  explicit FieldReader(const Place& place) : place_(place) {
    if (place.json.if_object() == nullptr) place.wrong("must be an object");
  }
  template <class T>
  void operator()(std::string_view name, T& value) {
    if (place_.reading.error) return;
    const CanonicalJson* member = place_.json.find(name);
    if (member == nullptr) return place_.wrong(fmt::format("has no member \"{}\"", name));
    names_.push_back(name);
    read(Place{*member, fmt::format("{}.{}", place_.path, name), place_.reading}, value);
  }
  template <class T>
  void later(std::string_view name, T& value, const T& absent) {
    if (place_.reading.error) return;
    if (place_.json.find(name) == nullptr) {
      value = absent;
      return;
    }
    (*this)(name, value);
    if (!place_.reading.error && value == absent) place_.wrong(fmt::format("names \"{}\" without need", name));
  }
  // A member that is read in another way.
  void skip(std::string_view name) { names_.push_back(name); }
  // Whatever was not asked for has no place there.
  void finish() const {
    if (place_.reading.error) return;
    for (const auto& [name, member] : *place_.json.if_object()) {
      if (std::find(names_.begin(), names_.end(), name) == names_.end()) {
        return place_.wrong(fmt::format("has a member \"{}\", which the format does not know", name));
      }
    }
  }

 private:
  const Place& place_;
  std::vector<std::string_view> names_;
};

template <class T>
struct Codec {  // structs
  static CanonicalJson write(const T& value) {
    FieldWriter writer;
    Fields<T>::of(writer, value);
    return writer.take();
  }
  static void read(const Place& place, T& value) {
    FieldReader reader(place);
    Fields<T>::of(reader, value);
    reader.finish();
  }
};

template <class E>
requires std::is_enum_v<E>
struct Codec<E> {
  static CanonicalJson write(E value) { return name_of(value); }
  static void read(const Place& place, E& value) {
    const std::string* text = place.text();
    if (text == nullptr) return;
    const auto named = value_named<E>(*text);
    if (!named) return place.wrong(fmt::format("is \"{}\", which is no name there", *text));
    value = *named;
  }
};

template <>
struct Codec<bool> {
  static CanonicalJson write(bool value) { return value; }
  static void read(const Place& place, bool& value) {
    const bool* flag = place.json.if_bool();
    if (flag == nullptr) return place.wrong("must be true or false");
    value = *flag;
  }
};

template <std::integral T>
requires(!std::same_as<T, bool>) struct Codec<T> {
  static CanonicalJson write(T value) { return static_cast<std::int64_t>(value); }
  static void read(const Place& place, T& value) {
    const std::int64_t* number = place.json.if_integer();
    if (number == nullptr) return place.wrong("must be an integer");
    if (!std::in_range<T>(*number)) return place.wrong(fmt::format("is {}, which is out of range", *number));
    value = static_cast<T>(*number);
  }
};

template <>
struct Codec<double> {
  static CanonicalJson write(double value) { return CanonicalJson::of_double(value); }
  static void read(const Place& place, double& value) {
    const std::string* text = place.text();
    if (text == nullptr) return;
    auto number = parse_double(*text);
    if (!number) return place.wrong("is " + number.error().message);
    value = *number;
  }
};

template <>
struct Codec<std::string> {
  static CanonicalJson write(const std::string& value) { return value; }
  static void read(const Place& place, std::string& value) {
    if (const std::string* text = place.text()) value = *text;
  }
};

// Types that a text is parsed to, and that give the text back.
template <class T, class Parse>
void read_text(const Place& place, T& value, const Parse& parse) {
  const std::string* text = place.text();
  if (text == nullptr) return;
  auto parsed = parse(*text);
  if (!parsed) return place.wrong(fmt::format("is \"{}\": {}", *text, parsed.error().message));
  if (write(*parsed) != place.json) return place.wrong(fmt::format("is \"{}\", which is not how it is written", *text));
  value = *parsed;
}

template <>
struct Codec<Decimal> {
  static CanonicalJson write(Decimal value) { return value.to_string(); }
  static void read(const Place& place, Decimal& value) { read_text(place, value, Decimal::parse); }
};

template <>
struct Codec<Quantity> {
  static CanonicalJson write(Quantity value) { return value.to_string(); }
  static void read(const Place& place, Quantity& value) {
    Decimal shares;
    decision_fields::read(place, shares);
    value = Quantity(shares);
  }
};

template <>
struct Codec<Price> {
  static CanonicalJson write(Price value) { return value.to_string(); }
  static void read(const Place& place, Price& value) {
    read_text(place, value, [](std::string_view text) { return Decimal::parse(text).and_then(Price::make); });
  }
};

template <>
struct Codec<Money> {
  static CanonicalJson write(const Money& value) { return value.amount().to_string(); }
  static void read(const Place& place, Money& value) {
    Decimal amount;
    decision_fields::read(place, amount);
    value = Money(amount, place.reading.currency);
  }
};

template <>
struct Codec<Currency> {
  static CanonicalJson write(const Currency& value) { return value.to_string(); }
  static void read(const Place& place, Currency& value) { read_text(place, value, Currency::parse); }
};

template <>
struct Codec<Symbol> {
  static CanonicalJson write(const Symbol& value) { return value.str(); }
  static void read(const Place& place, Symbol& value) { read_text(place, value, Symbol::parse); }
};

template <>
struct Codec<Date> {
  static CanonicalJson write(Date value) { return value.to_string(); }
  static void read(const Place& place, Date& value) { read_text(place, value, Date::parse); }
};

template <>
struct Codec<Instant> {  // nanoseconds do not fit the integers of JSON
  static CanonicalJson write(Instant value) { return std::to_string(value.nanoseconds()); }
  static void read(const Place& place, Instant& value) {
    read_text(place, value, [](std::string_view text) -> Result<Instant> {
      std::int64_t nanoseconds = 0;
      const auto parsed = std::from_chars(text.data(), text.data() + text.size(), nanoseconds);
      if (parsed.ec != std::errc()) return fail(ErrorCode::invalid, "must be a number of nanoseconds");
      return Instant::from_nanoseconds(nanoseconds);
    });
  }
};

template <class T>
struct Codec<std::optional<T>> {
  static CanonicalJson write(const std::optional<T>& value) {
    return value ? decision_fields::write(*value) : CanonicalJson();
  }
  static void read(const Place& place, std::optional<T>& value) {
    if (place.json.is_null()) return value.reset();
    value = blank<T>();
    decision_fields::read(place, *value);
  }
};

template <class T>
struct Codec<std::vector<T>> {
  static CanonicalJson write(const std::vector<T>& values) {
    CanonicalJson::Array items;
    items.reserve(values.size());
    for (const T& value : values) items.push_back(decision_fields::write(value));
    return items;
  }
  static void read(const Place& place, std::vector<T>& values) {
    const CanonicalJson::Array* items = place.json.if_array();
    if (items == nullptr) return place.wrong("must be an array");
    values.clear();
    for (std::size_t i = 0; i < items->size() && !place.reading.error; ++i) {
      values.push_back(blank<T>());
      decision_fields::read(Place{(*items)[i], fmt::format("{}[{}]", place.path, i), place.reading}, values.back());
    }
  }
};

template <class T>
struct Codec<std::map<Symbol, T>> {
  static CanonicalJson write(const std::map<Symbol, T>& values) {
    CanonicalJson::Object members;
    for (const auto& [symbol, value] : values) members.emplace(symbol.str(), decision_fields::write(value));
    return members;
  }
  static void read(const Place& place, std::map<Symbol, T>& values) {
    const CanonicalJson::Object* members = place.json.if_object();
    if (members == nullptr) return place.wrong("must be an object");
    values.clear();
    for (const auto& [name, member] : *members) {
      const auto symbol = Symbol::parse(name);
      if (!symbol) return place.wrong(fmt::format("has a member \"{}\": {}", name, symbol.error().message));
      const Place inner{member, fmt::format("{}.{}", place.path, name), place.reading};
      decision_fields::read(inner, values.emplace(*symbol, blank<T>()).first->second);
    }
  }
};

template <>
struct Codec<Book> {
  static CanonicalJson write(const Book& book) {
    FieldWriter writer;
    writer("cash", book.cash.amount());
    writer("currency", book.cash.currency());
    writer("positions", book.positions);
    return writer.take();
  }
  static void read(const Place& place, Book& book) {
    Decimal cash;
    FieldReader reader(place);
    reader("cash", cash);
    reader("currency", place.reading.currency);
    reader("positions", book.positions);
    reader.finish();
    book.cash = Money(cash, place.reading.currency);
  }
};

template <>
struct Codec<Weights> {
  static CanonicalJson write(const Weights& weights) {
    std::map<Symbol, double> symbols;
    for (const Weight& entry : weights.entries()) symbols.emplace(entry.symbol, entry.fraction);
    FieldWriter writer;
    writer("cash", weights.cash_fraction());
    writer("symbols", symbols);
    return writer.take();
  }
  static void read(const Place& place, Weights& weights) {
    std::map<Symbol, double> symbols;
    double cash = 0;
    FieldReader reader(place);
    reader("cash", cash);
    reader("symbols", symbols);
    reader.finish();
    if (place.reading.error) return;
    std::vector<Weight> entries;
    for (const auto& [symbol, fraction] : symbols) entries.push_back({symbol, fraction});
    auto made = Weights::make(std::move(entries), cash);
    if (!made) return place.wrong("cannot be: " + made.error().message);
    weights = *std::move(made);
  }
};

template <class T>
CanonicalJson write(const T& value) {
  return Codec<T>::write(value);
}

template <class T>
void read(const Place& place, T& value) {
  Codec<T>::read(place, value);
}

}  // namespace rebalancer::decision_fields
