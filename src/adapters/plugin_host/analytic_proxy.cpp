#include <cstddef>
#include <exception>

#include "adapters/plugin_host/instance.hpp"
#include "adapters/plugin_host/json_text.hpp"

namespace rebalancer {
namespace {

constexpr std::size_t answer_size_max = 256 * 1024 * 1024;

class AnalyticProxy final : public Analytic {
 public:
  explicit AnalyticProxy(std::unique_ptr<Instance> instance) : instance_(std::move(instance)) {}

  Result<std::string> run(const PriceFrame& prices, std::string_view request_json) override {
    const auto lock = instance_->enter();
    std::vector<rb_date> dates;
    std::vector<rb_str> symbols;
    for (const Date date : prices.dates()) dates.push_back(date.days());
    for (const Symbol& symbol : prices.symbols()) symbols.push_back({symbol.str().data(), symbol.str().size()});
    const rb_frame frame{prices.rows(), prices.cols(), dates.data(), symbols.data(), prices.values().data()};
    Answer answer;
    auto called = instance_->run("run", [&] {
      return instance_->api<rb_analytic>().run(instance_->self(), &frame, {request_json.data(), request_json.size()},
                                               &Answer::on_text, &answer);
    });
    if (!called) return fail(called.error());
    if (answer.count != 1) return instance_->returned("{} answers, must be one", answer.count);
    if (!answer.broken.empty()) return instance_->returned("{}", answer.broken);
    const auto parsed = parse_json(answer.text);
    if (!parsed) return instance_->returned("an answer that is {}", parsed.error().message);
    if (!parsed->is_object()) return instance_->returned("an answer that is no JSON object");
    return std::move(answer.text);
  }

 private:
  struct Answer {
    int count = 0;
    std::string text, broken;
    static void on_text(void* ctx, rb_str text) noexcept {
      auto& answer = *static_cast<Answer*>(ctx);
      if (++answer.count > 1) return;
      auto copy = exact_text(text, answer_size_max);
      if (copy) {
        answer.text = *std::move(copy);
      } else {
        answer.broken = copy.error().message;
      }
    }
  };

  std::unique_ptr<Instance> instance_;
};

}  // namespace

std::unique_ptr<Analytic> make_analytic_proxy(std::unique_ptr<Instance> instance) {
  return std::make_unique<AnalyticProxy>(std::move(instance));
}

}  // namespace rebalancer
