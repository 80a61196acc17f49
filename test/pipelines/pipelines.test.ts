/** A pipeline that is added from outside the package. */
import { join } from "node:path";
import { openModel, tensor } from "veduta";
import { type Engine, Graph, mul, type Pipeline, type Program, registerPipeline } from "veduta/graph";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Tensor } from "#kernel-lib/core/tensor.js";
import { put, putJson, scratchFolder, writeFolder } from "../fixtures/checkpoint-folder.js";

const scratch = scratchFolder();
afterAll(scratch.remove);

interface Toy {
  multiply(x: Tensor): Promise<Tensor>;
  close(): Promise<void>;
}
interface ToyParts {
  readonly multiplier: { readonly factor: number };
}

/** x [N,n] -> y [N,n], x times the factor */
const multiplyProgram = (factor: number): Program<{ readonly n: number }, "x", never, "y"> => ({
  name: "multiply",
  graph({ n }, batch) {
    const graph = new Graph();
    graph.output("y", mul(graph.input("x", [batch, n]), factor));
    return graph;
  },
});

let engines: Engine[] = [];
const toy: Pipeline<Toy, ToyParts> = {
  name: "Toy",
  classes: ["ToyPipeline"],
  parts: { multiplier: { classes: ["Multiplier"], read: (folder) => ({ factor: folder.length }) } },
  check(parts) {
    if (parts.path.includes("unfit")) throw new RangeError("the parts do not fit");
  },
  open(parts, engine) {
    engines = [...engines, engine];
    if (parts.path.includes("broken")) throw new Error("it does not open");
    const program = multiplyProgram(parts.part("multiplier").factor);
    return {
      multiply: async (x) => (await engine.call(program, { n: x.shape[1] }, { rows: { x } }, 2)).y,
      close: () => engine.close(),
    };
  },
};

const folder = (name: string, multiplier: readonly unknown[] = ["toys", "Multiplier"]): string => {
  const path = join(scratch.path, name);
  putJson(join(path, "model_index.json"), { _class_name: "ToyPipeline", multiplier });
  put(join(path, "multiplier", "empty"), "");
  return path;
};

beforeAll(() => registerPipeline(toy));

test("openModel opens a folder whose class a registered pipeline has: its parts are read, its programs run in batches", async () => {
  const path = folder("toy");
  const model = await openModel<Toy>(path, { device: "cpu", threads: 1 });
  const factor = join(path, "multiplier").length;
  expect(await model.multiply(tensor([1, 2, 3, 4, 5, 6], [3, 2]))).toEqual(
    tensor(
      [1, 2, 3, 4, 5, 6].map((x) => factor * x),
      [3, 2],
    ),
  );
  await model.close();
  await expect(model.multiply(tensor([1], [1, 1]))).rejects.toThrow("multiply: the model is closed");
});

test("parts that do not fit are refused before a device is opened; a pipeline that throws leaves no engine open", async () => {
  engines = [];
  await expect(openModel(folder("unfit"), { device: "cpu" })).rejects.toThrow("the parts do not fit");
  expect(engines).toEqual([]);
  await expect(openModel(folder("broken"), { device: "cpu" })).rejects.toThrow("it does not open");
  expect(() => engines[0].expectOpen("toy")).toThrow("the model is closed");
});

test("a part of another class is refused by name, and so is a perceptual network where the kind has none", async () => {
  await expect(openModel(folder("other", ["toys", "Divider"]), { device: "cpu" })).rejects.toMatchObject({
    expected: "multiplier: Multiplier",
    found: '["toys","Divider"]',
  });
  await expect(openModel(folder("toy"), { device: "cpu", perceptual: "lpips-vgg" })).rejects.toThrow(
    "perceptual: Toy has no perceptual network",
  );
});

test("an unknown class is refused with the kind that was recognised and those that are supported, the registered one among them", async () => {
  const path = writeFolder(join(scratch.path, "xl"));
  putJson(join(path, "model_index.json"), { _class_name: "StableDiffusionXLPipeline" });
  await expect(openModel(path)).rejects.toMatchObject({
    file: join(path, "model_index.json"),
    expected:
      "_class_name of a kind that is supported: Stable Diffusion 1 and 2 (StableDiffusionPipeline or StableDiffusionPanoramaPipeline), Unconditional latent diffusion (LDMPipeline), Unconditional diffusion of pixels (DDPMPipeline or DDIMPipeline), Frido (FridoPipeline), Toy (ToyPipeline)",
    found: '"StableDiffusionXLPipeline", which is not supported',
  });
});

test("a class stands for one kind", () => {
  expect(() => registerPipeline({ ...toy, name: "Copy", classes: ["CopyPipeline", "ToyPipeline"] })).toThrow(
    "registerPipeline: got the class ToyPipeline for Copy; Toy has it",
  );
});
