// Renders the summaries and advice of rules, which are texts with placeholders: on the host with
// the values, for Prometheus as a template of Go, for the manual with words in capitals. Pure. The
// placeholders:
//   {subject}    "sdb (ST4000DM000, serial Z301ABCD)", "md0 (raid5)", "/srv (ext4 on sda1)", "db8",
//                "smart", "this host"
//   {id}         the subject's id; the id of a filesystem is its mount point
//   {name}       its device name, "VG/LV" of an array that LVM made; if that is unknown, its id
//   {uuid}       the UUID of a btrfs
//   {vg}         the volume group of an array that LVM made
//   {directory}  the place of a backup, without the part of it that is a pattern
//   {device}     a label of the subject's info metric, here "device". If the label is unknown: its
//                name in capitals, "DEVICE", or with {device|some words} these words
//   {lv}         the label "name" of an array: "VG/LV" for an array that LVM made
//   {value}      the value compared, without decimals; {value:duration}, {value:percent},
//                {value:size} and {value:time} add the unit; {value:sector|sectors} gives "1
//                sector", "2 sectors"
//   {host}       "this host"; summaries of alerts begin with its name
//   {reload}     the command that makes the agent read its configuration again
//   {config}     the agent's configuration file
//   {entry}      the command that shows where the configuration has a backup
//   {mistake}    the first mistake in a refused configuration, with its place
//   {state}      the directory of the saved state
//   {log}        the command that shows the agent's log; without a service there is none
//   {command:w}  a command that depends on a label of the subject: rules/command.hpp
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/info_metric.hpp"

namespace lastgood {

// The labels of a subject's info metric that texts may show; alerts carry them too.
std::vector<std::string_view> info_labels(SubjectKind kind);

// {reload}, {config}, {state}, {log} and {mistake}. The defaults are those of the package's
// service, which Prometheus and the manual show.
struct AgentWords {
    std::string_view reload = "systemctl reload lastgood";
    // Absolute. Steps that run lastgood name it if it is another one than this.
    std::string_view config = "/etc/lastgood/lastgood.toml";
    std::string_view state = "/var/lib/lastgood";     // state_directory
    std::string_view log = "journalctl -u lastgood";  // empty: it has no log
    std::string_view mistake = "the mistakes";        // in a refused configuration, with its place
};

struct TextValues {
    SubjectKind kind = SubjectKind::host;
    std::string_view id;
    // Labels of the subject's info metric, and Rule::also.
    std::map<std::string, std::string, std::less<>> info;
    double value = 0;
    AgentWords agent = {};
};

std::string render_for_host(std::string_view text, const TextValues& values);
std::string render_for_prometheus(std::string_view text, SubjectKind kind);
// One step. It is told without its command if a label in that is unknown, or if the subject or the
// agent has no such command. What unmounts / says instead that it takes a rescue system.
std::string render_step_for_host(std::string_view step, const TextValues& values);
std::string render_step_for_prometheus(std::string_view step, SubjectKind kind);
std::string render_for_manual(std::string_view text, SubjectKind kind);  // "/dev/DEVICE"

// The steps of advice, which has one step on each line. They are still to be rendered.
std::vector<std::string> steps_of(std::string_view advice);

// The placeholders of a text that do not exist for this kind of subject; for the tests. `also` is
// Rule::also.
std::vector<std::string> unknown_placeholders(std::string_view text, SubjectKind kind,
                                              const std::vector<std::string_view>& also = {});

}  // namespace lastgood
