#!/bin/sh
# Installs pm from a release: fetches the archive for this machine, compares it with SHA256SUMS, and only then unpacks it.
#
#     sh install.sh [URL] [PREFIX]
#
# URL     where the files of the release lie; else PM_RELEASE_URL
# PREFIX  gets bin/pm and shell completions; else PM_PREFIX, else /usr/local for root and ~/.local for others
# PM_TARGET  another target than that of this machine, as in the names of the archives
set -eu

say() { printf 'install: %s\n' "$1" >&2; }
die() {
  say "$1"
  exit 1
}

main() {
  url="${1:-${PM_RELEASE_URL:-}}"
  [ -n "$url" ] || die "say where the release is: sh install.sh URL, or PM_RELEASE_URL=URL"
  url="${url%/}"
  if [ "$(id -u)" = 0 ]; then prefix=/usr/local; else prefix="${HOME:-}/.local"; fi
  prefix="${2:-${PM_PREFIX:-$prefix}}"
  target="${PM_TARGET:-$(target_here)}"

  work="$(mktemp -d)"
  staged=""
  trap 'rm -rf "$work" ${staged:+"$staged"}' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP

  fetch "$url/SHA256SUMS" "$work/SHA256SUMS" || die "$url/SHA256SUMS cannot be fetched"
  line="$(grep -E "^[0-9a-f]{64}  pm-[0-9A-Za-z.+-]+-$target\.tar\.gz\$" "$work/SHA256SUMS" || true)"
  [ -n "$line" ] || die "$url/SHA256SUMS has no archive for $target"
  [ "$(printf '%s\n' "$line" | wc -l)" -eq 1 ] || die "$url/SHA256SUMS has several archives for $target"
  wanted="${line%% *}"
  archive="${line##* }"

  fetch "$url/$archive" "$work/$archive" || die "$url/$archive cannot be fetched"
  found="$(sum_of "$work/$archive")"
  [ "$found" = "$wanted" ] || die "$archive is not what SHA256SUMS says: its SHA-256 is $found instead of $wanted; nothing is installed"

  tar -xzf "$work/$archive" -C "$work" || die "$archive cannot be unpacked"
  from="$work/${archive%.tar.gz}"
  [ -f "$from/pm" ] || die "$archive has no program pm in it"
  place 755 "$from/pm" bin/pm
  place 644 "$from/completions/pm.bash" share/bash-completion/completions/pm
  place 644 "$from/completions/_pm" share/zsh/site-functions/_pm
  place 644 "$from/completions/pm.fish" share/fish/vendor_completions.d/pm.fish
  place 644 "$from/LICENSE" share/doc/pm/LICENSE
  place 644 "$from/THIRD-PARTY-NOTICES" share/doc/pm/THIRD-PARTY-NOTICES
  say "$prefix/bin/pm is that of $archive"
  case ":${PATH:-}:" in
  *":$prefix/bin:"*) ;;
  *) say "$prefix/bin is not in PATH" ;;
  esac
}

# The archive for this machine. The program for x86-64 Linux carries its C library, so it runs with musl too.
target_here() {
  machine="$(uname -s)-$(uname -m)"
  case "$machine" in
  Linux-x86_64 | Linux-amd64) echo linux-x64 ;;
  Linux-aarch64 | Linux-arm64) if has_musl; then echo linux-arm64-musl; else echo linux-arm64; fi ;;
  Darwin-x86_64) echo darwin-x64 ;;
  Darwin-arm64) echo darwin-arm64 ;;
  *) die "there is no pm for $machine" ;;
  esac
}

has_musl() { [ ! -e /lib/ld-linux-aarch64.so.1 ] && ls /lib/ld-musl-* >/dev/null 2>&1; }

# What cannot be fetched whole is no file; an answer of 404 is no file either.
fetch() {
  if command -v curl >/dev/null 2>&1; then
    curl -fsSL -o "$2" "$1"
  elif command -v wget >/dev/null 2>&1; then
    wget -q -O "$2" "$1"
  else
    die "neither curl nor wget is on this machine"
  fi
}

sum_of() {
  if command -v sha256sum >/dev/null 2>&1; then
    sha256sum "$1" | cut -d ' ' -f 1
  elif command -v shasum >/dev/null 2>&1; then
    shasum -a 256 "$1" | cut -d ' ' -f 1
  elif command -v openssl >/dev/null 2>&1; then
    openssl dgst -sha256 -r "$1" | cut -d ' ' -f 1
  else
    die "no sha256sum, shasum or openssl is on this machine: the archive cannot be verified"
  fi
}

# MODE FILE PATH: puts a file below the prefix, so that the one before is replaced at one instant; it may be running.
place() {
  to="$prefix/$3"
  mkdir -p "${to%/*}" || die "${to%/*} cannot be made; choose another PREFIX: sh install.sh URL PREFIX"
  staged="$to.new.$$"
  { cp "$2" "$staged" && chmod "$1" "$staged" && mv -f "$staged" "$to"; } || die "$to cannot be written"
  staged=""
}

# Last, so that a script that was cut off on its way does nothing.
main "$@"
