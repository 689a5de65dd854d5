#!/bin/sh
# Makes the pictures of docs/cli.md of a run on terminals of 40 and 120 columns, with tmux, and Python with Pillow:
#	sh docs/terminal/pictures.sh [DIR]
# from the root of the repository; DIR defaults to docs/terminal, PYTHON to python3. Speeds are those of the machine.
set -eu
dir=${1:-docs/terminal}
work=$(mktemp -d)
terminal() { tmux -L "premix-$$" -f /dev/null "$@"; }
trap 'terminal kill-server 2>/dev/null || true; rm -rf "$work"' EXIT
go build -o "$work/premix" ./cmd/premix
"$work/premix" synth --out "$work/photos" --images 1500 >/dev/null
for columns in 40 120; do
  terminal new-session -d -s "at$columns" -x $columns -y 12 -c "$work" "PATH=$work:\$PATH PS1='\$ ' sh"
  terminal send-keys -t "at$columns" "premix mix --in photos --out $columns --cache none" Enter
  # Amid the second stage, when the result of the first one is above its line.
  until terminal capture-pane -t "at$columns" -p | grep -q 'mix  *[1-9][0-9]%'; do sleep 0.1; done
  terminal capture-pane -t "at$columns" -e -p >"$work/$columns.txt"
  "${PYTHON:-python3}" docs/terminal/draw.py $columns "$work/$columns.txt" "$dir/columns-$columns.png"
  terminal kill-session -t "at$columns"
done
