#include "adapters/system/metrics_exchanges.hpp"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>

namespace rebalancer::system {
namespace {

// Seconds. An answer from memory takes some ten microseconds, one that waits for a run up to ten seconds.
const prometheus::Histogram::BucketBoundaries buckets{
    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

}  // namespace

ExchangeSeries::ExchangeSeries(prometheus::Registry& registry)
    : requests_(prometheus::BuildCounter()
                    .Name("rebalancer_http_requests_total")
                    .Help("Requests that were answered, by route and status.")
                    .Register(registry)),
      durations_(prometheus::BuildHistogram()
                     .Name("rebalancer_http_request_duration_seconds")
                     .Help("From a request's header to the end of its answer.")
                     .Register(registry)) {}

std::size_t ExchangeSeries::PlaceHash::operator()(const Place& place) const {
  const std::hash<const void*> of_pointer;
  std::size_t hash = std::hash<int>()(place.status);
  for (const char* text : {place.surface, place.route, place.method}) hash = hash * 1'000'003 ^ of_pointer(text);
  return hash;
}

void ExchangeSeries::add(const Which& which, double seconds,
                         const std::function<std::string(std::string_view)>& label) {
  prometheus::Counter* requests = nullptr;
  prometheus::Histogram* durations = nullptr;
  {
    const std::scoped_lock lock(mutex_);
    // Texts that move must not grow it without end.
    if (kept_.size() >= kept_max) kept_.clear();
    Series& series = kept_[{which.surface.data(), which.route.data(), which.method.data(), which.status}];
    // A place may have been given to another text since.
    const bool same = series.requests != nullptr && series.surface == which.surface && series.route == which.route &&
                      series.method == which.method;
    if (!same) {
      series = {std::string(which.surface), std::string(which.route), std::string(which.method)};
      const prometheus::Labels of_route{{"surface", label(which.surface)}, {"route", label(which.route)}};
      prometheus::Labels labels = of_route;
      labels["method"] = label(which.method);
      labels["status"] = std::to_string(which.status);
      series.requests = &requests_.Add(labels);
      series.durations = &durations_.Add(of_route, buckets);
    }
    requests = series.requests;
    durations = series.durations;
  }
  requests->Increment();
  durations->Observe(seconds);
}

}  // namespace rebalancer::system
