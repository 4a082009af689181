#include "exporters/prometheus/pages.hpp"

#include <memory>
#include <mutex>

#include "core/clock.hpp"
#include "core/utf8.hpp"
#include "exporters/prometheus/accepted.hpp"
#include "exporters/prometheus/page.hpp"
#include "exporters/prometheus/rendered_report.hpp"

namespace lastgood {

namespace {

constexpr const char* plain_text = "text/plain; charset=utf-8";
constexpr const char* html = "text/html; charset=utf-8";

class Pages {
  public:
    Pages(const std::string& report_path, std::function<std::string()> make_rules)
        : report_(report_path, wall_clock), make_rules_(std::move(make_rules)) {}

    HttpAnswer answer(const HttpRequest& request) {
        const bool packed = accepts_gzip(request.accept_encoding);
        if (request.path == "/metrics") return metrics(request, packed);
        if (request.path == "/-/healthy") {
            const auto health = report_.health();
            return {health.healthy ? 200 : 503, plain_text, harmless(health.why) + "\n"};
        }
        if (request.path == "/") {
            HttpAnswer page{.content_type = html, .vary = "Accept-Encoding"};
            report_.put_into(page, RenderedReport::Form::page, packed);
            return page;
        }
        if (request.path == "/rules" && make_rules_) return rules(packed);
        if (request.path == style_path)
            return {200, "text/css; charset=utf-8", std::string(style_sheet)};
        return {404, plain_text, "Not found. The pages are /, /rules, /metrics and /-/healthy.\n"};
    }

  private:
    HttpAnswer metrics(const HttpRequest& request, bool packed) {
        const bool openmetrics = prefers_openmetrics(request.accept);
        HttpAnswer answer{
            .content_type = openmetrics
                                ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                : "text/plain; version=0.0.4; charset=utf-8",
            .vary = "Accept, Accept-Encoding"};
        report_.put_into(
            answer, openmetrics ? RenderedReport::Form::openmetrics : RenderedReport::Form::text,
            packed);
        return answer;
    }

    HttpAnswer rules(bool packed) {
        const std::lock_guard lock(mutex_);
        if (!rules_made_) rules_ = PackableText(make_rules_());
        rules_made_ = true;
        HttpAnswer page{.content_type = html, .vary = "Accept-Encoding"};
        rules_.put_into(page, packed);
        return page;
    }

    RenderedReport report_;
    std::function<std::string()> make_rules_;
    std::mutex mutex_;
    PackableText rules_;
    bool rules_made_ = false;
};

}  // namespace

HttpServer::Answer make_pages(const std::string& report_path,
                              std::function<std::string()> rules_page) {
    auto pages = std::make_shared<Pages>(report_path, std::move(rules_page));
    return [pages](const HttpRequest& request) { return pages->answer(request); };
}

}  // namespace lastgood
