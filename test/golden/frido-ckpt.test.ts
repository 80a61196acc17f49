/**
 * Golden: frido/weights.json, golden_embedder and tokens.json. A .ckpt with the official networks under the official names is converted: every tensor
 * of the folder is the official one, and a layout goes through names, tokens and transformer to the official context.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sceneTokenizer } from "#kernel-lib/conditions/scene-tokenizer.js";
import type { Tensor } from "#kernel-lib/core/tensor.js";
import { convertFrido } from "#kernel-lib/pipelines/convert-frido.js";
import type { FridoModel } from "#kernel-lib/pipelines/model.js";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import { openSafetensors, readTensor } from "#kernel-lib/weights/safetensors.js";
import { yamlOf } from "../fixtures/frido-training.js";
import { trainingCheckpoint, type WrittenTensor, zipFile } from "../weights/torch-writer.js";
import { config, expectNear, skipped, weightsOf, why } from "./frido-reference.js";
import { golden, readGolden } from "./golden.mjs";

const NETWORKS = { unet: "pyunet", first_stage: "msvqgan", condition: "embedder" } as const;
const DATA_SET = {
  no_tokens: 1024,
  max_objects_per_image: 30,
  encode_crop: true,
  use_group_parameter: true,
  shifting_cls_num: 179,
};

/** The official names. The trained U-Net has other weights than its average, which is the golden one. */
function officialTensors(): WrittenTensor[] {
  const named: [string, Tensor][] = [];
  for (const [name, tensor] of weightsOf(NETWORKS.unet).weights) {
    named.push([`model.diffusion_model.${name}`, { ...tensor, data: tensor.data.map((x) => -x) }]);
    named.push([`model_ema.diffusion_model${name.replaceAll(".", "")}`, tensor]);
  }
  for (const [name, tensor] of weightsOf(NETWORKS.first_stage).weights) named.push([`first_stage_model.${name}`, tensor]);
  for (const [name, tensor] of weightsOf(NETWORKS.condition).weights) named.push([`cond_stage_model.${name}`, tensor]);
  for (const name of ["alphas_cumprod", "scale_factor"]) named.push([name, readGolden("frido/golden_schedule_loss.safetensors")[name]]);
  return named.map(([name, { data, shape }]) => ({ name, data, shape }));
}

describe.skipIf(skipped)(`a converted checkpoint of the official networks${why}`, () => {
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "veduta-frido-ckpt-"));
    const at = (name: string) => join(folder, name);
    const tensors = officialTensors();
    writeFileSync(at("model.ckpt"), zipFile(tensors, { value: trainingCheckpoint(tensors) }));
    const training = {
      model: { target: "frido.models.diffusion.frido.FridoDiffusion", params: config.model },
      data: { params: { test: { params: DATA_SET } } },
    };
    writeFileSync(at("training.yaml"), yamlOf(training));
    writeFileSync(at("classes.txt"), Array.from({ length: 179 }, (_, k) => `class ${k}`).join("\n"));
    await convertFrido(at("model.ckpt"), at("training.yaml"), at("model"), { classes: at("classes.txt") });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(Object.entries(NETWORKS))("%s holds every tensor of the official %s, bit by bit", (part, network) => {
    const { weights } = weightsOf(network);
    const { tensors } = openSafetensors(join(folder, "model", part, "model.safetensors"));
    const wanted = [...weights].filter(([name]) => !name.includes("to_logits")); // a head that no one uses
    expect([...tensors.keys()].sort()).toEqual(wanted.map(([name]) => name).sort());
    for (const [name, { data, shape }] of wanted) {
      const ref = tensors.get(name);
      if (!ref) throw new Error(name);
      const copy = readTensor(ref);
      expect([...copy.shape], name).toEqual([...shape]);
      expect(Buffer.compare(Buffer.from(copy.data.buffer), Buffer.from(data.buffer, data.byteOffset, data.byteLength)), name).toBe(0);
    }
  });

  test("opens, and a layout becomes the official context", async () => {
    const [example] = JSON.parse(readFileSync(golden("frido/tokens.json"), "utf8")).layout;
    interface Annotation {
      readonly id: number;
      readonly category_no: number;
      readonly bbox: readonly [number, number, number, number];
    }
    const layout = example.order_after_shuffle.map((id: number) => {
      const { category_no, bbox } = example.annotations.find((annotation: Annotation) => annotation.id === id);
      return { what: `class ${category_no}`, box: bbox };
    });
    const model = await openModel<FridoModel>(join(folder, "model"), { device: "cpu", threads: 2 });
    const { file, json } = model.tokenFile;
    const { ids } = sceneTokenizer(file, json).tokens({ layout, crop: example.crop });
    const { tokens, out } = readGolden("frido/golden_embedder.safetensors");
    expect([...ids]).toEqual([...tokens.data.subarray(0, ids.length)]);
    const context = await model.encodeTokens({ ids: { data: ids, shape: [1, ids.length] } });
    const [, T, D] = out.shape;
    expectNear(context, { data: out.data.subarray(0, T * D), shape: [1, T, D] }, "context", "context");
    await model.close();
  });
});
