#!/usr/bin/env bash
# Installs what the tests need and this machine lacks: Debian's unbound, BIND, dnsmasq, squid, nginx,
# Prometheus with promtool, Alertmanager with amtool, curl, ip, nft, python3 and faketime; the shells that complete, man and
# mandoc; what builds, checks and runs packages and images (systemd, dpkg-dev, lintian, shellcheck, umoci, crun); what reads
# the files of deploy/, in target/test-tools; and cargo-nextest.
# May be run any number of times. No service is started, and none that runs is touched.
set -euo pipefail

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

has() {
  # Debian keeps servers in /usr/sbin, which is not on everybody's path.
  PATH="$PATH:/usr/sbin" command -v "$1" >/dev/null 2>&1
}

missing=()
for pair in unbound:unbound named:bind9 squid:squid dnsmasq:dnsmasq-base nginx:nginx-light prometheus:prometheus promtool:prometheus prometheus-alertmanager:prometheus-alertmanager \
  amtool:prometheus-alertmanager curl:curl ip:iproute2 nft:nftables cc:gcc python3:python3-minimal faketime:faketime \
  fish:fish zsh:zsh man:man-db groff:groff-base mandoc:mandoc systemd-analyze:systemd dpkg-shlibdeps:dpkg-dev strip:binutils lintian:lintian \
  shellcheck:shellcheck umoci:umoci crun:crun setpriv:util-linux; do
  has "${pair%%:*}" || missing+=("${pair#*:}")
done

python3 -c 'import ensurepip, json, tarfile, venv' 2>/dev/null || missing+=(python3 python3-venv)

# Packages ask this file whether they may start their services; 101 means no.
policy=/usr/sbin/policy-rc.d
placed=no
remove_policy() {
  if [ "$placed" = yes ]; then as_root rm -f "$policy"; fi
}
trap remove_policy EXIT

if [ ${#missing[@]} -gt 0 ]; then
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    placed=yes
    as_root chmod 755 "$policy"
  fi
  log=$(mktemp)
  if ! { as_root apt-get update -qq &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } \
    >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    echo "install-test-tools: could not install ${missing[*]}" >&2
    exit 1
  fi
  rm -f "$log"
  echo "install-test-tools: installed ${missing[*]}"
fi

# What judges files of deploy/ stands in a folder of its own, and so do the packages that the container image is made of.
tools=$(cd "$(dirname "$0")/.." && pwd)/target/test-tools
wanted=('cyclonedx-python-lib[json-validation]==11.12.0' python-hcl2==8.1.4 tree-sitter==0.25.2 tree-sitter-bicep==1.1.0
  jsonschema configobj jinja2 pyyaml jsonpatch netifaces-plus oauthlib requests pyserial)
if [ "$(cat "$tools/venv/wanted" 2>/dev/null)" != "${wanted[*]}" ]; then
  python3 -m venv "$tools/venv"
  "$tools/venv/bin/pip" install --quiet --disable-pip-version-check "${wanted[@]}"
  echo "${wanted[*]}" >"$tools/venv/wanted"
  echo "install-test-tools: installed ${wanted[*]}"
fi
"$tools/../../deploy/container/build" --fetch "$tools/debs"
# Installed, cloud-init would set this machine up at its next start; unpacked, it only reads what it is asked to.
if [ ! -d "$tools/cloud-init" ]; then
  (cd "$tools/debs" && apt-get download -qq cloud-init 2>/dev/null)
  dpkg-deb --extract "$tools"/debs/cloud-init_*.deb "$tools/cloud-init"
fi

if ! has cargo-nextest; then
  cargo install --locked --quiet cargo-nextest
  echo "install-test-tools: installed cargo-nextest"
fi

echo "install-test-tools: everything the tests need is here"
