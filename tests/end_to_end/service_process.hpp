// `rebalancer serve` on free ports, and a plain HTTP client for it.
#pragma once
#include <arpa/inet.h>
#include <functional>
#include <map>
#include <netinet/in.h>
#include <optional>
#include <sys/socket.h>

#include "rebalancer_process.hpp"

namespace rebalancer::test {

struct HttpAnswer {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  [[nodiscard]] boost::json::value json() const {
    boost::json::error_code failed;
    auto value = boost::json::parse(body, failed);
    CHECK_MESSAGE(!failed, body);
    return value;
  }
};

class ServiceProcess {
 public:
  explicit ServiceProcess(const TemporaryDirectory& directory, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{REBALANCER_BINARY, "serve", "--json"};
    for (const char* surface : {"fetcher", "optimizer", "executor", "scheduler", "analytics", "websocket"}) {
      arguments.push_back("--set");
      arguments.push_back(std::string("http.ports.") + surface + "=0");
    }
    arguments.insert(arguments.end(), more.begin(), more.end());
    int out[2];
    if (pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
    log_ = directory.path() / "serve.log";
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addchdir_np(&actions, directory.path().c_str());
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    posix_spawn_file_actions_addopen(&actions, 2, log_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    const int failed = posix_spawn(&child_, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    if (failed != 0) throw std::runtime_error("cannot start serve");
    std::string line;
    for (char c = 0; read(out[0], &c, 1) == 1 && c != '\n';) line += c;
    stdout_ = out[0];
    boost::json::error_code wrong;
    const auto told = boost::json::parse(line, wrong);
    // It refused; stop() has its exit code.
    if (wrong || told.as_object().if_contains("listening") == nullptr) return;
    for (const auto& [surface, url] : at(told, "/listening").as_object()) {
      const std::string text(url.as_string());
      ports_[surface] = static_cast<std::uint16_t>(std::stoi(text.substr(text.rfind(':') + 1)));
    }
  }
  ~ServiceProcess() {
    if (child_ > 0) static_cast<void>(stop(SIGKILL));
    close(stdout_);
  }
  ServiceProcess(const ServiceProcess&) = delete;
  ServiceProcess& operator=(const ServiceProcess&) = delete;

  [[nodiscard]] pid_t process() const { return child_; }
  [[nodiscard]] bool listens() const { return !ports_.empty(); }
  [[nodiscard]] std::string log() const {
    std::string text;
    FILE* file = fopen(log_.c_str(), "rb");
    if (file == nullptr) return text;
    for (int c = 0; (c = fgetc(file)) != EOF;) text += static_cast<char>(c);
    fclose(file);
    return text;
  }

  // False when that takes more than a minute.
  [[nodiscard]] bool wait_for_log(const std::function<bool(const std::string&)>& wanted) const {
    for (int i = 0; i < 3000; ++i) {
      const std::string text = log();
      if (wanted(text.substr(0, text.rfind('\n') + 1))) return true;  // whole lines only
      poll(nullptr, 0, 20);
    }
    return false;
  }
  // Where it listens since it started itself anew.
  void take_ports_from_log() {
    const std::string text = log();
    const std::string line = text.substr(text.rfind("\"event\":\"serving\""));
    for (auto& [surface, port] : ports_) {
      const std::size_t at = line.find("\"" + surface + "\":\"");
      REQUIRE(at != std::string::npos);
      const std::size_t end = line.find('"', at + surface.size() + 4);
      const std::string address = line.substr(at, end - at);
      port = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
    }
  }

  // 128 + signal when it was killed; with 0 it is only waited for.
  int stop(int signal = SIGTERM) {
    kill(child_, signal);
    int status = 0;
    waitpid(child_, &status, 0);
    child_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  HttpAnswer get(const std::string& surface, const std::string& path, const std::string& headers = "") {
    return send(surface, "GET", path, std::nullopt, headers);
  }
  HttpAnswer post(const std::string& surface, const std::string& path, const std::optional<std::string>& body = {},
                  const std::string& headers = "") {
    return send(surface, "POST", path, body, headers);
  }
  HttpAnswer send(const std::string& surface, const std::string& method, const std::string& path,
                  const std::optional<std::string>& body, const std::string& headers) {
    std::string request = method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + headers;
    if (body) {
      request += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body->size()) + "\r\n";
    } else if (method != "GET") {
      request += "Content-Length: 0\r\n";
    }
    const std::string answer = exchange(surface, request + "\r\n" + body.value_or(""));
    REQUIRE_MESSAGE(!answer.empty(), method, " ", path, " was not answered; the log:\n", log());
    return parse(answer);
  }

  // Bytes out, all bytes in until the other side closes.
  std::string exchange(const std::string& surface, const std::string& bytes) {
    const int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(ports_.at(surface));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    std::size_t sent = 0;
    while (sent < bytes.size()) {
      const ssize_t count = ::send(connection, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) break;
      sent += static_cast<std::size_t>(count);
    }
    std::string answer;
    char buffer[65536];
    for (ssize_t count = 0; (count = recv(connection, buffer, sizeof buffer, 0)) > 0;) {
      answer.append(buffer, static_cast<std::size_t>(count));
    }
    close(connection);
    return answer;
  }

 private:
  static HttpAnswer parse(const std::string& bytes) {
    HttpAnswer answer;
    const std::size_t end = bytes.find("\r\n\r\n");
    REQUIRE_MESSAGE(end != std::string::npos, bytes);
    answer.status = std::stoi(bytes.substr(9, 3));
    answer.body = bytes.substr(end + 4);
    std::size_t from = bytes.find("\r\n") + 2;
    while (from < end) {
      const std::size_t line_end = bytes.find("\r\n", from);
      const std::string line = bytes.substr(from, line_end - from);
      const std::size_t colon = line.find(':');
      std::string name = line.substr(0, colon);
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      answer.headers[name] = line.substr(std::min(line.size(), colon + 2));
      from = line_end + 2;
    }
    return answer;
  }

  pid_t child_ = 0;
  int stdout_ = -1;  // open as long as the service may write to it
  std::filesystem::path log_;
  std::map<std::string, std::uint16_t> ports_;
};

}  // namespace rebalancer::test
