#!/usr/bin/env bash
# Process 1 of the node's pid namespace: covers the machine's folders with the cluster's own, starts containerd, and reaps
# what shims leave (the kubelet as process 1 would not). Killing it ends every container, shim and mount of the node.
#   node.sh FOLDER CONTAINERD_CONFIG COVERED...
set -euo pipefail
folder=$1 config=$2
shift 2
mount --make-rshared /
for covered in "$@"; do
  mkdir -p "$folder$covered"
  mount --bind "$folder$covered" "$covered"
done
containerd --config "$config" &
while :; do
  sleep 86400 &
  wait -n || true
done
