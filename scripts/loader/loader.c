/*
 * The stub in front of the packed pm: freestanding x86-64 code that the kernel enters in place of Bun.
 *
 * Bun is linked against the C library, and an empty container has none. scripts/pack.ts appends one segment to the compiled program,
 * with this stub, a table, and the files of the C library as they were on the build machine:
 *
 *   stub | table | the program's own header table | ld.so | libc.so.6 | …
 *
 * The stub answers `pm __exec` (exec.c), `pm __guardian` (guardian.c) and `pm --version` by itself. In all other cases it does what the
 * kernel would have done, had it found ld.so in the file system: it maps it and jumps there. ld.so opens libraries by name, so each of
 * them is put into a memory file first, whose name /proc/self/fd/N is written into a page the packer made the program's tables point at.
 *
 * It leaves behind, as close-on-exec descriptors that src/system/limits.ts reads and closes: the memory files `lib`, and `pm-limits` with the
 * soft and the hard limit of open files that pm was given (two 64-bit numbers), since Bun raises the soft one at its start, and then
 * the addresses of what spawn.c offers to the running pm: `prepare`, `spawn`, `begun`, `reap`.
 *
 * It hides from Bun, and from ld.so, the variables by which the environment could put foreign code into pm: BUN_* and LD_*. They stay
 * in /proc/self/environ, where src/system/hidden-variables.ts finds them for the workers.
 *
 * loader-x64.bin is this, compiled, and committed: `bun scripts/build-loader.ts` makes it, `--check` compares.
 */
#include "exec.c"
#include "guardian.c"
#include "signals.c"
#include "spawn.c"
#include "sys.h"

enum { TABLE_ALIGNMENT = 64, NAME_SIZE = 32, VERSION_SIZE = 32 };

/* What the packer writes behind the stub; positions of the libraries are counted from its own begin. The first one is ld.so. */
struct table {
  u64 entry;      /* the program's own entry point */
  u64 names;      /* where the page for the libraries' names must be */
  u64 headers;    /* where the program's own header table is mapped, and how many entries it has */
  u64 header_count;
  u64 library_count;
  char version[VERSION_SIZE]; /* a line, with its newline; empty when the program is to tell it by itself */
  struct {
    u64 offset, size;
  } libraries[];
};

struct elf_header {
  u8 id[16];
  u16 type, machine;
  u32 version;
  u64 entry, headers, sections;
  u32 flags;
  u16 size, header_size, header_count;
};
struct program_header {
  u32 type, flags;
  u64 offset, address, physical, file_size, memory_size, alignment;
};
enum { PT_LOAD = 1, PF_X = 1, PF_W = 2, PF_R = 4 };
enum { AT_NULL = 0, AT_PHDR = 3, AT_PHNUM = 5, AT_BASE = 7, AT_ENTRY = 9 };

extern const char blob_end[] __attribute__((visibility("hidden")));

static __attribute__((noreturn)) void cannot_start(const char *what, long error) {
  struct line line = {.used = 0};
  add_text(&line, "pm: cannot start: ");
  add_text(&line, what);
  if (error < 0) add_text(&line, ": "), add_error(&line, -error);
  quit_saying(126, &line);
}

static u64 page_up(u64 address) { return (address + PAGE - 1) & ~(PAGE - 1); }

/* Else the memory files would take the numbers of closed standard streams, and a worker's output would end up in a library. */
static void open_standard_streams(void) {
  for (long fd = 0; fd <= 2; fd++) {
    if (sys3(SYS_FCNTL, fd, F_GETFD, 0) != -EBADF) continue;
    if (sys3(SYS_OPEN, (long)"/dev/null", O_RDWR, 0) < 0) sys3(SYS_OPEN, (long)"/", O_PATH, 0);
  }
}

/* A close-on-exec file in memory with these bytes. */
static long memory_file(const char *name, const void *bytes, u64 size) {
  /* A host may make it one that cannot be run as a program: a library can be mapped from it all the same. */
  long fd = sys3(SYS_MEMFD_CREATE, (long)name, MFD_CLOEXEC, 0);
  if (fd < 0) cannot_start("memfd_create", fd);
  for (u64 done = 0; done < size;) {
    long written = sys3(SYS_WRITE, fd, (long)bytes + (long)done, (long)(size - done));
    if (written <= 0) cannot_start("writing the C library to memory", written);
    done += (u64)written;
  }
  return fd;
}

static void write_name(char *to, long fd) {
  struct line name = {.used = 0};
  add_text(&name, "/proc/self/fd/");
  add_number(&name, (u64)fd);
  for (u64 i = 0; i < name.used; i++) to[i] = name.text[i];
}

static int protection(u32 flags) {
  return (flags & PF_R ? PROT_READ : 0) | (flags & PF_W ? PROT_WRITE : 0) | (flags & PF_X ? PROT_EXEC : 0);
}

static void map(u64 address, u64 size, int protect, int flags, long fd, u64 offset) {
  long mapped = sys6(SYS_MMAP, (long)address, (long)size, protect, flags, fd, (long)offset);
  if (mapped < 0 && mapped > -(long)PAGE) cannot_start("mapping ld.so", mapped);
}

