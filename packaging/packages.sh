# Lists the Debian packages that lastgood needs, and installs them. Sourced by packaging/quickstart, packaging/build-deb, tests/run.
# shellcheck shell=bash disable=SC2034 # the lists are used by those who source this

# Prints a variable of /etc/os-release; nothing if it is not set.
os_release() {
    # shellcheck source=/dev/null
    (. /etc/os-release && printf '%s' "${!1:-}")
}

# Prints the suite's part at the end of the package's version: ~deb12u1 on Debian 12; nothing on testing and unstable, which have
# no VERSION_ID. Versions sort like suites, so an upgrade of the system upgrades the package too.
suite_suffix() {
    local id number
    id=$(os_release ID)
    number=$(os_release VERSION_ID)
    if [ -z "$number" ]; then return; fi
    if [ "$id" = debian ]; then echo "~deb${number}u1"; else echo "~$id$number.1"; fi
}

# Package names that differ between the suites that lastgood is tested on. Other suites use the names of the newest one.
suite=$(os_release VERSION_CODENAME)
case $suite in
    bookworm) systemd_package=systemd ;; # contains systemd.pc, which names the directory of units
    *) systemd_package=systemd-dev ;;
esac

# To build and to run. The last line has the programs needed to run; the libraries come with the -dev packages.
build_packages=(
    g++ meson ninja-build pkg-config
    libfmt-dev libsqlite3-dev libudev-dev libsystemd-dev libatasmart-dev libnvme-dev
    libjson-c-dev libdbus-1-dev uuid-dev libexpat1-dev
    zlib1g-dev libbz2-dev liblzma-dev libzstd-dev
    libtomlplusplus-dev nlohmann-json3-dev libcli11-dev libexpected-dev prometheus-cpp-dev libmicrohttpd-dev
    smartmontools
)

# The backup tools whose lies tests play.
lie_packages=(
    restic borgbackup pgbackrest postgresql
    rsnapshot rsync barman duplicity rdiff-backup dirvish bup mariadb-server-core mariadb-backup
    btrbk snapper btrfs-progs xfsprogs
    gzip zstd xz-utils bzip2 lz4 gpg gpg-agent sqlite3 mariadb-client tar
)

# Additional packages to test.
test_packages=(
    clang libclang-rt-dev clang-format clang-tidy shellcheck
    doctest-dev
    python3 python3-pytest python3-pytest-xdist python3-prometheus-client
    prometheus prometheus-alertmanager
    "${lie_packages[@]}"
    mount util-linux e2fsprogs libcap2-bin openssl ccache
    lintian systemd systemd-journal-remote dbus-daemon python3-dbus python3-gi bash-completion man-db git
)

# Additional packages to make the Debian package and install it.
package_packages=(build-essential debhelper dpkg-dev fakeroot "$systemd_package" procps)

# For the lab (tests/lab).
lab_packages=(
    qemu-system-x86 qemu-utils debootstrap socat
    python3 python3-pytest prometheus prometheus-alertmanager
)

# For the other suites and architectures (tests/suites, tests/arm64).
suites_packages=(debootstrap zstd util-linux python3)

# Prints those of the given packages that are not installed, one on each line.
missing_packages() {
    local installed
    # dpkg-query fails for an unknown package, which is not an error here: the package is not installed.
    installed=$( { dpkg-query -W -f '${db:Status-Abbrev}|${Package}\n' "$@" 2> /dev/null || true; } | sed -n 's/^ii *|//p')
    local package
    for package in "$@"; do
        grep -qxF -- "$package" <<< "$installed" || echo "$package"
    done
}

# Runs a command as root, with sudo if needed.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -- "$@"; fi
}

installed_packages() {
    dpkg-query -W -f '${db:Status-Abbrev}|${Package}\n' | sed -n 's/^ii *|//p' | sort -u
}

policy=/usr/sbin/policy-rc.d # see invoke-rc.d(8)

# Installs those of the given packages that are missing; uses neither the network nor apt if none is. Debian starts services when
# it installs them; here they stay stopped and disabled, because only their programs are needed.
install_packages() {
    local missing
    mapfile -t missing < <(missing_packages "$@")
    if [ ${#missing[@]} -eq 0 ]; then return 0; fi
    if ! command -v apt-get > /dev/null; then
        echo "these Debian packages are missing, and there is no apt-get here: ${missing[*]}" >&2
        return 1
    elif [ "$(id -u)" -ne 0 ] && ! command -v sudo > /dev/null; then
        echo "these Debian packages are missing; install them as root: apt-get install ${missing[*]}" >&2
        return 1
    fi
    case $suite in
        bookworm | trixie) ;;
        *) echo "this is neither Debian 12 nor 13 but $(os_release PRETTY_NAME): trying with the names that packages have in Debian 13" ;;
    esac
    echo "installing ${#missing[@]} Debian packages and what they need (a minute or two):"
    fmt --width=78 <<< "${missing[*]}" | sed 's/^/  /'
    # It forbids only while this process lives: one that is interrupted cannot remove it.
    local our_policy=false mark='# lastgood installs packages'
    if [ ! -e "$policy" ] || grep -qF "$mark" "$policy"; then
        our_policy=true
        printf '#!/bin/sh\n%s\nif kill -0 %s 2> /dev/null; then exit 101; fi\n' "$mark" $$ | as_root tee "$policy" > /dev/null || return 1
        as_root chmod 755 "$policy"
    fi
    local before log status=0
    before=$(installed_packages)
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)
    as_root "${apt[@]}" update < /dev/null > /dev/null || echo "apt-get update failed; trying with the lists there are" >&2
    log=$(mktemp)
    as_root "${apt[@]}" install -y --no-install-recommends "${missing[@]}" < /dev/null > "$log" || {
        status=$?
        cat "$log" >&2
    }
    rm -f "$log"
    if [ $our_policy = true ]; then as_root rm -f "$policy"; fi
    if [ $status -ne 0 ]; then
        echo "apt-get could not install these packages; its message is above: ${missing[*]}" >&2
        return 1
    fi
    if [ -d /run/systemd/system ]; then
        local new units
        mapfile -t new < <(comm -13 <(echo "$before") <(installed_packages))
        units=$(dpkg -L "${new[@]}" 2> /dev/null | sed -nE 's,^(/usr)?/lib/systemd/system/([^/@]+\.(service|timer|socket))$,\2,p')
        # shellcheck disable=SC2086 # unit names hold no blanks
        if [ -n "$units" ]; then as_root systemctl disable --quiet $units 2> /dev/null || true; fi
    fi
}
