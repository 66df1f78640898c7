#!/bin/sh
# symbols.sh <isa> <objects>: fails if an object compiled for one ISA defines anything another could be linked to: weak symbols
# or globals without glorot::<isa> in their names. One such symbol and the linker may put AVX-512 code on a machine without it.
isa=$1
shift
# Names as the compiler writes them, of which nm cannot translate all: 6glorot2v3 or, after glorot was named once, S_2v3.
leaks=$(for object in "$@"; do
  nm --defined-only "$object" | awk -v own="(6glorot|S_)${#isa}$isa" '$2 ~ /^[WVuiTDBRC]$/ && $3 !~ own { print FILENAME $0 }'
done | c++filt)
if [ -n "$leaks" ]; then
  echo "symbols that leak from $isa:"
  echo "$leaks"
  exit 1
fi
echo "no symbol leaks from $isa"
