/** @file The camera: maps points of the screen to directions of the panorama, and back. */
import { type Direction, degrees, type Look, lookOf, radians, turn, vectorOf } from "../../kernel-lib/panorama/angles.js";
import { type Point, ruleOf } from "../../kernel-lib/panorama/projections.js";
import type { ViewState } from "../../kernel-lib/panorama/view-state.js";

/** The camera of a view. */
export interface Camera {
  /** the direction of a point of the screen: (0,0) is its middle, y = 1 its top edge, x = `aspect` its right edge; undefined beyond a pole */
  look(at: Point): Look | undefined;
  /** the inverse: the point of a direction; of several, the one nearest to the middle; undefined if it is not on the plane */
  find(heading: number, pitch: number): Point | undefined;
}

/** A rotation from the camera to the panorama: rows x, y, z; columns right, up, ahead. */
export type Axes = readonly [Direction, Direction, Direction];

/** The camera's rotation: roll about the view's axis, then pitch, then heading. */
export function rotation({ heading, pitch, roll }: Pick<ViewState, "heading" | "pitch" | "roll">): Axes {
  const [ch, sh] = [Math.cos(radians(heading)), Math.sin(radians(heading))];
  const [cp, sp] = [Math.cos(radians(pitch)), Math.sin(radians(pitch))];
  const [cr, sr] = [Math.cos(radians(roll)), Math.sin(radians(roll))];
  const axes = [
    [cr, -sr * cp, sr * sp],
    [sr, cr * cp, -cr * sp],
    [0, sp, cp],
  ];
  const [rx, ux, ax] = axes.map(([x, , z]) => x * ch + z * sh);
  const [rz, uz, az] = axes.map(([x, , z]) => -x * sh + z * ch);
  return [
    [rx, ux, ax],
    [axes[0][1], axes[1][1], axes[2][1]],
    [rz, uz, az],
  ];
}

/** The camera of a state. */
export function cameraOf(state: ViewState): Camera {
  const rule = ruleOf(state.projection);
  const { ray } = rule;
  const scale = rule.scale(radians(state.fov));
  if (!ray) return flatCamera(state, scale);
  const m = rotation(state);
  return {
    look([px, py]) {
      const d = ray([px * scale, py * scale]);
      const [x, y, z] = m.map((row) => row[0] * d[0] + row[1] * d[1] + row[2] * d[2]);
      return lookOf([x, y, z]);
    },
    find(heading, pitch) {
      const d = vectorOf({ heading, pitch });
      const [x, y, z] = [0, 1, 2].map((k) => m[0][k] * d[0] + m[1][k] * d[1] + m[2][k] * d[2]);
      const at = rule.point([x, y, z]);
      return at && [at[0] / scale, at[1] / scale];
    },
  };
}

/** The camera of the flat projection: the panorama's plane, moved under the screen and rolled about its middle. */
function flatCamera({ heading, pitch, roll }: ViewState, scale: number): Camera {
  const [c, s] = [Math.cos(radians(roll)), Math.sin(radians(roll))];
  return {
    look([x, y]) {
      const up = pitch + degrees((y * c - x * s) * scale);
      return Math.abs(up) > 90 ? undefined : { heading: heading + degrees((x * c + y * s) * scale), pitch: up };
    },
    find(to, up) {
      const [x, y] = [radians(turn(to - heading)) / scale, radians(up - pitch) / scale];
      return [x * c - y * s, y * c + x * s];
    },
  };
}
