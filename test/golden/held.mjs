/**
 * @file A process of its own, whose environment names the graphics driver: a gradient whose text and anchor were sent, and the same with either
 * on the device before.
 * @typedef {{ readonly loss: import("veduta").Tensor, readonly gradient: import("veduta").Tensor }} Pulled
 * @typedef {{ readonly sent: Pulled, readonly heldText: Pulled, readonly heldBoth: Pulled, readonly afterRelease: string }} Held
 */
import { createRng, createSchedule, openModel, randn, x0FromEps } from "veduta";
import { perceptualFiles, reference } from "./golden.mjs";

const { checkpoint, tensors } = reference("sync_squeeze_random_lin");
const perceptual = perceptualFiles("squeeze, random linear weights");
const model = await openModel(checkpoint, { device: "webgpu", threads: 1, perceptual });
if (!model.send || !model.foresee) throw new Error("want a model that leaves tensors on the device");

const rng = createRng(5);
const [xa, x] = [randn(rng, [1, 4, 8, 8]), randn(rng, [1, 4, 8, 8])];
const ask = { timestep: 501, text: tensors.text_embeds };
const level = createSchedule(model.config.schedule).level(ask.timestep);
const anchor = await model.decode(x0FromEps(xa, await model.predictNoise(xa, ask), level)); // [1,3,64,64]

const sent = await model.perceptualGradient(x, { ...ask, anchor });
const text = await model.send(ask.text);
const heldText = await model.perceptualGradient(x, { ...ask, text, anchor });
const image = await model.foresee(xa, { ...ask, text });
const heldBoth = await model.perceptualGradient(x, { ...ask, text, anchor: image });
image.release();
image.release(); // twice is once
const afterRelease = await model.perceptualGradient(x, { ...ask, text, anchor: image }).then(
  () => "it ran",
  (/** @type {Error} */ error) => error.message,
);
await model.close();
process.send?.({ sent, heldText, heldBoth, afterRelease });
