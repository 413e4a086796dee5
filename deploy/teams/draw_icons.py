"""Draws the icons of the Teams app, a sheriff's star: `python deploy/teams/draw_icons.py` writes them.

Microsoft asks for a colour icon of 192 × 192 pixels with its symbol in the middle 120, and for an outline of 32 × 32,
white on nothing.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parents[2] / "bot" / "channels" / "teams_app"
ACCENT, WHITE = (0x1D, 0x59, 0xBF), (255, 255, 255)
SAMPLES = 8  # along each side of a pixel
Grid = np.ndarray


def star(tip: float, notch: float) -> Grid:
    """Ten corners round (0, 0), the first tip upwards; shape (10, 2)."""
    angles = np.pi * (np.arange(10) / 5 - 0.5)
    return np.where(np.arange(10) % 2, notch, tip)[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def distances(x: Grid, y: Grid, corners: Grid) -> Grid:
    """How far each point is from the outline of the polygon; negative inside."""
    nearest, inside = np.full(x.shape, np.inf), np.zeros(x.shape, bool)
    for (ax, ay), (bx, by) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        dx, dy = bx - ax, by - ay
        along = np.clip(((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy), 0, 1)
        nearest = np.minimum(nearest, np.hypot(x - ax - along * dx, y - ay - along * dy))
        inside ^= ((ay > y) != (by > y)) & (x < dx * (y - ay) / (dy or 1) + ax)
    return np.where(inside, -nearest, nearest)


def covered(size: int, tip: float, ball: float, stroke: float = 0) -> Grid:
    """Share of each pixel that the star and the balls on its tips cover; with a stroke only their outline."""
    at = (np.arange(size * SAMPLES) + 0.5) / SAMPLES - size / 2
    x, y = np.meshgrid(at, at - tip * 0.05)  # a star's middle is above that of its box
    shape = distances(x, y, star(tip, tip * 0.5))
    for cx, cy in star(tip, tip * 0.5)[::2]:
        shape = np.minimum(shape, np.hypot(x - cx, y - cy) - ball)
    drawn = np.abs(shape) < stroke / 2 if stroke else shape < 0
    return drawn.reshape(size, SAMPLES, size, SAMPLES).mean(axis=(1, 3))


def colour_icon() -> Grid:
    """White on the accent; shape (192, 192, 4)."""
    share = covered(192, tip=50, ball=8)[..., None]
    pixels = np.round(np.array(ACCENT) * (1 - share) + np.array(WHITE) * share)
    return np.concatenate([pixels, np.full_like(share, 255)], axis=2).astype(np.uint8)


def outline_icon() -> Grid:
    """White lines on nothing; shape (32, 32, 4)."""
    share = covered(32, tip=12.2, ball=2.3, stroke=1.6)[..., None]
    return np.concatenate([np.full((32, 32, 3), 255), np.round(share * 255)], axis=2).astype(np.uint8)


def png(pixels: Grid) -> bytes:
    """A PNG of red, green, blue and alpha, eight bits each."""
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    parts = (
        (b"IHDR", struct.pack(">2I5B", width, height, 8, 6, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    )
    written = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(written)


if __name__ == "__main__":
    (FOLDER / "color.png").write_bytes(png(colour_icon()))
    (FOLDER / "outline.png").write_bytes(png(outline_icon()))
