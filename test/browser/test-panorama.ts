/** @file Pictures whose every direction has a known colour, and what a point of a view shows, by angles one after the other. */
import { type Tensor, zeros } from "#kernel-lib/core/tensor.js";
import type { Coverage } from "#kernel-lib/panorama/coverage.js";

export const radians = (degrees: number) => (degrees * Math.PI) / 180;
export const degrees = (angle: number) => (angle * 180) / Math.PI;

/** A smooth colour for each direction, in [0,1]; the same at ±180°. */
export const colourOf = (heading: number, pitch: number): number[] => [
  0.5 + 0.4 * Math.sin(radians(heading)),
  0.5 + 0.4 * Math.cos(radians(heading)) * Math.cos(radians(pitch)),
  0.5 + 0.4 * Math.sin(radians(2 * pitch)),
];

/** The same, but smooth across the poles too: faces of a cube have no rows there to hold the colour of each heading. */
export const evenColourOf = (heading: number, pitch: number): number[] => [
  0.5 + 0.4 * Math.sin(radians(heading)) * Math.cos(radians(pitch)),
  colourOf(heading, pitch)[1],
  0.5 + 0.4 * Math.sin(radians(pitch)),
];

/** The picture whose every pixel has its direction's colour. */
export function picture(width: number, height: number, { projection, horizontal, vertical, centre = 0 }: Coverage): Tensor {
  const image = zeros([1, 3, height, width]);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const up = 0.5 - (y + 0.5) / height;
      const pitch = projection === "cylinder" ? degrees(Math.atan(up * 2 * Math.tan(radians(vertical / 2)))) : centre + up * vertical;
      const colour = colourOf(((x + 0.5) / width - 0.5) * horizontal, pitch);
      for (let c = 0; c < 3; c++) image.data[(c * height + y) * width + x] = colour[c];
    }
  return image;
}

/** Turns the first axis towards the second. */
export const spin = (a: number, b: number, angle: number): [number, number] => [
  a * Math.cos(angle) - b * Math.sin(angle),
  a * Math.sin(angle) + b * Math.cos(angle),
];

export type Look = { heading: number; pitch: number; roll: number; fov: number; projection: string };

/** The direction of a point of the screen, (0,0) its middle, (±1) its edges, up positive; by rotating about the axes one after the other. */
export function direction(u: number, v: number, aspect: number, s: Look): { heading: number; pitch: number } | undefined {
  if (s.projection === "flat") {
    const [right, up] = spin(((u * s.fov) / 2) * aspect, (v * s.fov) / 2, -radians(s.roll));
    return Math.abs(s.pitch + up) > 90 ? undefined : { heading: degrees(radians(s.heading + right)), pitch: s.pitch + up };
  }
  let [x, y, z] = eye[s.projection](u * aspect, v, radians(s.fov));
  [x, y] = spin(x, y, -radians(s.roll)); // clockwise
  [z, y] = spin(z, y, radians(s.pitch)); // ahead goes up
  [z, x] = spin(z, x, radians(s.heading)); // ahead goes right
  return { heading: degrees(Math.atan2(x, z)), pitch: degrees(Math.atan2(y, Math.hypot(x, z))) };
}

/** What a point shows before the camera turns, by angles. */
const eye: Record<string, (u: number, v: number, fov: number) => number[]> = {
  perspective: (u, v, fov) => [u * Math.tan(fov / 2), v * Math.tan(fov / 2), 1],
  planet: (u, v, fov) => {
    const away = 2 * Math.atan((Math.hypot(u, v) * 2 * Math.tan(fov / 4)) / 2);
    const turn = Math.atan2(v, u);
    return [Math.sin(away) * Math.cos(turn), Math.sin(away) * Math.sin(turn), Math.cos(away)];
  },
  panini: (u, v, fov) => {
    const [x, y] = [u * Math.tan(fov / 2), v * Math.tan(fov / 2)];
    const aside = 2 * Math.atan(x / 2);
    const up = Math.atan((y * (1 + Math.cos(aside))) / 2);
    return [Math.sin(aside) * Math.cos(up), Math.sin(up), Math.cos(aside) * Math.cos(up)];
  },
};

/** Six faces in a row, each pixel in its direction's colour: right, left, up, down, ahead, back. */
export function cubePicture(side: number): Tensor {
  const image = zeros([1, 3, side, side * 6]);
  const faces: ((s: number, t: number) => number[])[] = [
    (s, t) => [1, t, -s],
    (s, t) => [-1, t, s],
    (s, t) => [s, 1, -t],
    (s, t) => [s, -1, t],
    (s, t) => [s, t, 1],
    (s, t) => [-s, t, -1],
  ];
  for (const [k, face] of faces.entries())
    for (let j = 0; j < side; j++)
      for (let i = 0; i < side; i++) {
        const [x, y, z] = face(((i + 0.5) / side) * 2 - 1, 1 - ((j + 0.5) / side) * 2);
        const colour = evenColourOf(degrees(Math.atan2(x, z)), degrees(Math.atan2(y, Math.hypot(x, z))));
        for (let c = 0; c < 3; c++) image.data[(c * side + j) * side * 6 + k * side + i] = colour[c];
      }
  return image;
}
