#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/explainer.hpp"

// For any input, every value is finite and every observation has a subject.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    (void)lastgood::nvme_json_explainer.recognises(input);
    lastgood::ExplainSink sink;
    (void)lastgood::nvme_json_explainer.explain(input, 1.7e9, sink).has_value();
    for (const lastgood::Observation& one : sink.observations) {
        if (one.subject.empty() || !std::isfinite(one.value)) std::abort();
    }
    return 0;
}
