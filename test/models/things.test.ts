/** What landscapes tell of what they show. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createRng } from "#kernel-lib/core/random.js";
import { TERRAINS, type Terrain, TIMES, WEATHERS } from "#models/tiny-landscapes/world/captions.js";
import { drawLabelled, drawLandscape } from "#models/tiny-landscapes/world/landscape.js";
import { PREDICATES, relationOf, relationsAmong } from "#models/tiny-landscapes/world/relations.js";
import { LEAST_SHARE, THINGS, type Thing, thingsIn } from "#models/tiny-landscapes/world/things.js";

const kinds = TIMES.flatMap((time) => TERRAINS.flatMap((terrain) => WEATHERS.map((weather) => ({ time, terrain, weather }))));
/** sha256 of the drawings below, as they were before there was an id plane. */
const DRAWINGS = "1f53d6cf78eee37d9f5609a038d8cb15a544bfe1994d9cfc65e81bdfb990041c";
const MADE_OF: Readonly<Record<Terrain, readonly Thing[]>> = {
  mountains: ["peak", "ground"],
  hills: ["hill", "tree", "ground"],
  desert: ["dune", "cactus", "ground"],
  forest: ["fir", "ground"],
  city: ["tower", "ground"],
  sea: ["island", "boat", "floe", "water"],
};

test("the same seeds draw the same pictures as before there was an id plane, with it and without", () => {
  for (const draw of [drawLandscape, drawLabelled]) {
    const hash = createHash("sha256");
    for (const [seed, kind] of kinds.entries()) hash.update(draw(createRng(seed), { width: 160, ...kind }).pixels);
    for (let k = 0; k < 20; k++) hash.update(draw(createRng(1000 + k), { width: 256 }).pixels);
    expect(hash.digest("hex")).toBe(DRAWINGS);
  }
});

describe("things", () => {
  const drawings = kinds.map((kind, seed) => drawLabelled(createRng(seed), { width: 256, ...kind }));
  const whole = { left: 0, top: 0, width: 256, height: 128, mirrored: false };

  test("a box is the smallest that holds a thing's visible pixels, which fill 0.4 % of the picture or more", () => {
    for (const { ids, objects } of drawings)
      for (const { id, box, pixels } of objects) {
        const places = [...ids.keys()].filter((k) => ids[k] === id);
        const [xs, ys] = [places.map((k) => k % 256), places.map((k) => Math.floor(k / 256))];
        const [left, top] = [xs.reduce((a, b) => Math.min(a, b)), ys.reduce((a, b) => Math.min(a, b))];
        const [right, bottom] = [xs.reduce((a, b) => Math.max(a, b)) + 1, ys.reduce((a, b) => Math.max(a, b)) + 1];
        expect(box).toEqual([left / 256, top / 128, (right - left) / 256, (bottom - top) / 128]);
        expect(pixels).toBe(places.length);
        expect(pixels).toBeGreaterThanOrEqual(LEAST_SHARE * ids.length);
      }
  });

  test("every class is seen, each terrain shows its own things and no other's, the moon by night and the sun by day", () => {
    const seen = new Set(drawings.flatMap(({ objects }) => objects.map(({ what }) => what)));
    expect([...seen].sort()).toEqual([...THINGS].sort());
    for (const { terrain, time, objects } of drawings) {
      const sky = { dawn: ["sun", "cloud"], noon: ["sun", "cloud"], sunset: ["sun", "cloud"], night: ["moon"], overcast: ["cloud"] }[time];
      const [own, common] = MADE_OF[terrain];
      for (const { what } of objects) expect([...sky, ...MADE_OF[terrain]], `${terrain}, ${time}`).toContain(what);
      if (terrain !== "sea") expect(objects.map(({ what }) => what)).toContain(own === "tower" ? common : own);
    }
  });

  test("the pixels of the moon's number have the moon's colour", () => {
    const night = drawings.filter(({ time, weather }) => time === "night" && weather === "clear");
    const moons = night.flatMap(({ ids, pixels, objects }) =>
      objects.filter(({ what }) => what === "moon").map(({ id }) => [...ids.keys()].filter((k) => ids[k] === id).map((k) => pixels[3 * k])),
    );
    expect(moons.length).toBeGreaterThan(0);
    for (const reds of moons) expect(reds.reduce((a, b) => a + b) / reds.length).toBeGreaterThan(200);
  });

  test("a window's boxes are clipped to it; mirrored, they are mirrored", () => {
    for (const drawing of drawings.slice(0, 30)) {
      const window = { left: 50, top: 0, width: 128, height: 128, mirrored: false };
      const straight = thingsIn(drawing, window);
      for (const { box } of straight) expect(box[0] + box[2]).toBeLessThanOrEqual(1);
      const mirrored = thingsIn(drawing, { ...window, mirrored: true });
      expect(mirrored).toEqual(straight.map(({ box: [x, y, w, h], ...rest }) => ({ ...rest, box: [1 - x - w, y, w, h] })));
      expect(thingsIn(drawing, whole)).toEqual(drawing.objects);
    }
  });
});

describe("relations", () => {
  const at = (what: Thing, x: number, y: number, width = 0.2, height = 0.2) => ({ what, box: [x, y, width, height] as const });

  test("centres say left, right, above and below, and boxes that overlap say what is in front", () => {
    const cloud = at("cloud", 0.4, 0.4);
    expect(relationOf(at("sun", 0.1, 0.3), cloud, false)).toBe("left of");
    expect(relationOf(at("sun", 0.7, 0.5), cloud, true)).toBe("right of");
    expect(relationOf(at("sun", 0.3, 0.1), cloud, true)).toBe("above");
    expect(relationOf(at("sun", 0.5, 0.7), cloud, true)).toBe("below");
    expect(relationOf(at("sun", 0.45, 0.45), cloud, true)).toBe("in front of");
    expect(relationOf(at("sun", 0.45, 0.45), cloud, false)).toBeUndefined();
  });

  test("a boat is on the water, a cactus on the ground, a tree on a hill; a sun is above all of them", () => {
    const water = at("water", 0, 0.6, 1, 0.4);
    expect(relationOf(at("boat", 0.3, 0.5), water, true)).toBe("on");
    expect(relationOf(at("sun", 0.3, 0.1), water, false)).toBe("above");
    expect(relationOf(at("cactus", 0.3, 0.5), { ...water, what: "ground" }, true)).toBe("on");
    expect(relationOf(at("tree", 0.3, 0.4), at("hill", 0.1, 0.58, 0.7, 0.4), false)).toBe("on");
    expect(relationOf(at("cactus", 0.3, 0.5), water, true)).toBeUndefined();
  });

  test("drawings show every predicate, and mirroring swaps left and right alone", () => {
    const found = new Set<string>();
    for (let k = 0; k < 40; k++) {
      const drawing = drawLabelled(createRng(k), { width: 128 });
      const mirrored = thingsIn(drawing, { left: 0, top: 0, width: 128, height: 128, mirrored: true });
      const straight = relationsAmong(drawing.objects);
      for (const [, predicate] of straight) found.add(predicate);
      const count = (name: string, all: typeof straight) => all.filter(([, predicate]) => predicate === name).length;
      expect(relationsAmong(mirrored).length).toBe(straight.length);
      expect(count("on", relationsAmong(mirrored))).toBe(count("on", straight));
    }
    expect([...found].sort()).toEqual([...PREDICATES].sort());
  });
});
