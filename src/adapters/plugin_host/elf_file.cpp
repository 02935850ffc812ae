// boost::dll::library_info is not used here: it takes sizes from a truncated file unread (uninitialized memory), so a
// half-copied plugin could ask for any amount of memory. Every offset below is checked against the file's size.
#include "adapters/plugin_host/elf_file.hpp"

#include <cstddef>
#include <cstring>
#include <elf.h>
#include <fstream>
#include <vector>

#include <rebalancer/plugin.h>

namespace rebalancer {
namespace {

#if defined(__x86_64__)
constexpr auto this_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr auto this_machine = EM_AARCH64;
#else
#error "name this machine's ELF number"
#endif

class ElfFile {
 public:
  explicit ElfFile(const std::filesystem::path& file) : stream_(file, std::ios::binary) {
    stream_.seekg(0, std::ios::end);
    const auto end = stream_.tellg();
    size_ = end > 0 ? static_cast<std::uint64_t>(end) : 0;
  }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  // False when the file does not hold `bytes` there.
  bool read(std::uint64_t offset, void* out, std::uint64_t bytes) {
    if (offset > size_ || bytes > size_ - offset) return false;
    stream_.clear();
    stream_.seekg(static_cast<std::streamoff>(offset));
    stream_.read(static_cast<char*>(out), static_cast<std::streamsize>(bytes));
    return stream_.good();
  }
  template <class T>
  bool read_all(std::uint64_t offset, std::uint64_t bytes, std::vector<T>& out) {
    if (offset > size_ || bytes > size_ - offset) return false;
    out.resize(static_cast<std::size_t>(bytes / sizeof(T)));
    return out.empty() || read(offset, out.data(), out.size() * sizeof(T));
  }

 private:
  std::ifstream stream_;
  std::uint64_t size_ = 0;
};

bool is_plugin_object(const Elf64_Sym& symbol, const std::vector<char>& names) {
  const bool defined = symbol.st_shndx != SHN_UNDEF && ELF64_ST_BIND(symbol.st_info) != STB_LOCAL;
  if (!defined || ELF64_ST_TYPE(symbol.st_info) != STT_OBJECT || symbol.st_size < offsetof(rb_plugin, name))
    return false;
  constexpr std::size_t length = sizeof(RB_PLUGIN_SYMBOL);  // with its NUL
  return symbol.st_name < names.size() && names.size() - symbol.st_name >= length &&
         std::memcmp(names.data() + symbol.st_name, RB_PLUGIN_SYMBOL, length) == 0;
}

}  // namespace

Result<std::uint64_t> plugin_symbol_size(const std::filesystem::path& path) {
  const auto no_library = [] { return fail(ErrorCode::invalid, "not a shared library"); };
  ElfFile file(path);
  Elf64_Ehdr header;
  if (!file.read(0, &header, sizeof header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return no_library();
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != this_machine) {
    return fail(ErrorCode::invalid, "not a shared library of this machine's kind");
  }
  if (header.e_type != ET_DYN) return no_library();
  // The dynamic linker maps segments without asking whether the file is long enough: reading past its end is SIGBUS.
  std::vector<Elf64_Phdr> segments;
  if (!file.read_all(header.e_phoff, std::uint64_t{header.e_phnum} * sizeof(Elf64_Phdr), segments)) return no_library();
  for (const Elf64_Phdr& segment : segments) {
    if (segment.p_offset > file.size() || segment.p_filesz > file.size() - segment.p_offset) return no_library();
  }
  std::vector<Elf64_Shdr> sections;
  if (!file.read_all(header.e_shoff, std::uint64_t{header.e_shnum} * sizeof(Elf64_Shdr), sections)) return no_library();
  for (const Elf64_Shdr& section : sections) {
    if (section.sh_type != SHT_DYNSYM || section.sh_link >= sections.size()) continue;
    std::vector<Elf64_Sym> symbols;
    std::vector<char> names;
    const Elf64_Shdr& strings = sections[section.sh_link];
    if (!file.read_all(section.sh_offset, section.sh_size, symbols)) return no_library();
    if (!file.read_all(strings.sh_offset, strings.sh_size, names)) return no_library();
    for (const Elf64_Sym& symbol : symbols) {
      if (is_plugin_object(symbol, names)) return symbol.st_size;
    }
  }
  return fail(ErrorCode::invalid, "not a plugin: no symbol '{}'", RB_PLUGIN_SYMBOL);
}

}  // namespace rebalancer
