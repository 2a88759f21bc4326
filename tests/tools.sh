#!/usr/bin/env bash
# Brings the programs that the tests run, where this machine allows it; the tests say what is still missing.
set -u

packages=()
have() { command -v "$1" >/dev/null 2>&1; }
have redis-server || packages+=(redis-server)
have promtool || packages+=(prometheus)
have alertmanager || have prometheus-alertmanager || packages+=(prometheus-alertmanager)
have chromium || packages+=(chromium)
have java || packages+=(openjdk-17-jre-headless)
have mvn || packages+=(maven)
have npm || packages+=(nodejs npm)
have wget || packages+=(wget)

[ ${#packages[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -ne 0 ] || ! have apt-get; then
  echo "tools: not installed, and this user may not install them: ${packages[*]}" >&2
  exit 0
fi
# The packages would start their servers; the tests start their own on free ports.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy"
  trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq && apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null \
  || echo "tools: some could not be installed: ${packages[*]}" >&2
exit 0
