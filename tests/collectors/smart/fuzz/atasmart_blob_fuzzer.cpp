#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/explainer.hpp"
#include "collectors/smart/parse/atasmart_blob.hpp"

// For any input, every value is finite and every observation has a subject.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    (void)lastgood::atasmart_blob_explainer.recognises(input);
    lastgood::ExplainSink sink;
    (void)lastgood::atasmart_blob_explainer.explain(input, 1.7e9, sink).has_value();
    for (const lastgood::Observation& one : sink.observations) {
        if (one.subject.empty() || !std::isfinite(one.value)) std::abort();
    }
    (void)lastgood::parse_ata_self_test_log(input).has_value();
    (void)lastgood::parse_ata_error_log(input).has_value();
    return 0;
}
