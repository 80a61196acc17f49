/** @file The bundled model's world: its landscapes, its captions and the tokenizer made from their words. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { createRng } from "#kernel-lib/core/random.js";
import { loadTokenizer } from "#kernel-lib/text/tokenizer.js";
import {
  CAPTION_WORDS,
  caption,
  TERRAIN_WORDS,
  TERRAINS,
  TIME_WORDS,
  TIMES,
  WEATHER_WORDS,
  WEATHERS,
} from "#models/tiny-landscapes/world/captions.js";
import { drawLandscape } from "#models/tiny-landscapes/world/landscape.js";
import { MODEL_MAX_LENGTH, tokenizerFiles } from "#models/tiny-landscapes/world/tokenizer-files.js";

const pick = <T>(rng: { below(n: number): number }, all: readonly T[]): T => all[rng.below(all.length)];
const kinds = (seed: number, n: number) => {
  const rng = createRng(seed);
  return Array.from({ length: n }, () => {
    const kind = { time: pick(rng, TIMES), terrain: pick(rng, TERRAINS), weather: pick(rng, WEATHERS) };
    return { ...kind, text: caption(rng, kind) };
  });
};
const names = (text: string, wordings: readonly string[]) =>
  wordings.some((words) => new RegExp(`\\b${words.replace(/^(the|an?) /, "")}\\b`).test(text));
/** Of a picture [H,W], the least (Math.min) or the greatest (Math.max) value in the square of offsets `from` to `to` around each pixel. */
function extreme(values: Float32Array, width: number, pick: typeof Math.min, from: number, to: number): Float32Array {
  const along = (line: Float32Array, stride: number) =>
    line.map((value, k) => {
      let best = value;
      // Neighbours beyond the picture, or in another of its rows, do not count.
      for (let d = from; d <= to; d++) {
        const at = k + d * stride;
        if (stride > 1 ? at >= 0 && at < line.length : Math.floor(at / width) === Math.floor(k / width)) best = pick(best, line[at]);
      }
      return best;
    });
  return along(along(values, 1), width);
}
const wordings = (forms: Record<"noun" | "after" | "before", readonly string[]>) => Object.values(forms).flat();

describe("landscapes", () => {
  test("a seed draws the same bytes again, and another seed other ones", () => {
    const draw = (seed: number) => drawLandscape(createRng(seed), { width: 200 });
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7).pixels).not.toEqual(draw(8).pixels);
  });

  test("every time, terrain and weather asked for is the one drawn, in the size asked for", () => {
    for (const time of TIMES)
      for (const terrain of TERRAINS)
        for (const weather of WEATHERS) {
          const landscape = drawLandscape(createRng(3), { width: 48, time, terrain, weather });
          expect(landscape).toMatchObject({ time, terrain, weather, width: 48, height: 128 });
          expect(landscape.pixels).toHaveLength(48 * 128 * 3);
        }
  });

  test("absent options are drawn: times and terrains evenly, weather 60 : 20 : 20", () => {
    const rng = createRng(5);
    const counts = new Map<string, number>();
    const n = 3000;
    for (let k = 0; k < n; k++) {
      const { time, terrain, weather } = drawLandscape(rng, { width: 1 });
      for (const word of [time, terrain, weather]) counts.set(word, (counts.get(word) ?? 0) + 1 / n);
    }
    for (const time of TIMES) expect(counts.get(time)).toBeCloseTo(1 / 5, 1);
    for (const terrain of TERRAINS) expect(counts.get(terrain)).toBeCloseTo(1 / 6, 1);
    expect(counts.get("clear")).toBeCloseTo(0.6, 1);
    expect(counts.get("snowy")).toBeCloseTo(0.2, 1);
  });

  test("details thinner than 4 pixels cover less than 1.5 % of each terrain's drawings in each weather", () => {
    for (const terrain of TERRAINS)
      for (const weather of WEATHERS) {
        const shares = TIMES.map((time, k) => {
          const { pixels, width, height } = drawLandscape(createRng(20 + k), { width: 192, time, terrain, weather });
          const luma = Float32Array.from(
            { length: width * height },
            (_, p) => (0.3 * pixels[3 * p] + 0.59 * pixels[3 * p + 1] + 0.11 * pixels[3 * p + 2]) / 255,
          );
          // Opening removes bright details that hold no square of 4×4 pixels, closing dark ones.
          const opened = extreme(extreme(luma, width, Math.min, -1, 2), width, Math.max, -2, 1);
          const closed = extreme(extreme(luma, width, Math.max, -1, 2), width, Math.min, -2, 1);
          return luma.filter((v, p) => v - opened[p] > 0.1 || closed[p] - v > 0.1).length / luma.length;
        });
        expect(shares.reduce((a, b) => a + b) / shares.length, `${terrain}, ${weather}`).toBeLessThan(0.015);
      }
  });

  test("a width that is no whole number of pixels is refused", () => {
    for (const width of [0, -8, 12.5, Number.NaN]) expect(() => drawLandscape(createRng(1), { width })).toThrow(/width/);
  });

  test("every 128-pixel window of a wide scene tells its time by the colour of its sky", () => {
    const sky = (pixels: Uint8Array, width: number, from: number) => {
      const sum = [0, 0, 0];
      for (let y = 0; y < 48; y++)
        for (let x = from; x < from + 128; x++) for (let c = 0; c < 3; c++) sum[c] += pixels[(y * width + x) * 3 + c];
      return sum.map((v) => v / (48 * 128));
    };
    const reference = TIMES.map((time) => {
      const scene = drawLandscape(createRng(11), { width: 768, time, terrain: "sea", weather: "clear" });
      const all = [0, 1, 2, 3, 4, 5].map((k) => sky(scene.pixels, 768, 128 * k));
      return [0, 1, 2].map((c) => all.reduce((a, colour) => a + colour[c] / 6, 0));
    });
    for (const [k, time] of TIMES.entries())
      for (const terrain of TERRAINS)
        for (const weather of WEATHERS) {
          const scene = drawLandscape(createRng(100 + k), { width: 512, time, terrain, weather });
          for (let from = 0; from <= 384; from += 32) {
            const colour = sky(scene.pixels, 512, from);
            const distances = reference.map((other) => Math.hypot(...other.map((v, c) => v - colour[c])));
            expect(TIMES[distances.indexOf(Math.min(...distances))], `${terrain}, ${weather}, from ${from}`).toBe(time);
          }
        }
  });
});

