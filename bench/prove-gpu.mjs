/**
 * @file `npm run prove:gpu [-- --device NAME --model DIR --precision NAME --batches 1,4,all --quick]`: whether a device gives the official code's numbers, in float32 and in half
 * precision, and what a synchronised step takes on it. Exit codes: 0 proved, 1 a number is off, 2 there is no such device.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { withCheckpoint } from "./checkpoint.mjs";
import { checkDevice } from "./gpu/check.mjs";
import { DEVICE_CHOICES, PRECISIONS } from "./gpu/internals.mjs";
import { prove } from "./gpu/prove.mjs";
import { writeSd2 } from "./gpu/sd2.mjs";
import { gpuName } from "./gpu/watch.mjs";

const HOW = `A GPU is needed. NVIDIA, on Linux x64: install its driver, CUDA 12 and cuDNN 9, then ONNX Runtime's CUDA provider,
  node node_modules/onnxruntime-node/script/install.js --onnxruntime-node-install
Any other: its Vulkan driver (on Debian mesa-vulkan-drivers and libvulkan1). "--device cpu" tries this command without one.`;

const { device: choice, model, quick, precision: asked, batches } = options();
const found = checkDevice(choice);
if ("reason" in found) {
  console.error(`${found.reason}\n${HOW}`);
  process.exit(2);
}
const { device, notices, noHalf } = found;
for (const notice of notices) console.log(notice);
const name = device === "cpu" ? `${cpus().length} × ${cpus()[0]?.model}` : gpuName();
console.log(`${device}: ${name ?? "its driver does not say which"}, Node ${process.versions.node}`);
if (noHalf !== undefined) console.log(`No half precision: ${noHalf}`);

const precisions = PRECISIONS.filter(
  (precision) => (precision === "float32" || noHalf === undefined) && [undefined, precision].includes(asked),
);
const wrong = await withModel((path) => precisions.filter((precision) => !prove({ device, precision, path, quick, batches })));
console.log(wrong.length > 0 ? `\nNOT PROVED: ${wrong.join(" and ")} on ${device}` : `\nPROVED: ${precisions.join(" and ")} on ${device}`);
process.exitCode = wrong.length > 0 ? 1 : 0;

/** @template T @param {(path: string) => T} use @returns {Promise<T>} */
async function withModel(use) {
  if (model !== undefined) return use(model);
  if (device === "cpu") return withCheckpoint(async ({ path }) => use(path));
  const folder = mkdtempSync(join(tmpdir(), "veduta-prove-"));
  try {
    const path = join(folder, "sd2-base");
    console.log("Making a checkpoint of Stable Diffusion 2.0's sizes, of random numbers …");
    await writeSd2(path);
    return use(path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function options() {
  try {
    const { values } = parseArgs({
      options: {
        device: { type: "string", default: "auto" },
        model: { type: "string" },
        precision: { type: "string" },
        batches: { type: "string" },
        quick: { type: "boolean", default: false },
      },
    });
    const device = DEVICE_CHOICES.find((name) => name === values.device);
    if (!device) throw new Error(`--device ${values.device}: want ${DEVICE_CHOICES.join(", ")}`);
    const precision = PRECISIONS.find((name) => name === values.precision);
    if (values.precision !== undefined && !precision) throw new Error(`--precision ${values.precision}: want ${PRECISIONS.join(" or ")}`);
    const batches = values.batches?.split(",").map((word) => (word === "all" ? word : Number(word)));
    const wrong = batches?.find((batch) => batch !== "all" && !(Number.isSafeInteger(batch) && batch >= 1));
    if (wrong !== undefined) throw new Error(`--batches ${values.batches}: want whole numbers from 1 on, or all, such as 1,4,all`);
    return { device, model: values.model, quick: values.quick, precision, batches };
  } catch (error) {
    const said = error instanceof Error ? error.message : error;
    console.error(
      `prove:gpu: ${said}\nusage: npm run prove:gpu -- [--device NAME] [--model DIR] [--precision NAME] [--batches 1,4,all] [--quick]`,
    );
    return process.exit(2);
  }
}
