#!/usr/bin/env bash
# Cuts a file into parts FOLDER/1/part, FOLDER/2/part, … of at most BYTES each, which joined give the file again; prints their number.
# usage: cut.sh FILE BYTES FOLDER
set -euo pipefail
file=$1 bytes=$2 folder=$3
split -b "$bytes" -d -a 3 --numeric-suffixes=1 "$file" "$folder/part."
k=0
for part in "$folder"/part.*; do
  k=$((k + 1))
  mkdir "$folder/$k"
  mv "$part" "$folder/$k/part"
done
echo "$k"
