"""How fast films of 640 x 480 pixels are made in software, and how close they are to MuJoCo's best.

Frames are rendered, captioned and encoded in two ways, in turns: as `rodent render` does, and with shadows by
MuJoCo (a map of 2048 x 2048) and four samples per pixel. Frames per second are those that two cores which
are busy with nothing else have time for, from the processor time of a frame: on a shared machine the clock on
the wall says little.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
from _motion import benchmark_clips
from scipy.ndimage import uniform_filter

from rodent.render import Renderer, View
from rodent.render.camera import follow
from rodent.render.video import Caption, open_video
from rodent.scene import make_scene

SIZE, FRAMES, CORES = (640, 480), 50, 2
FAST, RATIO, SIMILAR = 60.0, 2.5, 0.95  # the bars


class Slow(Renderer):
    """MuJoCo's own shadows and four samples per pixel."""

    def __init__(self, config: Any):
        super().__init__(config, SIZE)
        self.model.vis.quality.offsamples, self.model.vis.quality.shadowsize = 4, 2048
        self.model.vis.map.shadowclip, self.model.vis.map.zfar, self.model.vis.map.haze = 0.6, 12, 0.3

    def image(self, qpos: np.ndarray, view: View) -> np.ndarray:
        """The image of a pose as MuJoCo renders it, uint8, shape (height, width, 3)."""
        self.pose(qpos, view)
        self.scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = True
        for geom in self.scene.geoms[: self.scene.ngeom]:
            if geom.type == mujoco.mjtGeom.mjGEOM_PLANE:
                geom.category = mujoco.mjtCatBit.mjCAT_DECOR  # casts none
        for light in self.scene.lights[: self.scene.nlight]:
            if light.castshadow:
                light.pos = view.lookat - 2 * self.model.stat.extent * light.dir
        image, rectangle = np.empty((*SIZE[::-1], 3), np.uint8), mujoco.MjrRect(0, 0, *SIZE)
        self._gl.make_current()
        mujoco.mjr_render(rectangle, self.scene, self._context)
        mujoco.mjr_readPixels(image, None, rectangle, self._context)
        return image[::-1]


def similarity(one: np.ndarray, other: np.ndarray) -> float:
    """Mean structural similarity of two images in windows of 7 x 7 pixels (Wang et al., IEEE TIP, 2004)."""
    a, b = (image.mean(axis=2) for image in (one, other))
    mean_a, mean_b, square_a, square_b, product = (uniform_filter(x, 7) for x in (a, b, a * a, b * b, a * b))
    spread = square_a - mean_a**2 + square_b - mean_b**2 + (0.03 * 255) ** 2
    level = mean_a**2 + mean_b**2 + (0.01 * 255) ** 2
    means, shared = mean_a * mean_b, product - mean_a * mean_b
    near = (2 * means + (0.01 * 255) ** 2) * (2 * shared + (0.03 * 255) ** 2) / (level * spread)
    return float(near.mean())


def main() -> int:
    """Print the figures as lines of JSON; the exit code is 1 if one misses its bar."""
    clips = benchmark_clips(make_scene())
    clip = clips[0]
    caption, cpu, similar = Caption(SIZE), np.zeros((2, FRAMES)), []
    with (
        tempfile.TemporaryDirectory() as folder,
        Renderer(clips.body, SIZE) as fast,
        Slow(clips.body) as slow,
        open_video(Path(folder, "fast.mp4"), clip.fps, SIZE) as write_fast,
        open_video(Path(folder, "slow.mp4"), clip.fps, SIZE) as write_slow,
    ):
        camera = follow(clip.qpos, clip.fps, fast.middle)
        for frame in range(FRAMES):
            at, images = 3 * frame, []
            for way, (draw, write) in enumerate(((fast.draw, write_fast), (slow.image, write_slow))):
                begun = time.process_time()
                images.append(draw(clip.qpos[at], camera[at]))
                write(caption.write(images[-1], f"{clip.name}   {at / clip.fps:.2f} s"))
                cpu[way, frame] = time.process_time() - begun
            similar.append(similarity(*images))
    seconds = np.median(cpu, axis=1)
    print(f"a frame, ms of processor time: {1e3 * seconds[0]:.1f}, by MuJoCo alone {1e3 * seconds[1]:.1f}")
    figures = (
        ("films, what two cores have time for", CORES / seconds[0], "frames/s", FAST),
        ("films, times faster than with MuJoCo's shadows and 4 samples", seconds[1] / seconds[0], "1", RATIO),
        ("films, least similarity to those", min(similar), "1", SIMILAR),
    )
    for figure, value, unit, bar in figures:
        print(
            json.dumps(
                {"figure": figure, "value": round(float(value), 3), "unit": unit, "bar": bar, "at": "least"}
            )
        )
    return int(any(value < bar for _, value, _, bar in figures))


if __name__ == "__main__":
    sys.exit(main())
