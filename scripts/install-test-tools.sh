#!/usr/bin/env bash
# Installs what the tests need and this machine lacks: Debian's unbound, BIND, dnsmasq, squid, nginx,
# Prometheus with promtool, Alertmanager with amtool, curl, ip, nft, python3, faketime, prove, shellcheck
# and xmllint; cargo-nextest; and from PyPI, in target/test-tools, junitparser and check-jsonschema.
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
  prove:perl xmllint:libxml2-utils shellcheck:shellcheck; do
  has "${pair%%:*}" || missing+=("${pair#*:}")
done

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

if ! has cargo-nextest; then
  cargo install --locked --quiet cargo-nextest
  echo "install-test-tools: installed cargo-nextest"
fi

# What PyPI has, in a folder of its own. `pip` says whether it is there already, without asking anybody.
tools=$(dirname "$0")/../target/test-tools
wanted=(junitparser==5.0.3 check-jsonschema==0.39.0)
has_wanted() {
  local one there
  there=$("$tools/bin/pip" list --format=freeze --disable-pip-version-check 2>/dev/null) || return 1
  for one in "${wanted[@]}"; do grep -qxF "$one" <<<"$there" || return 1; done
}
if ! has_wanted; then
  if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
  fi
  mkdir -p "$(dirname "$tools")"
  python3 -m venv "$tools"
  "$tools/bin/pip" install --quiet --disable-pip-version-check "${wanted[@]}"
  echo "install-test-tools: installed ${wanted[*]}"
fi

echo "install-test-tools: everything the tests need is here"