describe("captions", () => {
  const all = kinds(1, 5000);

  test("every word of 5,000 captions is lower case and in the vocabulary", () => {
    const known = new Set(CAPTION_WORDS);
    for (const { text } of all) {
      expect(text).toMatch(/^[a-z]+(,? [a-z]+)*$/);
      for (const word of text.split(/,? /)) expect(known.has(word), `${word} in "${text}"`).toBe(true);
    }
  });

  test("each caption names its terrain and no other", () => {
    for (const { text, terrain } of all)
      for (const other of TERRAINS) expect(names(text, TERRAIN_WORDS[other]), `${other} in "${text}"`).toBe(other === terrain);
  });

  test("a time that is named is the right one, and 70 % name it; 60 % name snow or mist", () => {
    const timed = all.filter(({ text, time }) => names(text, wordings(TIME_WORDS[time])));
    expect(timed.length / all.length).toBeCloseTo(0.7, 1);
    const white = all.filter(({ weather }) => weather !== "clear");
    const named = white.filter(({ text, weather }) => names(text, wordings(WEATHER_WORDS[weather])));
    expect(named.length / white.length).toBeCloseTo(0.6, 1);
    for (const { text, time } of all) {
      // What names the right time goes first: "cloudy day" holds the word "day".
      const own = wordings(TIME_WORDS[time]).sort((a, b) => b.length - a.length);
      const rest = own.reduce((left, words) => left.replace(new RegExp(`\\b${words}\\b`), ""), text);
      for (const other of TIMES) expect(names(rest, wordings(TIME_WORDS[other])), `${other} in "${text}"`).toBe(false);
    }
  });

  test("the bare names of the terrains are captions of their own, each in more than 3 % of its captions", () => {
    for (const terrain of TERRAINS) {
      const own = all.filter((kind) => kind.terrain === terrain);
      expect(own.filter(({ text }) => text === terrain).length / own.length).toBeGreaterThan(0.03);
    }
  });

  test("the words that people type are known", () => {
    const typed =
      "mountain mountains peaks hills hill desert dunes forest woods trees city town skyline sea ocean " +
      "evening sunset dusk morning sunrise dawn midday noon day midnight night " +
      "cloudy overcast grey sky snow winter snowy fog mist misty foggy";
    for (const word of typed.split(" ")) expect(CAPTION_WORDS).toContain(word);
  });
});

describe("the tokenizer's files", () => {
  const files = tokenizerFiles();
  const vocab: Record<string, number> = JSON.parse(files["vocab.json"]);
  const tokens = Object.entries(vocab)
    .sort((a, b) => a[1] - b[1])
    .map(([token]) => token);
  const merges = files["merges.txt"].trimEnd().split("\n").slice(1);
  const folder = mkdtempSync(join(tmpdir(), "veduta-tokenizer-"));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  const tokenizer = loadTokenizer(folder);
  afterAll(() => rmSync(folder, { recursive: true }));
  /** The ids between begin and end. */
  const content = (text: string) => {
    const { ids } = tokenizer.encode(text);
    return ids.slice(1, ids.indexOf(tokenizer.eosId));
  };

  test("the vocabulary is 256 bytes, 256 byte word ends, one entry a merge, then the two specials", () => {
    expect(tokens).toHaveLength(514 + merges.length);
    expect(Object.values(vocab).sort((a, b) => a - b)).toEqual(tokens.map((_, k) => k));
    expect(new Set(tokens.slice(0, 256).map((token) => token.length))).toEqual(new Set([1]));
    expect(tokens.slice(256, 512)).toEqual(tokens.slice(0, 256).map((token) => `${token}</w>`));
    expect(tokens.slice(512, -2)).toEqual(merges.map((pair) => pair.replace(" ", "")));
    expect(tokens.slice(-2)).toEqual(["<|startoftext|>", "<|endoftext|>"]);
  });

  test("the files are the same each time", () => {
    expect(tokenizerFiles()).toEqual(files);
    expect([...CAPTION_WORDS].sort()).toEqual(CAPTION_WORDS);
  });

  test("every caption word is one token", () => {
    for (const word of CAPTION_WORDS) expect(content(word)).toEqual([vocab[`${word}</w>`]]);
  });

  test("5,000 captions take one token a word and a comma, and fit the prompt's length", () => {
    for (const { text } of kinds(2, 5000)) {
      const words = text.replaceAll(",", " ,").split(" ");
      expect(words.length).toBeLessThanOrEqual(MODEL_MAX_LENGTH - 2);
      expect(content(text)).toEqual(words.map((word) => vocab[`${word}</w>`]));
    }
  });

  test("text that no caption holds falls apart into bytes, and none of it is lost", () => {
    const bytes = content("zürich 7 雪");
    expect(bytes.map((id) => tokens[id]).join("")).toBe("zÃ¼rich</w>7</w>éĽª</w>");
  });
});
