#include "collectors/data/parse/libvirt_xml.hpp"

#include <expat.h>

#include <memory>

#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t most_disks = 1000;
constexpr size_t most_text = 4096;  // of one element
constexpr size_t most_levels = 64;

// Elements by their path from the root: "domain/devices/disk/source".
class Reader {
  public:
    virtual ~Reader() = default;

    bool read(std::string_view xml) {
        const std::unique_ptr<std::remove_pointer_t<XML_Parser>, void (*)(XML_Parser)> parser(
            ::XML_ParserCreate(nullptr), [](XML_Parser one) { ::XML_ParserFree(one); });
        if (!parser) return false;
        parser_ = parser.get();
        ::XML_SetUserData(parser_, this);
        ::XML_SetElementHandler(
            parser_,
            [](void* self, const char* name, const char** attributes) {
                static_cast<Reader*>(self)->begin(name, attributes);
            },
            [](void* self, const char*) { static_cast<Reader*>(self)->finish(); });
        // Only a document type declares entities, which may grow; libvirt writes none.
        ::XML_SetStartDoctypeDeclHandler(
            parser_, [](void* self, const char*, const char*, const char*, int) {
                ::XML_StopParser(static_cast<Reader*>(self)->parser_, XML_FALSE);
            });
        ::XML_SetCharacterDataHandler(parser_, [](void* self, const char* text, int size) {
            static_cast<Reader*>(self)->add_text({text, static_cast<size_t>(size)});
        });
        return ::XML_Parse(parser_, xml.data(), static_cast<int>(xml.size()), XML_TRUE) ==
               XML_STATUS_OK;
    }

  protected:
    virtual void began(std::string_view path, const char** attributes) {}
    virtual void ended(std::string_view path, std::string_view text) = 0;

    // Empty if there is none of this name.
    static std::string attribute(const char** attributes, std::string_view name) {
        for (; *attributes != nullptr; attributes += 2)
            if (name == attributes[0]) return attributes[1];
        return {};
    }

  private:
    void begin(const char* name, const char** attributes) {
        if (lengths_.size() == most_levels) {
            ::XML_StopParser(parser_, XML_FALSE);
            return;
        }
        lengths_.push_back(path_.size());
        path_ += (path_.empty() ? "" : "/") + std::string(name);
        text_.clear();
        began(path_, attributes);
    }
    void finish() {
        ended(path_, trim(text_));
        text_.clear();
        path_.resize(lengths_.back());
        lengths_.pop_back();
    }
    void add_text(std::string_view text) {
        if (text_.size() + text.size() <= most_text) text_ += text;
    }

    XML_Parser parser_ = nullptr;
    std::string path_, text_;
    std::vector<size_t> lengths_;  // of path_, before each open element
};

class GuestReader : public Reader {
  public:
    LibvirtGuest guest;

  private:
    void began(std::string_view path, const char** attributes) override {
        if (path == "domain/devices/disk") {
            disk_ = {};
            const std::string device = attribute(attributes, "device");
            keep_ = device.empty() || device == "disk" || device == "lun";
        } else if (path == "domain/devices/disk/source") {
            disk_.path = attribute(attributes, "file");
            if (disk_.path.empty()) disk_.path = attribute(attributes, "dev");
            disk_.storage = attribute(attributes, "pool");
            disk_.volume = attribute(attributes, "volume");
        } else if (path == "domain/devices/disk/readonly" ||
                   path == "domain/devices/disk/transient") {
            keep_ = false;
        }
    }
    void ended(std::string_view path, std::string_view text) override {
        if (path == "domain/name") guest.name = text;
        if (path != "domain/devices/disk" || !keep_ || guest.disks.size() == most_disks) return;
        const bool in_pool = !disk_.storage.empty() && !disk_.volume.empty();
        if (disk_.path.starts_with('/') || in_pool) guest.disks.push_back(std::move(disk_));
    }

    GuestDisk disk_;
    bool keep_ = false;
};

class PoolReader : public Reader {
  public:
    LibvirtPool pool;
    // Of a pool without a path of its own, which these types may have.
    std::string usual_path() const {
        if (source_.empty()) return {};
        if (type_ == "logical") return "/dev/" + source_;
        return type_ == "zfs" ? "/dev/zvol/" + source_ : std::string();
    }

  private:
    void began(std::string_view path, const char** attributes) override {
        if (path == "pool") type_ = attribute(attributes, "type");
    }
    void ended(std::string_view path, std::string_view text) override {
        if (path == "pool/name") pool.name = text;
        if (path == "pool/source/name") source_ = text;
        if (path == "pool/target/path") pool.path = text;
    }

    std::string type_, source_;
};

}  // namespace

std::optional<LibvirtGuest> parse_libvirt_guest(std::string_view xml) {
    GuestReader reader;
    if (!reader.read(xml) || reader.guest.name.empty()) return std::nullopt;
    return std::move(reader.guest);
}

std::optional<LibvirtPool> parse_libvirt_pool(std::string_view xml) {
    PoolReader reader;
    if (!reader.read(xml)) return std::nullopt;
    if (reader.pool.path.empty()) reader.pool.path = reader.usual_path();
    if (reader.pool.name.empty() || !reader.pool.path.starts_with('/')) return std::nullopt;
    return std::move(reader.pool);
}

}  // namespace lastgood
