#include "exporters/prometheus/accepted.hpp"

#include <doctest/doctest.h>

#include <initializer_list>
#include <string_view>

using namespace lastgood;

TEST_CASE("gzip is for those who accept it") {
    for (const std::string_view header :
         {"gzip", "gzip, deflate, br", "deflate;q=0.5,GZIP;q=0.5", "x-gzip", "*", "*;q=0.1",
          "gzip;q=0.001", "gzip ; q=1.000", "identity;q=0.5, gzip", "identity, gzip;q=1.0",
          " , gzip", "br;q=1.0, *;q=0.8"}) {
        CAPTURE(header);
        CHECK(accepts_gzip(header));
    }
    for (const std::string_view header : {"",
                                          "identity",
                                          "gzip;q=0",
                                          "gzip;q=0.0, *",
                                          "gzip;q=0.000",
                                          "*;q=0",
                                          "deflate, br",
                                          "identity;q=1, gzip;q=0.5",
                                          "gzipped",
                                          "gzip;q=2",
                                          "gzip;q=-1",
                                          "gzip;q=nan",
                                          "gzip;q=",
                                          "gzip;q=1.5",
                                          "gzip;q=0x1",
                                          "gzip;q=0.12345",
                                          "\"gzip",
                                          "\"a, gzip\"",
                                          ",",
                                          ";",
                                          ";q=1"}) {
        CAPTURE(header);
        CHECK_FALSE(accepts_gzip(header));
    }
}

TEST_CASE("OpenMetrics is for those who ask for version 1.0.0 by name") {
    for (const std::string_view header :
         {// Prometheus 2.42
          "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
          "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
          // Prometheus 3
          "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/"
          "openmetrics-text;version=0.0.1;q=0.5,text/"
          "plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
          "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
          "application/openmetrics-text", "Application/OpenMetrics-Text; Version=\"1.0.0\"",
          "text/plain;q=0.5, application/openmetrics-text;q=0.5"}) {
        CAPTURE(header);
        CHECK(prefers_openmetrics(header));
    }
    for (const std::string_view header :
         {"", "*/*", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
          "application/*", "application/openmetrics-text;version=0.0.1",
          "application/openmetrics-text;version=2.0.0", "application/openmetrics-text;q=0",
          "text/plain, application/openmetrics-text;q=0.9",
          "text/*, application/openmetrics-text;q=0.9", "*/*, application/openmetrics-text;q=0.9",
          "application/openmetrics-text;q=bad", "text/plain;x=\",application/openmetrics-text\""}) {
        CAPTURE(header);
        CHECK_FALSE(prefers_openmetrics(header));
    }
}
