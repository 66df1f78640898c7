#!/bin/sh
# symbols.sh <isa> <objects>: fails if an object compiled for one ISA defines anything another could be linked to: weak symbols,
# or globals outside glorot::<isa>. One such symbol and the linker may put AVX-512 code on a machine without it.
isa=$1
shift
leaks=$(for object in "$@"; do
  nm -C --defined-only "$object" | awk -v isa="$isa" '
    $2 ~ /^[WVui]$/ { print FILENAME $0; next }
    $2 ~ /^[TDBRC]$/ && index($0, "glorot::" isa "::") == 0 { print }'
done)
if [ -n "$leaks" ]; then
  echo "symbols that leak from $isa:"
  echo "$leaks"
  exit 1
fi
echo "no symbol leaks from $isa"
