/** @file The action of `veduta edit`. */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { CheckpointError } from "../core/errors.js";
import { decodeImage } from "../core/image.js";
import { expectShape, rows, type Tensor } from "../core/tensor.js";
import { short } from "../core/words.js";
import { attentionControl } from "../methods/edit/attention-control.js";
import type { EditModel } from "../methods/edit/edit-model.js";
import { allMethods, methodNamed } from "../methods/methods.js";
import { measurePair } from "../metrics/pair-metrics.js";
import { type CliDeps, type PaintModel, UsageError } from "./command.js";
import type { EditFlags, SourcePicture } from "./edit-flags.js";
import { expectFree, expectOwnFlags, type Opened, runIntoFolder, started, withModel } from "./run-command.js";

/** Edits, and writes the run step by step. @throws UsageError for wrong flags; CheckpointError for a file that is no picture */
export async function edit(path: string, prompt: string, flags: EditFlags, deps: CliDeps): Promise<void> {
  const method = methodNamed(flags.method, "edit");
  expectOwnFlags(flags, method, allMethods("edit"));
  if ("sourcePrompt" in method.options && flags.sourcePrompt === undefined)
    throw new UsageError(`--method ${method.name} needs --source "what the picture shows now"; --source "" says nothing`);
  if (flags.grid && method.name !== "cycle") throw new UsageError(`--grid edits by --method cycle, and this is --method ${method.name}`);
  if (flags.grid && flags.control !== undefined)
    throw new UsageError("--grid decodes recorded noise without the source's attention, so it takes no --control; leave one of them out");
  if (flags.out !== undefined && !flags.grid) await expectFree(flags.out, flags.force);
  const { bytes, image } = await readPicture(path);
  const begun = performance.now();
  await withModel(flags, deps, async (opened) => {
    const model = editModelOf(opened.model);
    const fitted = croppedTo(model, image, flags.fit === true);
    sayOfPanoramas(model, fitted, flags, deps);
    const edge = flags.loop ? "wrap" : "open";
    const latent = await model.encode({ data: fitted.data.map((x) => 2 * x - 1), shape: fitted.shape }, { edge }); // [1,c,h,w]
    const source: SourcePicture = { image: fitted, latent, file: { name: basename(path), bytes } };
    if (flags.grid) return (await import("./edit-grid-action.js")).grid(source, prompt, flags, { deps, model, signal: opened.signal });
    await editOne(source, prompt, flags, { deps, model, opened, begun });
  });
}

interface Context {
  readonly deps: CliDeps;
  readonly model: PaintModel & EditModel;
  readonly opened: Opened;
  readonly begun: number;
}

async function editOne(source: SourcePicture, prompt: string, flags: EditFlags, { deps, model, opened, begun }: Context): Promise<void> {
  const method = methodNamed(flags.method, "edit");
  const run = started(() => method.run(model, { ...flags, prompt, latent: source.latent, signal: opened.signal } as never));
  await expectControl(model, run.options as Parameters<typeof attentionControl>[1]);
  const saved = await runIntoFolder(run, flags, opened, deps, { picture: "edited.png", source, begun });
  const values = await measurePair(source.image, saved.image as Tensor);
  const numbers = Object.entries(values).map(([name, [value]]) => `${name} ${short(value)}`);
  deps.stdout.write(`against the source: ${numbers.join(", ")}\n`);
}

/** Refuses prompts and words that attention control cannot align, before anything is written. @throws UsageError */
async function expectControl({ tokenize }: EditModel, options: Parameters<typeof attentionControl>[1]): Promise<void> {
  await attentionControl({ tokenize, hops: [] }, options).catch((error: unknown) => {
    if (error instanceof RangeError) throw new UsageError(error.message, { cause: error });
    throw error;
  });
}

/** Reads a picture. @throws CheckpointError that names the file */
async function readPicture(path: string): Promise<{ readonly bytes: Uint8Array; readonly image: Tensor }> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    const found = error.code === "ENOENT" ? "no such file" : error.code === "EISDIR" ? "a folder" : error.message;
    throw new CheckpointError(path, { expected: "a PNG, JPEG or WebP image", found });
  });
  if (bytes.length === 0) throw new CheckpointError(path, { expected: "a PNG, JPEG or WebP image", found: "an empty file" });
  return { bytes, image: await decodeImage(path) };
}

/** The model, if it can edit. @throws UsageError */
function editModelOf(model: PaintModel): PaintModel & EditModel {
  if ("predictRowNoise" in model && "encode" in model) return model as PaintModel & EditModel;
  throw new UsageError("--model: this checkpoint cannot edit pictures by prompts; want one of the layout of Stable Diffusion");
}

/** The picture at a size that the model takes. @throws UsageError without --fit, with the nearest size */
function croppedTo({ config: { scaleFactor, windowMultiple = 1 } }: EditModel, image: Tensor, crop: boolean): Tensor {
  expectShape("edit", image, [1, 3, "H", "W"]);
  const [, , height, width] = image.shape;
  const multiple = scaleFactor * windowMultiple;
  const [h, w] = [height, width].map((side) => Math.floor(side / multiple) * multiple);
  if (h === height && w === width) return image;
  if (h === 0 || w === 0)
    throw new UsageError(`the picture has ${width} × ${height} pixels; the model takes at least ${multiple} × ${multiple}`);
  if (!crop)
    throw new UsageError(
      `the picture has ${width} × ${height} pixels; the model takes multiples of ${multiple}: --fit crops it to ${w} × ${h}`,
    );
  const [top, left] = [Math.floor((height - h) / 2), Math.floor((width - w) / 2)];
  const data = new Float32Array(3 * h * w);
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < h; y++) {
      const from = (c * height + top + y) * width + left;
      data.set(image.data.subarray(from, from + w), (c * h + y) * w);
    }
  return rows({ data, shape: [1, 3, h, w] }, 0, 1);
}

/** A picture much larger than the model's window is a panorama, most likely. */
function sayOfPanoramas({ config: { window, scaleFactor } }: EditModel, image: Tensor, flags: EditFlags, { stderr }: CliDeps): void {
  const side = window * scaleFactor;
  const [, , height, width] = image.shape;
  const inWindows = flags.loop === true || flags.window !== undefined || flags.stride !== undefined;
  if (inWindows || Math.max(height, width) < 2 * side) return;
  stderr.write(
    `note: the picture is ${width} × ${height} pixels, the model was trained on ${side} × ${side}. --window ${window} edits it in windows, --loop does too and closes it.\n`,
  );
}
