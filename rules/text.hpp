// Summaries and advice are templates with placeholders, rendered twice: on the host with the values
// themselves, for Prometheus as its own template. The placeholders:
//   {subject}    "sdb (ST4000DM000, serial Z301ABCD)", "md0 (raid5)", "/srv (ext4 on sda1)", "db8",
//                "smart", "this host"
//   {id}         the subject's id: of a filesystem its mount point
//   {name}       its device name, or, when that is unknown, its id
//   {device}     a label of the subject's info metric; when that is unknown, its name in capitals,
//                "DEVICE"; {device|some words}: when it is unknown, these words
//   {lv}         of an array the label "name": "VG-LV" for one that LVM made
//   {value}      the value compared, without decimals; {value:duration}, {value:percent} or
//                {value:size} with its unit; {value:sector|sectors} "1 sector", "2 sectors"
//   {command:w}  what to type, by a label of the subject: rules/command.hpp
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/info_metric.hpp"

namespace lastgood {

// Labels of a subject's info metric that the texts may show and that alerts carry.
std::vector<std::string_view> info_labels(SubjectKind kind);

struct TextValues {
    SubjectKind kind = SubjectKind::host;
    std::string_view id;
    std::map<std::string, std::string, std::less<>> info;  // labels of the subject's info metric
    double value = 0;
};

std::string render_for_host(std::string_view text, const TextValues& values);
std::string render_for_prometheus(std::string_view text, SubjectKind kind);
std::string render_for_manual(std::string_view text, SubjectKind kind);  // "/dev/DEVICE"

// Advice has one step in a line. With numbers, if there are several: "1. …\n2. …".
std::string numbered_steps(std::string_view advice);

// Placeholders of a text that are none of the above for this kind of subject; for the tests.
std::vector<std::string> unknown_placeholders(std::string_view text, SubjectKind kind);

}  // namespace lastgood
