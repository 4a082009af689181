// What the files of Docker and Podman say about directories of this host. Pure: malformed text says
// nothing. Container's files hold secrets, too: nothing else is taken from them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lastgood {

// Docker's daemon.json: `data-root`; empty: its default.
std::string docker_data_root(std::string_view daemon_json);
// A container's config.v2.json: directories of the host that it may write to. Not its volumes.
std::vector<std::string> docker_binds(std::string_view config_v2_json);
// A volume's opts.json: the directory of the host that it stands for; empty: it lies in its own
// `_data`.
std::string docker_volume_device(std::string_view opts_json);

// Podman's storage.conf: [storage] graphroot; containers.conf: [engine] volume_path; empty: its
// default.
std::string podman_graph_root(std::string_view storage_conf);
std::string podman_volume_path(std::string_view containers_conf);
// config.json of the OCI runtime specification: directories of the host that the container may
// write to. Its volumes are among them.
std::vector<std::string> oci_binds(std::string_view config_json);

}  // namespace lastgood
