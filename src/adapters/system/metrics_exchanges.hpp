// The series of HTTP requests, found again without building a label: one request in ten microseconds is counted here.
#pragma once
#include <functional>
#include <mutex>
#include <prometheus/family.h>
#include <prometheus/registry.h>
#include <string>
#include <string_view>
#include <unordered_map>

namespace rebalancer::system {

class ExchangeSeries {
 public:
  struct Which {
    std::string_view surface;
    std::string_view route;
    std::string_view method;
    int status = 0;
  };

  // `registry` outlives it.
  explicit ExchangeSeries(prometheus::Registry& registry);
  // `label` makes a text fit to be a label; it is asked only for a series that was not kept. May be used by several
  // threads.
  void add(const Which& which, double seconds, const std::function<std::string(std::string_view)>& label);

 private:
  // Where the texts lie, not what they say: those of a routing table do not move.
  struct Place {
    const char* surface;
    const char* route;
    const char* method;
    int status;
    friend bool operator==(const Place&, const Place&) = default;
  };
  struct PlaceHash {
    std::size_t operator()(const Place& place) const;
  };
  struct Series {
    std::string surface, route, method;  // what they said
    prometheus::Counter* requests = nullptr;
    prometheus::Histogram* durations = nullptr;
  };
  static constexpr std::size_t kept_max = 4096;

  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Family<prometheus::Histogram>& durations_;
  std::mutex mutex_;
  std::unordered_map<Place, Series, PlaceHash> kept_;
};

}  // namespace rebalancer::system
