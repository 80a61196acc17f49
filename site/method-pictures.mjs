/**
 * @file `npm run docs:pictures`: the pictures of the methods' pages, painted by the bundled model into site/pictures. Names of methods after it paint
 * those alone. Every joint method starts from the same noise, and every edit method from the same picture.
 */
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { allMethods, multiDiffusion, openModel, tensor } from "veduta";

/** @typedef {import("veduta").Tensor} Tensor */

/** Where the pictures lie: NAME.webp of each method. */
export const PICTURES = fileURLToPath(new URL("pictures/", import.meta.url));

/** What joint methods paint, and after how many steps the upper rows show what is predicted. */
export const PAINTED = { prompt: "mountains", width: 768, loop: true, seed: 1, steps: 20, shown: [2, 6] };
/** What edit methods edit. */
export const EDITED = { source: "mountains at noon", prompt: "mountains at night", width: 768, loop: true, seed: 3, steps: 50 };
/** Options without which a method cannot show what it does. @type {Record<string, object>} */
const OWN = { regions: { regions: [{ prompt: "sea at noon", box: [0.5, 0, 0.5, 1] }], prompt: "mountains at night", feather: 32 } };

const GAP = 4;

/** Writes pictures of the same size below each other. @param {string} name @param {readonly Tensor[]} rows [1,3,H,W] in [0,1] each */
async function write(name, rows) {
  const [, , height, width] = rows[0].shape;
  const parts = rows.map(({ data }, k) => {
    const bytes = Buffer.alloc(3 * height * width);
    for (let c = 0; c < 3; c++)
      for (let i = 0; i < height * width; i++) bytes[3 * i + c] = Math.round(255 * Math.min(1, Math.max(0, data[c * height * width + i])));
    return { input: bytes, raw: { width, height, channels: /** @type {const} */ (3) }, left: 0, top: k * (height + GAP) };
  });
  const file = join(PICTURES, `${name}.webp`);
  const canvas = { width, height: rows.length * (height + GAP) - GAP, channels: /** @type {const} */ (4), background: "transparent" };
  await sharp({ create: canvas }).composite(parts).webp({ quality: 82, effort: 6 }).toFile(file);
  console.log(`${file} ${statSync(file).size} bytes`);
}

/** Takes all steps of a run; those that are shown, and the result. @template T @param {AsyncGenerator<{ preview(): Promise<Tensor> }, T, void>} run @param {readonly number[]} shown */
async function take(run, shown) {
  const seen = [];
  let next = await run.next();
  for (let count = 1; !next.done; count++) {
    if (shown.includes(count)) seen.push(await next.value.preview()); // [1,3,H,W]
    next = await run.next();
  }
  return { seen, result: next.value };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wanted = process.argv.slice(2);
  const isWanted = (/** @type {{ name: string }} */ { name }) => wanted.length === 0 || wanted.includes(name);
  mkdirSync(PICTURES, { recursive: true });
  const model = await openModel();
  const { shown, ...painted } = PAINTED;
  for (const method of allMethods().filter(isWanted)) {
    const options = /** @type {never} */ ({ ...painted, ...OWN[method.name] });
    const { seen, result } = await take(method.run(model, options), shown);
    await write(method.name, [...seen, result.panorama]);
  }
  const edits = allMethods("edit").filter(isWanted);
  if (edits.length > 0) {
    const { source, prompt, ...shared } = EDITED;
    const start = await take(multiDiffusion(model, { ...shared, prompt: source, steps: PAINTED.steps }), []);
    const picture = start.result.panorama; // [1,3,H,W] in [0,1]
    const image = tensor(
      picture.data.map((x) => 2 * x - 1),
      picture.shape,
    );
    for (const method of edits) {
      const said = "sourcePrompt" in method.options ? { sourcePrompt: source } : {};
      const options = /** @type {never} */ ({ image, prompt, steps: shared.steps, seed: shared.seed, loop: true, ...said });
      const { result } = await take(method.run(/** @type {never} */ (model), options), []);
      await write(method.name, [picture, result.image]);
    }
  }
  await model.close();
}
