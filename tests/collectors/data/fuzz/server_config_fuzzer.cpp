// Arguments and configurations of database servers.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/data/parse/server_config.hpp"

namespace {

void require_path(const std::string& path) {
    if (!path.empty() && !path.starts_with('/')) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace lastgood;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const char* program : {"postgres", "mysqld", "mongod", "redis-server", "other"}) {
        const auto found = parse_server_arguments(program, text);
        require_path(found.directory);
        require_path(found.config);
    }
    static_cast<void>(effective_user(text));
    for (const auto form :
         {ServerConfig::none, ServerConfig::postgresql, ServerConfig::mysql, ServerConfig::mongodb,
          ServerConfig::redis, ServerConfig::elasticsearch})
        require_path(data_directory_in(form, text));
    return 0;
}
