#include "collectors/backups/proofs.hpp"

#include <algorithm>
#include <optional>

#include "core/json_value.hpp"
#include "core/metrics/backups.hpp"
#include "core/status_in_time.hpp"

namespace lastgood {

namespace {

constexpr const char* section_name = "proofs";  // "verified", "restored": when the stamp was made

class Proofs {
  public:
    Proofs(const Host& host, Sink& sink, LookMemory& memory, const Backup& backup, Timestamp now)
        : host_(host),
          sink_(sink),
          memory_(memory),
          backup_(backup),
          now_(now),
          known_(memory.section(section_name)) {}

    void observe(const char* key, const std::string& stamp, const Metric& metric) {
        if (stamp.empty()) return;
        const auto status = status_in_time(host_, stamp);
        if (status) {
            const Timestamp made = std::min(status->modified, now_);
            known_[key] = made;
            sink_.observe(metric, backup_.name, made, now_);
        } else if (status.error().kind != ErrorKind::absent) {  // the first test makes it
            sink_.problem(backup_.name, status.error());
            // As old as it is at least: the stamp was there when it was made.
            if (const auto made = number_in(known_, key))
                sink_.observe(metric, backup_.name, *made, std::min(*made, now_));
        }
    }
    void keep() { memory_.keep(section_name, std::move(known_)); }

  private:
    const Host& host_;
    Sink& sink_;
    LookMemory& memory_;
    const Backup& backup_;
    Timestamp now_;
    nlohmann::json known_;
};

}  // namespace

void observe_proofs(const Host& host, Sink& sink, LookMemory& memory, const Backup& backup,
                    Timestamp now) {
    Proofs proofs(host, sink, memory, backup, now);
    proofs.observe("verified", backup.plan.verified_stamp,
                   metric::backup_verified_timestamp_seconds);
    proofs.observe("restored", backup.plan.restored_stamp,
                   metric::backup_restored_timestamp_seconds);
    proofs.keep();
}

}  // namespace lastgood
