#include "adapters/https/tls_transport.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include "runtime/resolve.hpp"
#include "runtime/tls_client.hpp"

namespace rebalancer {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

using Outcome = tl::expected<HttpResponse, TransportFailure>;

constexpr std::uint32_t header_bytes_max = 64 * 1024;
constexpr int interim_answers_max = 8;
constexpr std::chrono::milliseconds stop_poll{25};

// One exchange over one connection. Every asynchronous step is started and run to its end in `step`, while a timer
// watches the deadline and the stop token is looked at; so the code reads from top to bottom and nothing outlives it.
class Exchange {
 public:
  Exchange(asio::ssl::context& tls, const TransportSettings& settings, const HttpRequest& request, const HttpUrl& url,
           std::stop_token stop)
      : settings_(settings), request_(request), url_(url), stop_(std::move(stop)), stream_(context_, tls) {}

  Outcome run() {
    deadline_.expires_after(std::chrono::milliseconds(request_.timeout_ms));
    deadline_.async_wait([this](error_code error) {
      if (error) return;
      late_ = true;
      close();
    });
    if (auto failure = connect()) return tl::unexpected(*std::move(failure));
    if (!url_.tls) return talk(socket());
    if (auto failure = shake_hands()) return tl::unexpected(*std::move(failure));
    return talk(stream_);
  }

 private:
  tcp::socket& socket() { return stream_.next_layer(); }
  // Ends any operation on the socket.
  void close() {
    error_code ignored;
    socket().close(ignored);
  }
  [[nodiscard]] bool over() const { return late_ || stop_.stop_requested(); }

  // `start` gets the completion handler.
  template <class Start>
  error_code step(Start start) {
    context_.restart();
    context_.poll();  // the deadline may have passed outside a step
    if (over()) return asio::error::operation_aborted;
    std::optional<error_code> done;
    start([&done](error_code error, auto&&...) { done = error; });
    while (!done) {
      if (stop_.stop_requested()) close();
      context_.restart();
      context_.run_one_for(stop_poll);
    }
    return over() ? error_code(asio::error::operation_aborted) : *done;
  }

  // Nothing has left yet: whatever goes wrong, the request was not carried out.
  TransportFailure unreachable(std::string_view why, bool transient) const {
    if (stop_.stop_requested())
      return {{ErrorCode::unavailable, fmt::format("cannot reach {}: stopped", url_.host)}, false};
    if (late_) {
      return {{ErrorCode::unavailable,
               fmt::format("cannot reach {}: no connection within {} ms", url_.host, request_.timeout_ms)},
              true};
    }
    return {{ErrorCode::unavailable, fmt::format("cannot reach {}: {}", url_.host, why)}, transient};
  }

  // The request, or a part of it, has left: it may have been carried out.
  TransportFailure unanswered(std::string_view why, bool transient) const {
    if (stop_.stop_requested()) return {{ErrorCode::timeout, fmt::format("stopped waiting for {}", url_.host)}, false};
    if (late_) {
      return {{ErrorCode::timeout, fmt::format("no answer from {} within {} ms", url_.host, request_.timeout_ms)},
              true};
    }
    return {{ErrorCode::timeout, fmt::format("no usable answer from {}: {}", url_.host, why)}, transient};
  }

  std::optional<TransportFailure> connect() {
    std::vector<std::string> addresses = {url_.host};
    if (!url_.host_is_address) {
      auto resolved = resolve(url_.host, std::chrono::milliseconds(request_.timeout_ms), stop_);
      if (!resolved) {
        return TransportFailure{
            {ErrorCode::unavailable, fmt::format("cannot reach {}: {}", url_.host, resolved.error().why)},
            resolved.error().transient};
      }
      addresses = *std::move(resolved);
    }
    const auto port = static_cast<std::uint16_t>(std::stoi(url_.port));
    std::string why = "its name has no usable address";
    for (const std::string& text : addresses) {
      error_code error;
      const tcp::endpoint endpoint(asio::ip::make_address(text, error), port);
      if (error) continue;
      if (!url_.tls && !endpoint.address().is_loopback()) {
        return unreachable("its name does not lead to this machine, and http is for this machine only", false);
      }
      // A silent address leaves time for the next one.
      silent_ = false;
      if (addresses.size() > 1) {
        patience_.expires_after(std::chrono::milliseconds(request_.timeout_ms) / addresses.size());
        patience_.async_wait([this, turn = turn_](error_code cancelled) {
          if (cancelled || turn != turn_) return;
          silent_ = true;
          close();
        });
      }
      error = step([&](auto handler) { socket().async_connect(endpoint, std::move(handler)); });
      patience_.cancel();
      ++turn_;
      if (!error && !silent_) return std::nullopt;
      why = silent_ ? "no connection in time" : error.message();
      if (over()) break;
      close();
    }
    return unreachable(why, true);
  }

  std::optional<TransportFailure> shake_hands() {
    if (!demand_host(stream_.native_handle(), url_.host, url_.host_is_address)) {
      return unreachable("its name cannot be verified", false);
    }
    const error_code error =
        step([&](auto handler) { stream_.async_handshake(asio::ssl::stream_base::client, std::move(handler)); });
    const std::string why = why_not_trusted(stream_.native_handle());
    if (over()) return unreachable("", true);
    if (!why.empty()) return unreachable(why, false);
    if (error) {
      const bool by_tls = error.category() == asio::error::get_ssl_category();
      return unreachable(fmt::format("TLS: {}", error.message()), !by_tls);
    }
    return std::nullopt;
  }

