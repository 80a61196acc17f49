/** @file Langevin dynamics on the sampler's code towards a class: what the judge sees, and whether codes stay as large as the prior's. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodePng } from "../../../kernel-lib/core/image.js";
import { codeSampler } from "../../../kernel-lib/methods/edit/code-sampler.js";
import { classEnergy } from "../../../kernel-lib/methods/edit/energies.js";
import { langevin } from "../../../kernel-lib/methods/edit/langevin.js";
import type { Model } from "../../../kernel-lib/pipelines/model.js";
import type { Judge } from "./judge.js";
import { mean } from "./statistics.js";
import { type Line, line, percent } from "./table.js";
import { sideBySide } from "./windows.js";

const CODES = 8;
const STEPS = 50;
const WEIGHT = 10;
const CLASS = "night";

/** Steers codes of the prompt "mountains", which names no time, towards night, by the perceptual network as a classifier. The judge only counts. */
export async function steered({
  model,
  judge,
  pictures,
}: {
  readonly model: Model;
  readonly judge: Judge;
  readonly pictures: string;
}): Promise<Line[]> {
  const text = await model.encodeText(["mountains"]); // [1,24,64]
  const sampler = codeSampler(model, { text, steps: 8 });
  const run = langevin(sampler, [{ name: CLASS, weight: WEIGHT, energy: classEnergy(model, CLASS) }], {
    steps: STEPS,
    batch: CODES,
    seed: 3,
  });
  let first: Awaited<ReturnType<typeof run.next>>["value"] | undefined;
  const norms: number[] = [];
  for (;;) {
    const next = await run.next();
    if (next.done) {
      const share = async (image: typeof next.value.image) =>
        mean((await judge.look(image)).map(({ kind }) => Number(kind.time === CLASS)));
      const before = first && "index" in first ? first.image : next.value.image;
      await writeFile(join(pictures, "steered.png"), await encodePng(sideBySide([before, next.value.image])));
      const what = `${CODES} codes, ${STEPS} Langevin steps towards ${CLASS}:`;
      return [
        line({ what: `${what} ${CLASS} by the judge at the start`, value: await share(before), show: percent }),
        line({
          what: `${what} ${CLASS} at the end`,
          value: await share(next.value.image),
          bounds: { floor: 0.6, aim: 0.85, better: "higher" },
          show: percent,
        }),
        line({
          what: `${what} distance of ‖z‖² / dim from 1 at the end`,
          value: Math.abs(norms[norms.length - 1] - 1),
          bounds: { floor: 0.1, aim: 0.1, better: "lower" },
        }),
      ];
    }
    first ??= next.value;
    norms.push(mean([...next.value.normPerDim.data]));
    if (next.value.index % 10 === 0)
      console.error(
        `langevin step ${next.value.index}: energy ${mean([...next.value.parts[CLASS].data]).toFixed(2)}, norm ${norms[norms.length - 1].toFixed(3)}`,
      );
  }
}
