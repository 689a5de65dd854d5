"""Draws what tmux capture-pane -e printed: draw.py COLUMNS TEXT PNG. Colours of the line of progress are left out."""
import re
import sys

from PIL import Image, ImageDraw, ImageFont

columns, text, out = int(sys.argv[1]), open(sys.argv[2], encoding="utf-8").read(), sys.argv[3]
lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in text.rstrip("\n").split("\n")]
font = ImageFont.truetype("DejaVuSansMono.ttf", 14)
width, height = font.getlength("m"), 18
picture = Image.new("L", (round(width * columns) + 16, height * len(lines) + 16), 24)
draw = ImageDraw.Draw(picture)
for i, line in enumerate(lines):
    draw.text((8, 8 + i * height), line, fill=230, font=font)
picture.quantize(16).save(out, optimize=True)
