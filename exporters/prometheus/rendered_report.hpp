// The report as the texts that the listener serves: one parse of the file for page, metrics and
// health. The parsed report, which takes ten times their memory, is not kept.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "core/report.hpp"
#include "exporters/prometheus/http_server.hpp"

namespace lastgood {

// A text, and its gzip form, which is made when it is first asked for and then kept.
class PackableText {
  public:
    PackableText() = default;
    explicit PackableText(std::string text) : text_(std::move(text)) {}

    // Fills in body and content_encoding of `answer`. Without memory to pack, the text is plain.
    void put_into(HttpAnswer& answer, bool packed);

  private:
    SharedText text_, packed_;
};

// The report at `path`. It is read again when the file has changed (device, inode, size or
// modification time). Safe to use from several threads; one waits while another reads the report.
class RenderedReport {
  public:
    RenderedReport(std::string path, std::function<Timestamp()> now)
        : path_(std::move(path)), now_(std::move(now)) {}

    struct Health {
        bool healthy = false;  // the report is readable and fresh
        std::string why;       // for people: the report's age, or what is wrong with it
    };
    Health health();

    enum class Form {
        page,  // HTML; the ages on it are those of the time that it names, 60 s ago at most
        text,  // metrics in Prometheus' text format; without a report a comment with the reason
        openmetrics,
    };
    // Fills in body and content_encoding of `answer`.
    void put_into(HttpAnswer& answer, Form form, bool packed);

  private:
    struct Identity {
        uint64_t device = 0, inode = 0, size = 0;
        int64_t seconds = 0, nanoseconds = 0;
        bool operator==(const Identity&) const = default;
    };
    static constexpr size_t forms = 3;

    void refresh(bool for_page);
    void read(const Identity& identity);
    void forget(Error why);
    bool is_page_old() const;
    Health judge_age() const;
    std::string text_without_report(Form form) const;
    std::string text_of_old_report(Form form) const;

    std::string path_;
    std::function<Timestamp()> now_;
    std::mutex mutex_;
    Identity identity_;
    bool known_ = false;                  // identity_ is of a file that was read
    bool read_ = false;                   // texts_ holds a report
    Error error_{ErrorKind::absent, {}};  // why texts_ holds no report
    Timestamp written_at_ = 0, page_made_at_ = 0;
    std::array<PackableText, forms> texts_;  // by Form
};

}  // namespace lastgood
