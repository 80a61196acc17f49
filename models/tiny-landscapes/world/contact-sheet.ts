/** @file Draws a table of the world: a row for each terrain, a column for each time of day, then rows of snow and of mist. */
import sharp from "sharp";
import { createRng } from "../../../kernel-lib/core/random.js";
import type { Kind } from "./captions.js";
import { TERRAINS, TIMES } from "./captions.js";
import { drawLandscape } from "./landscape.js";

const CELL = { width: 256, height: 128, gap: 4 } as const;

const out = process.argv[2];
if (out === undefined) throw new Error("contact-sheet: got no file name, want one: contact-sheet.js OUT.png [SEED]");
const seed = Number(process.argv[3] ?? 1);

const rows: Kind[][] = TERRAINS.map((terrain) => TIMES.map((time) => ({ terrain, time, weather: "clear" as const })));
// Six terrains do not fit five columns: each weather's row shifts the times so that all terrains and times are seen.
for (const weather of ["snowy", "misty"] as const) {
  for (const shift of [0, 1]) {
    const terrainOf = (k: number) => TERRAINS[(k + shift * 3) % TERRAINS.length];
    rows.push(TIMES.map((_, k) => ({ terrain: terrainOf(k), time: TIMES[(k + shift) % TIMES.length], weather })));
  }
}

const cells = rows.flatMap((row, r) =>
  row.map((kind, c) => {
    const { pixels, width, height } = drawLandscape(createRng(seed * 1000 + r * 10 + c), { ...kind, width: CELL.width });
    return {
      input: Buffer.from(pixels),
      raw: { width, height, channels: 3 as const },
      left: c * (CELL.width + CELL.gap),
      top: r * (CELL.height + CELL.gap),
    };
  }),
);

await sharp({
  create: {
    width: TIMES.length * (CELL.width + CELL.gap) - CELL.gap,
    height: rows.length * (CELL.height + CELL.gap) - CELL.gap,
    channels: 3,
    background: "#ffffff",
  },
})
  .composite(cells)
  .png()
  .toFile(out);
