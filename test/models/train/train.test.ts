/** @file The training loop on a training whose answer is known. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readSafetensors } from "#kernel-lib/weights/safetensors.js";
import { startLanes } from "#models/train/lanes.js";
import { layoutOf, trainingArrays } from "#models/train/layout.js";
import { trainingProgram } from "#models/train/program.js";
import { keepState, readProgress, stateFile } from "#models/train/state.js";
import { rateShare, saveKept, train } from "#models/train/train.js";
import { TABLE, TRAININGS } from "./toy.mjs";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "veduta-train-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const training = TRAININGS.line();
const sitting = { name: "line", training, steps: 100, rate: "constant" } as const;
const files = () => ({ folder, kept: join(folder, "kept") });
const options = () => ({ files: files(), device: "cpu" as const, lanes: 2, table: TABLE, say: () => {} });
const state = (name = "line") => readSafetensors(stateFile(files(), name));
const progress = (name = "line") => readProgress(name, files());

/** The parameters after some steps. */
async function parametersAfter(steps: number, lanes: number): Promise<Float32Array> {
  const { model, shapes } = trainingProgram(training.loss, undefined);
  const slots = layoutOf(shapes);
  const arrays = trainingArrays(slots, lanes);
  const running = await startLanes(
    { table: TABLE, device: "cpu", training: "line", model, slots, arrays, shared: {}, lanes },
    training.microBatches,
  );
  for (let step = 1; step <= steps; step++) await running.step({ step, seed: step, learningRate: 0.05, averaging: 0.9, weightDecay: 0 });
  await running.close();
  return arrays.parameters;
}

describe("training", () => {
  test("finds the line that the pairs lie on", async () => {
    const [slope, bias] = await parametersAfter(400, 2);
    expect(slope).toBeCloseTo(3, 2);
    expect(bias).toBeCloseTo(-2, 2);
  });

  test("gives the same numbers with one lane and with three, but for the order of sums", async () => {
    const [one, three] = [await parametersAfter(20, 1), await parametersAfter(20, 3)];
    for (const [k, value] of one.entries()) expect(three[k]).toBeCloseTo(value, 5);
  });

  test("goes on where it stopped: steps and seconds are counted over all sittings", async () => {
    await train(sitting, options());
    const { step, seconds } = progress();
    expect(step).toBe(100);
    await train({ ...sitting, steps: 150 }, options());
    expect(progress().step).toBe(150);
    expect(progress().seconds).toBeGreaterThan(seconds);
    const rows = readFileSync(join(folder, "line.csv"), "utf8").trim().split("\n");
    expect(rows[0]).toBe("step,seconds,rate,rows,loss,norm");
  });

  test("a revision replaces parameters every so many steps, their average and their gradient's means too, however often it is stopped", async () => {
    const revised = { ...sitting, name: "revised", training: TRAININGS.revised(), steps: 28 };
    await train(revised, { ...options(), lanes: 1 });
    const through = state("revised");
    const [value] = through["parameters/drifting.bias"].data;
    expect(value).toBeGreaterThanOrEqual(1);
    expect(through["average/drifting.bias"].data[0]).toBe(value);
    expect(through["first/drifting.bias"].data[0]).toBe(0);
    rmSync(stateFile(files(), "revised"));
    for (const steps of [6, 7, 20, 28]) await train({ ...revised, steps }, { ...options(), lanes: 1 });
    expect(state("revised")).toEqual(through);
  });

  test("stops at SIGTERM with its state saved", async () => {
    // the signal comes while steps run: the first line that names one is there
    const say = (line: string) => void (/ step \d+ of /.test(line) && process.emit("SIGTERM"));
    expect(await train({ ...sitting, steps: 1e9 }, { ...options(), say })).toBe("stopped");
    expect(progress().step).toBeGreaterThan(0);
  });

  test("goes on from the kept parameters where the state is gone", async () => {
    await train(sitting, options());
    const before = progress();
    expect(keepState("line", files())).toBe(true);
    const [slope] = state()["average/slope.weight"].data;
    rmSync(stateFile(files(), "line"));
    expect(progress()).toEqual(before);
    await train({ ...sitting, steps: 150 }, options());
    expect(progress().step).toBe(150);
    expect(Math.abs(3 - state()["average/slope.weight"].data[0])).toBeLessThan(Math.abs(3 - slope)); // nearer to the answer, not from 0 again
  });

  test("what was finished elsewhere is handed to its model again from the kept parameters, and only where the state is gone", async () => {
    await train(sitting, options());
    keepState("line", files());
    const saved: unknown[] = [];
    const watched = { name: "line", training: { ...training, save: (...given: unknown[]) => void saved.push(given) } };
    expect(saveKept(watched, files())).toBe(false);
    const [slope] = state()["average/slope.weight"].data;
    rmSync(stateFile(files(), "line"));
    expect(saveKept(watched, files())).toBe(true);
    const [[weights, seen]] = saved as [Record<string, { data: Float32Array }>, { steps: number }][];
    expect(weights["slope.weight"].data[0]).toBeCloseTo(slope, 2);
    expect(seen.steps).toBe(100);
  });

  test("a part whose model ships with all its steps is done where its state is gone, and is not kept a second time", async () => {
    await train(sitting, options());
    const record = join(files().folder, "training.json");
    writeFileSync(record, JSON.stringify({ line: { steps: 100, rows: 1600, hours: 0.5 } }));
    const shipped = { ...files(), records: { line: { file: record, name: "line" } } };
    expect(keepState("line", shipped)).toBe(false);
    rmSync(stateFile(files(), "line"));
    expect(readProgress("line", shipped)).toEqual({ step: 100, begun: 0, seconds: 1800 });
    expect(progress().step).toBe(0);
  });

  test("a branch begins with the other sitting's parameters and leaves its state as it was", async () => {
    await train(sitting, options());
    const [before, { step }] = [state(), progress()];
    await train({ ...sitting, name: "final", from: "line", rate: "falling" }, options());
    expect(state()).toEqual(before);
    expect(progress("final").step).toBe(step + 100);
  });

  test("a branch without the state it begins with is refused by the file's name", async () => {
    await expect(train({ ...sitting, name: "final", from: "line" }, options())).rejects.toThrow(/line\.safetensors is missing/);
  });
});

test("the learning rate rises over 500 steps; a falling one ends at 0 with its last step", () => {
  const constant = { rate: "constant", steps: 10_000 } as const;
  expect(rateShare(constant, { step: 249, begun: 0 })).toBeCloseTo(0.5);
  expect(rateShare(constant, { step: 9999, begun: 0 })).toBe(1);
  const falling = { rate: "falling", steps: 1000 } as const;
  expect(rateShare(falling, { step: 5500, begun: 5000 })).toBeCloseTo(0.5);
  expect(rateShare(falling, { step: 6000, begun: 5000 })).toBe(0);
});
