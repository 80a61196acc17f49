/**
 * @file What a step of each joint method costs: its passes of the U-Net over a window, its time, and whether the time is that of the passes. A strip of
 * six windows; by proportion that is 64×384 latent pixels with windows of 64.
 */
import { allMethods, openModel } from "veduta";
import { countPasses } from "#kernel-lib/methods/joint/count-passes.js";
import { modelNote, withCheckpoint } from "./checkpoint.mjs";
import { THREADS } from "./race.mjs";

const STEPS = 5;
/** Rounds in which every method has its turn; the middle one counts. */
const ROUNDS = 3;

/** Two prompts side by side. */
const HALVES = [0, 0.5].map((left) => ({ prompt: "hills", box: [left, 0, 0.5, 1] }));

/** Methods as they are measured; the modes of SyncDiffusion apart. @type {readonly { name: string, method: string, options?: object }[]} */
const MEASURED = [
  ...allMethods().map(({ name }) => ({ name, method: name, ...(name === "regions" && { options: { regions: HALVES } }) })),
  ...["decoder", "decoder-half"].map((gradientMode) => ({
    name: `sync, gradientMode "${gradientMode}"`,
    method: "sync",
    options: { gradientMode },
  })),
];

/** @param {readonly number[]} values */
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** @returns {Promise<import("./table.mjs").Row[]>} */
export const measureMethods = () =>
  withCheckpoint(async ({ path, weights }) => {
    const model = await openModel(path, { device: "cpu", threads: THREADS });
    const { window, scaleFactor } = model.config;
    const counted = { forward: 0, backward: 0, milliseconds: 0 };
    const watched = countPasses(model, counted);
    /** @type {Map<string, { seconds: number[], outside: number[], passes: number, backward: number }>} */
    const found = new Map(MEASURED.map(({ name }) => [name, { seconds: [], outside: [], passes: 0, backward: 0 }]));
    for (let round = 0; round <= ROUNDS; round++)
      for (const { name, method, options } of MEASURED) {
        const entry = found.get(name);
        const [known] = allMethods().filter((each) => each.name === method);
        const run = known.run(
          watched,
          /** @type {never} */ ({ prompt: "hills", width: 6 * window * scaleFactor, steps: STEPS, seed: 1, ...options }),
        );
        await run.next(); // the first step loads the networks
        Object.assign(counted, { forward: 0, backward: 0, milliseconds: 0 });
        const begun = performance.now();
        for (let k = 1; k < STEPS; k++) await run.next();
        const seconds = (performance.now() - begun) / 1000 / (STEPS - 1);
        if (!entry || round === 0) continue; // the first round warms up
        entry.seconds.push(seconds);
        entry.outside.push(1 - counted.milliseconds / 1000 / (STEPS - 1) / seconds);
        entry.passes = counted.forward / (STEPS - 1);
        entry.backward = counted.backward / (STEPS - 1);
      }
    await model.close();
    const of = (/** @type {string} */ name) => median(found.get(name)?.seconds ?? []);
    return [
      ...[...found].flatMap(([name, { outside, passes, backward }]) => [
        {
          what: `${name}: a step`,
          value: of(name),
          unit: "s",
          note: `${Number(passes.toFixed(1))} passes${backward > 0 ? `, ${backward} backward` : ""}`,
        },
        { what: "  of it outside the network's passes", value: median(outside), unit: "", bound: 0.05, note: modelNote(weights) },
      ]),
      { what: "spot beside multi at stride 4", value: of("spot") / of("multi"), unit: "", bound: 0.33, note: "at least 3 times faster" },
      ...["decoder", "decoder-half"].map((mode) => ({
        what: `sync, gradientMode "${mode}" beside "full"`,
        value: of(`sync, gradientMode "${mode}"`) / of("sync"),
        unit: "",
        bound: 0.56,
        note: "at least 1.8 times faster",
      })),
    ];
  });
