/** @file How two things of a picture lie to each other: what a scene graph says of them. */
import type { PaintedThing, PlacedThing, Thing } from "./things.js";

/** Of a subject to an object. */
export const PREDICATES = ["left of", "right of", "above", "below", "in front of", "on"] as const;
export type Predicate = (typeof PREDICATES)[number];

/** What stands or floats on what. */
const CARRIES: Readonly<Partial<Record<Thing, readonly Thing[]>>> = {
  hill: ["tree"],
  ground: ["cactus", "fir", "tower"],
  water: ["island", "boat", "floe"],
};
const SURFACES: readonly Thing[] = ["ground", "water"];
/** How far above a surface the foot of what stands on it may end, as a share of the picture's height: something nearer hides the rest. */
const GAP = 0.03;
/** Boxes overlap from this share of the smaller one's area. */
const OVERLAP = 0.2;

/**
 * The predicate of subject and object, or none. In this order:
 * - on: the object carries such things, its box holds the subject's middle column, and the subject's foot ends inside it or a little above
 * - in front of: the boxes overlap, the subject is nearer, and the object is neither ground nor water
 * - none where the boxes overlap
 * - left of, right of, above, below: the larger difference of the boxes' centres; above or below where one is ground or water
 * @param nearer whether the subject is nearer than the object: painted later, or, in a picture without an id plane, with its foot further down
 */
export function relationOf(subject: PlacedThing, object: PlacedThing, nearer: boolean): Predicate | undefined {
  const [x, y, width, height] = subject.box;
  const [ox, oy, oWidth, oHeight] = object.box;
  const [dx, dy] = [x + width / 2 - ox - oWidth / 2, y + height / 2 - oy - oHeight / 2];
  const foot = y + height;
  const over = x + width / 2 >= ox && x + width / 2 <= ox + oWidth;
  if (CARRIES[object.what]?.includes(subject.what) && over && foot >= oy - GAP && foot <= oy + oHeight) return "on";
  if (overlap(subject, object)) return nearer && !SURFACES.includes(object.what) ? "in front of" : undefined;
  const upright = SURFACES.includes(subject.what) || SURFACES.includes(object.what);
  if (!upright && Math.abs(dx) >= Math.abs(dy)) return dx < 0 ? "left of" : "right of";
  return dy < 0 ? "above" : "below";
}

function overlap({ box: [ax, ay, aw, ah] }: PlacedThing, { box: [bx, by, bw, bh] }: PlacedThing): boolean {
  const across = Math.min(ax + aw, bx + bw) - Math.max(ax, bx);
  const down = Math.min(ay + ah, by + bh) - Math.max(ay, by);
  return across > 0 && down > 0 && across * down >= OVERLAP * Math.min(aw * ah, bw * bh);
}

/** Every relation among things, as places in the list: subject, predicate, object. */
export function relationsAmong(things: readonly PaintedThing[]): (readonly [subject: number, predicate: Predicate, object: number])[] {
  return things.flatMap((subject, s) =>
    things.flatMap((object, o) => {
      const predicate = s === o ? undefined : relationOf(subject, object, subject.id > object.id);
      return predicate ? [[s, predicate, o] as const] : [];
    }),
  );
}
