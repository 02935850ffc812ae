// An HttpClient that answers from what a test gives it and keeps what it was asked.
#pragma once
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "core/ports/http_client.hpp"

namespace rebalancer::test {

class RecordedHttpClient final : public HttpClient {
 public:
  using Handler = std::function<Result<HttpResponse>(const HttpRequest&)>;

  // Every request whose url contains `part`; the handler added last is asked first.
  void on(std::string part, Handler handler) { handlers_.emplace_front(std::move(part), std::move(handler)); }
  void answer(std::string part, int status, std::string body) {
    on(std::move(part),
       [response = HttpResponse{status, {}, std::move(body)}](const HttpRequest&) { return response; });
  }
  void answer_file(std::string part, const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    answer(std::move(part), 200, {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()});
  }
  void refuse(std::string part, Error error) {
    on(std::move(part), [error = std::move(error)](const HttpRequest&) { return fail(error); });
  }

  // What no handler knows is unavailable, as without a network.
  [[nodiscard]] Result<HttpResponse> send(const HttpRequest& request, std::stop_token stop) override {
    if (stop.stop_requested()) return fail(ErrorCode::unavailable, "stopped");
    requests_.push_back(request);
    for (const auto& [part, handler] : handlers_) {
      if (request.url.find(part) != std::string::npos) return handler(request);
    }
    return fail(ErrorCode::unavailable, "cannot reach {}: nothing is recorded for it", request.url);
  }
  [[nodiscard]] const std::vector<HttpRequest>& requests() const { return requests_; }

 private:
  std::deque<std::pair<std::string, Handler>> handlers_;
  std::vector<HttpRequest> requests_;
};

}  // namespace rebalancer::test
