/** @file Reference numbers of the official code (../shared/golden beside the repository, a small part of them in data/) and how they are compared. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { rows } from "#kernel-lib/core/tensor.js";
import { readSafetensors } from "#kernel-lib/weights/safetensors.js";

const HERE = dirname(fileURLToPath(import.meta.url));
export const GOLDEN = resolve(HERE, "../../../shared/golden");
const DATA = resolve(HERE, "data");
export const hasGolden = existsSync(GOLDEN);
/** Titles of what is skipped say why. */
export const unlessGolden = hasGolden ? "" : " (skipped: ../shared/golden is not here)";

/** A reference file, from ../shared/golden or from the small set in the repository. @param {string} path */
export const golden = (path) => [GOLDEN, DATA].map((root) => join(root, path)).find((file) => existsSync(file)) ?? join(GOLDEN, path);
/** @param {readonly string[]} paths */
export const has = (...paths) => paths.every((path) => existsSync(golden(path)));
/** What a title adds when its test is skipped for want of these files. @param {readonly string[]} paths */
export const unless = (...paths) => (has(...paths) ? "" : " (skipped: ../shared/golden is not here)");

/**
 * A golden file's tensors by name; none where the file is absent.
 * @param {string} path
 * @returns {Record<string, import("#kernel-lib/core/tensor.js").Tensor>}
 */
export const readGolden = (path) => (has(path) ? readSafetensors(golden(path)) : {});

/** ‖got − want‖ / ‖want‖ @param {Float32Array} got @param {Float32Array} want */
export function relativeL2(got, want) {
  if (got.length !== want.length) throw new Error(`relativeL2: got ${got.length} numbers, want ${want.length}`);
  let [difference, norm] = [0, 0];
  for (let k = 0; k < want.length; k++) {
    difference += (got[k] - want[k]) ** 2;
    norm += want[k] ** 2;
  }
  return Math.sqrt(difference / norm);
}

/** max |got − want| / std(want) @param {Float32Array} got @param {Float32Array} want */
export function maxOverStd(got, want) {
  if (got.length !== want.length) throw new Error(`maxOverStd: got ${got.length} numbers, want ${want.length}`);
  let [sum, squares, worst] = [0, 0, 0];
  for (let k = 0; k < want.length; k++) {
    sum += want[k];
    squares += want[k] ** 2;
    worst = Math.max(worst, Math.abs(got[k] - want[k]));
  }
  return worst / Math.sqrt(squares / want.length - (sum / want.length) ** 2);
}

/** The VGG16 of the golden runs, written once to a folder for temporary files: a formula, golden/lpips/hash-weights.mjs. */
export function goldenVgg() {
  const folder = join(tmpdir(), "veduta-golden");
  const file = join(folder, "vgg16-3001.safetensors");
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  const partial = `${file}.${process.pid}`;
  execFileSync(process.execPath, [join(GOLDEN, "lpips/hash-weights.mjs"), "vgg16", "3001", partial]);
  renameSync(partial, file);
  return file;
}

/**
 * LPIPS of the golden runs.
 * @typedef {"vgg" | "squeeze" | "squeeze, random linear weights"} LpipsKind
 * @param {LpipsKind} kind
 * @returns {import("#kernel-lib/pipelines/perceptual-part.js").PerceptualFiles}
 */
export function perceptualFiles(kind) {
  const lpips = (/** @type {string} */ name) => golden(`lpips/${name}.safetensors`);
  if (kind === "vgg") return { net: "vgg", backbone: goldenVgg(), linear: lpips("lpips_lin_vgg") };
  const linear = lpips(kind === "squeeze" ? "lpips_lin_squeeze" : "lpips_lin_squeeze_random");
  return { net: "squeeze", backbone: lpips("squeezenet1_1.features"), linear };
}

/**
 * A golden run as options of ours: its starting latent, its embeddings, its windows.
 * @typedef {{
 *   readonly checkpoint: string,
 *   readonly options: import("#kernel-lib/methods/joint/syncdiffusion.js").SyncOptions,
 *   readonly tensors: Readonly<Record<string, import("#kernel-lib/core/tensor.js").Tensor>>,
 * }} Reference
 * @param {string} name
 * @returns {Reference}
 */
export function reference(name) {
  const { checkpoint, call } = JSON.parse(readFileSync(golden(`runs/${name}.json`), "utf8"));
  const tensors = readGolden(`runs/${name}.safetensors`);
  const width = tensors.init_latent.shape[3];
  const windows = Array.from({ length: tensors.views.shape[0] }, (_, k) => {
    const [top, bottom, left, right] = rows(tensors.views, k, k + 1).data;
    return { top, left, height: bottom - top, width: right > left ? right - left : right + width - left };
  });
  const options = {
    latent: tensors.init_latent,
    text: tensors.text_embeds,
    windows,
    steps: call.num_inference_steps,
    guidanceScale: call.guidance_scale,
    weight: call.sync_weight,
    decay: call.sync_decay_rate,
    syncEvery: call.sync_freq,
    syncSteps: call.sync_thres,
  };
  return { checkpoint: golden(checkpoint), options, tensors };
}