/* Maps ld.so from its memory file, as the kernel does; gives the address that stands for 0 in it. */
static u64 map_linker(const struct elf_header *elf, long fd) {
  const struct program_header *headers = (const void *)((const char *)elf + elf->headers);
  u64 size = 0;
  for (u64 i = 0; i < elf->header_count; i++) {
    u64 end = headers[i].address + headers[i].memory_size;
    if (headers[i].type == PT_LOAD && end > size) size = end;
  }
  /* First all of it, so that the place is free; then its parts over that. */
  long base = sys6(SYS_MMAP, 0, (long)page_up(size), 0, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base < 0 && base > -(long)PAGE) cannot_start("mapping ld.so", base);
  for (u64 i = 0; i < elf->header_count; i++) {
    const struct program_header *part = headers + i;
    if (part->type != PT_LOAD) continue;
    int protect = protection(part->flags);
    u64 before = part->address % PAGE;
    u64 start = (u64)base + part->address;
    map(start - before, part->file_size + before, protect, MAP_PRIVATE | MAP_FIXED, fd, part->offset - before);
    if (part->memory_size == part->file_size) continue;
    u64 zeros = start + part->file_size, page = page_up(zeros), end = page_up(start + part->memory_size);
    for (u64 at = zeros; at < page; at++) *(char *)at = 0;
    if (end > page) map(page, end - page, protect, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0);
  }
  return (u64)base;
}

/* Takes the hidden variables out of the kernel's list; what follows the list moves up, since ld.so looks for it right behind. */
static u64 *hide_variables(u64 *variables) {
  u64 *to = variables, *from = variables;
  for (; *from; from++)
    if (!starts_with((const char *)*from, "BUN_") && !starts_with((const char *)*from, "LD_")) *to++ = *from;
  *to++ = *from++;
  u64 *vector = to;
  do to[0] = from[0], to[1] = from[1], to += 2, from += 2;
  while (to[-2] != AT_NULL);
  return vector;
}

/* Tells ld.so what the kernel would have told it. */
static void set_vector(u64 *entry, const struct table *table, u64 linker) {
  for (; *entry != AT_NULL; entry += 2) {
    if (*entry == AT_BASE) entry[1] = linker;
    if (*entry == AT_ENTRY) entry[1] = table->entry;
    if (*entry == AT_PHDR) entry[1] = table->headers;
    if (*entry == AT_PHNUM) entry[1] = table->header_count;
  }
}

/* An address that is found out while this runs: in a table of constants it would need relocating. */
static u64 found_out(u64 address) {
  __asm__("" : "+r"(address));
  return address;
}

/* Where that fails, the program itself knows what to say. */
static void tell_version(const char *version) {
  u64 length = length_of(version);
  if (length > 0 && sys3(SYS_WRITE, 1, (long)version, (long)length) == (long)length) quit(0);
}

/* Entered with the kernel's initial stack: the count and the list of arguments, the variables, the auxiliary vector. Gives where to jump. */
__attribute__((used)) u64 loader_main(u64 *stack) {
  long argc = (long)stack[0];
  char **argv = (char **)(stack + 1), **envp = argv + argc + 1;
  if (argc > 1 && equals(argv[1], "__exec")) exec_main(argc, argv, envp);
  if (argc > 1 && equals(argv[1], "__guardian")) quit(guardian_main(argc, argv, envp));
  if (argc > 1 && equals(argv[1], "serve")) keep_signals();

  const struct table *table = (const void *)(((u64)blob_end + TABLE_ALIGNMENT - 1) & ~(u64)(TABLE_ALIGNMENT - 1));
  if (argc == 2 && (equals(argv[1], "--version") || equals(argv[1], "-V"))) tell_version(table->version);
  if (sys3(SYS_ACCESS, (long)"/proc/self/fd", 0, 0) < 0) cannot_start("/proc is not mounted", 0);
  open_standard_streams();
  /* The limit on the size of files counts for files in memory too: while the libraries are written, as far as it may be raised. */
  u64 sizes[2], raised[2];
  long limited = sys4(SYS_PRLIMIT64, 0, RLIMIT_FSIZE, 0, (long)sizes);
  raised[0] = raised[1] = sizes[1];
  if (limited == 0) sys4(SYS_PRLIMIT64, 0, RLIMIT_FSIZE, (long)raised, 0);
  u64 left[6];
  left[2] = found_out((u64)prepare), left[3] = found_out((u64)spawn), left[4] = found_out((u64)begun), left[5] = found_out((u64)reap);
  if (sys4(SYS_PRLIMIT64, 0, RLIMIT_NOFILE, 0, (long)left) == 0) memory_file("pm-limits", left, sizeof left);

  char *names = (char *)table->names;
  long page = sys6(SYS_MMAP, (long)names, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if ((char *)page != names) cannot_start("the place for the libraries' names is taken", page);
  u64 linker = 0;
  const char *begin = (const char *)table;
  for (u64 i = 0; i < table->library_count; i++) {
    long fd = memory_file("lib", begin + table->libraries[i].offset, table->libraries[i].size);
    if (i > 0) {
      write_name(names + i * NAME_SIZE, fd);
      continue;
    }
    linker = map_linker((const void *)(begin + table->libraries[0].offset), fd);
    sys3(SYS_CLOSE, fd, 0, 0);
  }
  if (limited == 0) sys4(SYS_PRLIMIT64, 0, RLIMIT_FSIZE, (long)sizes, 0);
  set_vector(hide_variables((u64 *)envp), table, linker);
  return linker + ((const struct elf_header *)(begin + table->libraries[0].offset))->entry;
}

/* rdx is 0 for ld.so: nothing to call at the end of the program but its own. */
__asm__(
    ".section .text.start,\"ax\"\n"
    ".globl _start\n"
    "_start:\n"
    "  mov %rsp, %rdi\n"
    "  mov %rsp, %rbx\n"
    "  call loader_main\n"
    "  mov %rbx, %rsp\n"
    "  xor %edx, %edx\n"
    "  jmp *%rax\n");
