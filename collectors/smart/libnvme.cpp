#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "collectors/smart/parse/nvme_pages.hpp"
#include "collectors/smart/readers.hpp"
#include "core/descriptor.hpp"
#include "core/drive_identity.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#include <libnvme.h>
#pragma GCC diagnostic pop

namespace lastgood {
namespace {

// libnvme returns -1 and sets errno, or returns the controller's NVMe status.
Failure failure(const std::string& controller, std::string_view what, int answer) {
    if (answer < 0) {
        const int error = errno;
        const bool denied = error == EPERM || error == EACCES;
        return fail(
            denied ? ErrorKind::denied : ErrorKind::failed,
            fmt::format("{}: {}: {}{}", controller, what, errno_text(error),
                        denied ? "; run as root or with CAP_SYS_ADMIN, and with the device" : ""));
    }
    return fail(ErrorKind::failed,
                fmt::format("{}: {}: the controller returned status {:#x} ({})", controller, what,
                            answer, nvme_status_to_string(answer, false)));
}

template <class Page>
std::string_view bytes_of(const Page& page) {
    return {reinterpret_cast<const char*>(&page), sizeof page};
}

}  // namespace

Result<DriveReading> read_with_libnvme(const Host& host, const std::string& controller) {
    const auto opened = host.open("/dev/" + controller);
    if (!opened) return Failure(opened.error());
    const Descriptor device(*opened);

    // `true` retains asynchronous events: the kernel or another program may wait for them.
    nvme_smart_log log{};
    if (const int answer = nvme_get_log_smart(device.get(), NVME_NSID_ALL, true, &log)) {
        return failure(controller, "cannot read the SMART log", answer);
    }
    auto health = parse_nvme_smart_page(bytes_of(log));
    if (!health) return Failure(health.error());

    const auto identity = std::make_unique<nvme_id_ctrl>();
    if (nvme_identify_ctrl(device.get(), identity.get()) == 0) {
        const auto text = [](const char* field, size_t size) {
            return clean_identity({field, size});
        };
        health->model = text(identity->mn, sizeof identity->mn);
        health->serial = text(identity->sn, sizeof identity->sn);
        health->firmware = text(identity->fr, sizeof identity->fr);
        const unsigned warning = le16toh(identity->wctemp);
        if (warning > 273) health->temperature_limit_celsius = static_cast<double>(warning) - 273;
        constexpr unsigned has_self_tests = 1 << 4;  // OACS
        if ((le16toh(identity->oacs) & has_self_tests) != 0) {
            const auto tests = std::make_unique<nvme_self_test_log>();
            if (nvme_get_log_device_self_test(device.get(), tests.get()) == 0) {
                if (auto results = parse_nvme_self_test_page(bytes_of(*tests))) {
                    health->self_tests = std::move(*results);
                    health->self_test_log_read = true;
                }
            }
        }
    }
    return DriveReading{DriveReading::Kind::health, "libnvme", std::move(*health)};
}

}  // namespace lastgood