  http::request<http::string_body> message() const {
    http::request<http::string_body> message(http::string_to_verb(request_.method), url_.target, 11);
    message.set(http::field::host, url_.authority);
    for (const auto& [name, value] : request_.headers) message.insert(name, value);
    if (message.count(http::field::accept) == 0) message.set(http::field::accept, "*/*");
    message.set(http::field::accept_encoding, "identity");
    message.set(http::field::connection, "close");
    message.body() = request_.body;
    message.prepare_payload();
    return message;
  }

  template <class Stream>
  Outcome talk(Stream& stream) {
    const auto request = message();
    error_code error = step([&](auto handler) { http::async_write(stream, request, std::move(handler)); });
    if (error) return tl::unexpected(unanswered(why_cut(error), true));

    boost::beast::flat_buffer buffer;
    for (int interim = 0; interim <= interim_answers_max; ++interim) {
      http::response_parser<http::string_body> parser;
      parser.header_limit(header_bytes_max);
      parser.body_limit(settings_.body_bytes_max);
      if (request_.method == "HEAD") parser.skip(true);
      error = step([&](auto handler) { http::async_read_header(stream, buffer, parser, std::move(handler)); });
      if (error) return tl::unexpected(bad_answer(error));
      const unsigned status = parser.get().result_int();
      if (status >= 100 && status < 200 && status != 101) continue;  // "100 Continue" and its like announce the answer
      if (const char* doubt = doubtful_framing(parser.get(), status)) return tl::unexpected(unanswered(doubt, false));
      if (!parser.is_done()) {
        error = step([&](auto handler) { http::async_read(stream, buffer, parser, std::move(handler)); });
        if (error) return tl::unexpected(bad_answer(error));
      }
      return taken(parser.release());
    }
    return tl::unexpected(unanswered("it announces an answer again and again", false));
  }

  // Framing that Beast 1.81 accepts, though two readers may understand it differently.
  static const char* doubtful_framing(const http::response<http::string_body>& answer, unsigned status) {
    if (status == 101) return "it changes the protocol unasked";
    const auto encodings = answer.count(http::field::transfer_encoding);
    const auto lengths = answer.count(http::field::content_length);
    if (encodings + lengths > 1) return "it says twice how long it is";
    if (encodings == 1 && (answer.version() != 11 || !same_name(answer[http::field::transfer_encoding], "chunked"))) {
      return "its transfer encoding is not chunked";
    }
    const auto length = answer[http::field::content_length];
    if (!std::ranges::all_of(length, [](char c) { return c >= '0' && c <= '9'; })) return "its length is not a number";
    return nullptr;
  }

  TransportFailure bad_answer(const error_code& error) const {
    if (error == http::error::body_limit) {
      return {{ErrorCode::exhausted,
               fmt::format("answer of {} is larger than {} bytes", url_.host, settings_.body_bytes_max)},
              false};
    }
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      return {{ErrorCode::exhausted,
               fmt::format("header of the answer of {} is larger than {} bytes", url_.host, header_bytes_max)},
              false};
    }
    const bool garbage = error.category() == make_error_code(http::error::bad_version).category() &&
                         error != http::error::end_of_stream && error != http::error::partial_message;
    if (garbage) return unanswered(fmt::format("it is not HTTP ({})", error.message()), false);
    return unanswered(why_cut(error), true);
  }

  static std::string why_cut(const error_code& error) {
    if (error == http::error::end_of_stream || error == http::error::partial_message ||
        error == asio::ssl::error::stream_truncated || error == asio::error::eof) {
      return "the connection was closed before its end";
    }
    return error.message();
  }

  static HttpResponse taken(http::response<http::string_body> answer) {
    HttpResponse response;
    response.status = static_cast<int>(answer.result_int());
    for (const auto& field : answer) {
      response.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    }
    response.body = std::move(answer.body());
    return response;
  }

  const TransportSettings& settings_;
  const HttpRequest& request_;
  const HttpUrl& url_;
  std::stop_token stop_;
  bool late_ = false;    // the deadline has passed
  int turn_ = 0;         // counts the addresses tried
  bool silent_ = false;  // this address had its share of the time
  asio::io_context context_{1};
  asio::steady_timer deadline_{context_};
  asio::steady_timer patience_{context_};
  asio::ssl::stream<tcp::socket> stream_;
};

class TlsTransport final : public Transport {
 public:
  TlsTransport(asio::ssl::context tls, TransportSettings settings)
      : tls_(std::move(tls)), settings_(std::move(settings)) {}

  tl::expected<HttpResponse, TransportFailure> exchange(const HttpRequest& request, const HttpUrl& url,
                                                        std::stop_token stop) override {
    return Exchange(tls_, settings_, request, url, std::move(stop)).run();
  }

 private:
  asio::ssl::context tls_;  // shared by concurrent exchanges, which OpenSSL allows once it is set up
  TransportSettings settings_;
};

}  // namespace

Result<std::unique_ptr<Transport>> make_tls_transport(const TransportSettings& settings) {
  asio::ssl::context tls(asio::ssl::context::tls_client);
  if (auto trusts = demand_trust(tls, settings.extra_authorities); !trusts) return fail(trusts.error());
  return std::make_unique<TlsTransport>(std::move(tls), settings);
}

}  // namespace rebalancer
