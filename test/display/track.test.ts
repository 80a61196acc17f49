/** `track` takes a run to its end and says how far it is; what stops it loses nothing. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { setKernelHost } from "#kernel-lib/core/host.js";
import type { Tensor } from "#kernel-lib/core/tensor.js";
import { setSink } from "#kernel-lib/display/display.js";
import { memorySink, type Sink } from "#kernel-lib/display/display-sinks.js";
import { panoramaView } from "#kernel-lib/display/panorama-view.js";
import { runIdOf } from "#kernel-lib/display/run-id.js";
import { track } from "#kernel-lib/display/track.js";
import { trackPlace } from "#kernel-lib/display/track-view.js";
import { trackedSteps } from "#kernel-lib/display/tracked-runs.js";
import { multiDiffusion } from "#kernel-lib/methods/joint/multidiffusion.js";
import { syncDiffusion } from "#kernel-lib/methods/joint/syncdiffusion.js";
import { fail, finish, METHODS, toy } from "../methods/joint/toy.js";

const base = { prompt: "hills", seed: 3, steps: 6, width: 64, weight: 0.01 };
let sink = memorySink();
const html = () => sink.shown.map(({ bundle }) => String(bundle["text/html"]));
const text = () => sink.shown.map(({ bundle }) => String(bundle["text/plain"]));

beforeEach(() => {
  sink = memorySink();
  setSink(sink);
});
afterEach(() => {
  setSink(undefined);
  setKernelHost(undefined);
  vi.useRealTimers();
});

describe.each(Object.entries(METHODS))("track, with %s", (_, method) => {
  test("returns what the run returns, and the records it yields", async () => {
    const want = await finish(method(toy(), base));
    const { panorama, latent, notices, steps } = await track(method(toy(), base));
    expect({ panorama, latent, notices }).toEqual(want.result);
    expect(steps.map((step) => step.latent)).toEqual(want.steps.map((step) => step.latent));
  });
});

describe("its output", () => {
  test("says by its plain text how far the run is, until it has ended", async () => {
    await track(syncDiffusion(toy(), base), { previewEvery: 1 });
    const places = text().map(trackPlace);
    expect(places).toEqual([...Array.from({ length: base.steps + 1 }, (_, done) => ({ done, steps: base.steps })), undefined]);
    expect(trackPlace("[3 steps in 0:07]")).toBeUndefined();
  });

  test("is one, first shown before the first step, then replaced, at last the finished panorama with the totals", async () => {
    await track(syncDiffusion(toy(), base));
    const ids = new Set(sink.shown.map(({ id }) => id));
    expect(ids.size).toBe(1);
    expect(sink.shown.map(({ update }) => update)).toEqual([false, ...sink.shown.slice(1).map(() => true)]);
    expect(text()[0]).toMatch(/^\[step 0\/6 · /);
    expect(text().at(-1)).toMatch(/^\[6 steps in 0:01 · [\d.e-]+ s per step · LPIPS [\d.]+ mean, [\d.]+ max\]$/);
    const last = sink.shown.at(-1)?.bundle ?? {};
    expect(last["text/html"]).toContain('alt="the finished panorama, 64×16"');
    expect(Buffer.from(String(last["image/png"]), "base64").subarray(1, 4).toString()).toBe("PNG");
  });

  test("has the same elements at the same size from the first moment to the last: nothing jumps", async () => {
    await track(syncDiffusion(toy(), { ...base, loop: true }), { previewEvery: 2 });
    const skeleton = (markup: string) =>
      markup
        .replace(/ (src|alt)="[^"]*"/g, "")
        .replace(/width:[\d.]+%;height:100%/, "")
        .replace(/>[^<]*</g, "><");
    const skeletons = new Set(html().map((markup) => skeleton(markup).replace(/<\/?b>/g, "")));
    expect(skeletons.size).toBe(1);
    expect([...skeletons][0]).toMatch(/width="768" height="192".*aspect-ratio:64\/16/);
  });

  test("needs no script and fetches nothing", async () => {
    await track(syncDiffusion(toy(), base));
    expect(html().join("")).not.toMatch(/<script|src="(?!data:)|url\(/);
  });

  test("decodes a preview every so many steps, none for 0, and never the last step's, whose panorama follows", async () => {
    const previews = async (previewEvery: number) => {
      const model = toy();
      await track(multiDiffusion(model, base), { previewEvery });
      return model.calls.filter(({ kind }) => kind === "decode").length - 1; // the panorama itself
    };
    expect(await previews(0)).toBe(0);
    expect(await previews(1)).toBe(5);
    expect(await previews(2)).toBe(2);
    await expect(track(multiDiffusion(toy(), base), { previewEvery: 0.5 })).rejects.toThrow("track: got previewEvery 0.5");
  });

  test("left to itself previews the first step, then not more often than every 1.5 s, nor for more than about a tenth of the time", async () => {
    const seen = async (step: number, decode: number) => {
      vi.useFakeTimers({ toFake: ["performance"] });
      const steps: number[] = [];
      const model = toy({
        watch: ({ kind }) => {
          if (kind === "decode") steps.push(model.calls.filter((call) => call.kind === "noise").length - 1);
          vi.advanceTimersByTime(kind === "decode" ? decode : kind === "noise" ? step : 0);
        },
      });
      await track(multiDiffusion(model, { ...base, steps: 20 }));
      vi.useRealTimers();
      return steps.slice(0, -1);
    };
    expect(await seen(500, 10)).toEqual([0, 3, 6, 9, 12, 15, 18]);
    expect(await seen(500, 500)).toEqual([0, 8, 16]); // 8 times what one costs
    expect(await seen(3000, 10)).toEqual(Array.from({ length: 19 }, (_, k) => k));
  });

  test("is not replaced more often than five times a second", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const model = toy({ watch: ({ kind }) => void (kind === "noise" && vi.advanceTimersByTime(50)) });
    await track(multiDiffusion(model, { ...base, steps: 40 }), { previewEvery: 0 });
    // 2 s of steps: the start, the first step, every 200 ms, the decoding, the end
    expect(sink.shown.length).toBeLessThanOrEqual(4 + 2000 / 200);
    expect(sink.shown.length).toBeGreaterThan(8);
  });

  test("a preview that fails says so, and the run goes on without", async () => {
    const model = toy({
      watch: ({ kind }) => {
        if (kind === "decode" && model.calls.filter((call) => call.kind === "noise").length < 6) throw new Error("no room for <it>");
      },
    });
    const { steps } = await track(multiDiffusion(model, base), { previewEvery: 1 });
    expect(steps).toHaveLength(6);
    expect(html().at(-2)).toContain("no preview: no room for &lt;it&gt;");
    expect(model.calls.filter(({ kind }) => kind === "decode")).toHaveLength(2);
  });

  test("tells what the run has to say, as text", async () => {
    await track(multiDiffusion(toy(), { ...base, prompt: "a b c d e f" }));
    expect(html().at(-1)).toContain("prompt: longer than the model&#39;s 7 tokens");
  });
});

describe("what stops it", () => {
  test("the exit of the process, as a restart of the kernel: the output does not stay as if it went on; after the end nothing follows", async () => {
    const before = process.listeners("exit").length;
    let step = 0;
    const model = toy({
      watch: ({ kind }) => {
        if (kind !== "noise" || ++step !== 3) return;
        process.listeners("exit")[0](0);
        expect(text().at(-1)).toMatch(/^\[stopped after step 2 of 6 · .+ gone; the kernel ended before the run did\]$/);
      },
    });
    await track(multiDiffusion(model, base), { previewEvery: 0 });
    expect(step).toBe(6);
    expect(process.listeners("exit").length).toBe(before);
  });

  test("an error of the run comes as it is; the output says where, the steps stay", async () => {
    const spoil = (kind: string, x: Tensor) => {
      if (kind === "noise" && model.calls.filter((one) => one.kind === "noise").length === 4) x.data[0] = Number.NaN;
      return x;
    };
    const model = toy({ spoil });
    const run = multiDiffusion(model, base);
    await expect(track(run)).rejects.toThrow(/^step 3 \(timestep \d+\): NaN in the latent of window 0/);
    expect(trackedSteps(run).map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(trackedSteps()).toBe(trackedSteps(run));
    expect(text().at(-1)).toMatch(
      /^\[stopped after step 3 of 6 · .*; step 3 \(timestep \d+\): NaN in .*; trackedSteps\(run\) has the steps so far\]$/,
    );
    await expect(trackedSteps(run)[2].preview()).resolves.toMatchObject({ shape: [1, 3, 16, 64] });
  });

  test("the run's own signal", async () => {
    const controller = new AbortController();
    const run = multiDiffusion(toy({ watch: ({ kind }) => void (kind === "decode" && controller.abort()) }), {
      ...base,
      signal: controller.signal,
    });
    await expect(track(run, { previewEvery: 2 })).rejects.toMatchObject({ name: "AbortError" });
    expect(trackedSteps(run)).toHaveLength(2);
    expect(text().at(-1)).toContain("stopped after step 2 of 6 · ");
    expect(text().at(-1)).toContain("; interrupted; ");
  });

  test("the stop button ends the cell at once; where the networks go on, their step is not lost, and the next track goes on from there", async () => {
    const stop = new AbortController();
    const cell = (signal: AbortSignal) => setKernelHost({ cell: "a", signal, display: () => {}, waitFor: () => {} });
    cell(stop.signal);
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const model = toy();
    const slow = {
      ...model,
      predictNoise: async (...call: Parameters<typeof model.predictNoise>) => {
        if (model.calls.filter(({ kind }) => kind === "noise").length === 2) {
          stop.abort();
          await held;
        }
        return model.predictNoise(...call);
      },
    };
    const run = multiDiffusion(slow, base);
    await expect(track(run)).rejects.toMatchObject({ name: "AbortError" });
    expect(trackedSteps(run)).toHaveLength(2);
    const shown = sink.shown.length;
    expect(text()[shown - 1]).toContain("stopped after step 2 of 6");
    release();
    await expect.poll(() => trackedSteps(run)).toHaveLength(3);
    expect(sink.shown).toHaveLength(shown); // the stopped output says nothing more
    cell(new AbortController().signal);
    const { steps, panorama } = await track(run);
    expect(steps.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(text()[shown]).toMatch(/^\[step 3\/6 · going on/);
    expect(text().at(-1)).toMatch(/^\[3 of 6 steps in /);
    expect(panorama).toEqual((await finish(multiDiffusion(toy(), base))).result.panorama);
  });

  test("a run that has ended is refused with where its steps are", async () => {
    const run = multiDiffusion(toy(), base);
    await track(run);
    await expect(track(run)).rejects.toThrow("track: the run has ended already; trackedSteps(run) has its 6 steps");
    expect(() => trackedSteps(multiDiffusion(toy(), base))).toThrow("trackedSteps: got a run that was not tracked; call track(run) first");
  });

  test("steps taken by hand before are counted, and the rest is tracked", async () => {
    const run = multiDiffusion(toy(), base);
    await run.next();
    const { steps } = await track(run, { previewEvery: 0 });
    expect(steps.map(({ index }) => index)).toEqual([1, 2, 3, 4, 5]);
    expect(text().at(-1)).toMatch(/^\[5 of 6 steps in /);
  });
});

describe("in a plain script", () => {
  const lines = (isTTY: boolean) => {
    const written: string[] = [];
    const shown: Sink = {
      name: "files",
      lines: { write: (words: string) => written.push(words), isTTY, columns: 100 },
      show: (bundle) => void written.push(`figure ${bundle["text/plain"]}\n`),
    };
    setSink(shown);
    return written;
  };
  test("a terminal has one line that is written anew, then the figure", async () => {
    const written = lines(true);
    await track(syncDiffusion(toy(), base));
    const [figure, line, ...before] = written.toReversed();
    expect(figure).toMatch(/^figure \[6 steps in /);
    expect(line).toMatch(/step 6 of 6 · .* · decoding\n$/);
    expect(before.join("")).toContain("loading the networks");
    expect(before.join("")).not.toContain("\n");
  });
  test("elsewhere about every tenth step has a line", async () => {
    const written = lines(false);
    await track(multiDiffusion(toy(), { ...base, steps: 50 }));
    expect(written.filter((words) => words.startsWith("step "))).toHaveLength(11);
    expect(written.join("")).not.toContain("\r");
  });
  test("what stops it is told, with where", async () => {
    const written = lines(false);
    const controller = new AbortController();
    const run = multiDiffusion(toy({ watch: ({ kind, timestep }) => void (kind === "noise" && timestep < 400 && controller.abort()) }), {
      ...base,
      signal: controller.signal,
    });
    await expect(track(run)).rejects.toMatchObject({ name: "AbortError" });
    expect(written.at(-1)).toMatch(/^stopped after step \d of 6: interrupted\n$/);
  });
});

describe("a panorama that track returned", () => {
  test("is viewed as it was painted: closed, with its windows, tied to the run's other figures", async () => {
    const { panorama, steps } = await track(syncDiffusion(toy(), { ...base, loop: true }));
    const bundle = await panoramaView(panorama).bundle();
    expect(bundle["text/plain"]).toBe("[panorama 64×16, 360°]");
    const [, , spec] = JSON.parse(/\.push\((.*)\)<\/script>/.exec(String(bundle["text/html"]))?.[1] ?? "null");
    expect(spec.coverage.edge).toBe("wrap");
    expect(spec.windows.steps).toHaveLength(6);
    expect(spec.run).toBe(runIdOf(steps));
  });
});

describe("a run's id", () => {
  const records = async (seed: number) => (await finish(syncDiffusion(toy(), { ...base, seed }))).steps;
  test("is the same for the same numbers, read from a file too, and another for others", async () => {
    const steps = await records(3);
    const numbers = steps.map(({ index, timestep, weight, anchor, windows }) => ({ index, timestep, weight, anchor, windows, seconds: 1 }));
    expect(runIdOf(JSON.parse(JSON.stringify(numbers)))).toBe(runIdOf(await records(3)));
    expect(runIdOf(await records(4))).not.toBe(runIdOf(steps));
    expect(runIdOf(steps.slice(0, -1))).not.toBe(runIdOf(steps));
  });
  test("is another where any number is another", async () => {
    const steps = await records(3);
    const [first] = steps;
    const changed = (window: object, step: object = {}) =>
      runIdOf([
        { ...first, ...step, windows: first.windows.map((each, k) => (k === 0 ? { ...each, ...window } : each)) },
        ...steps.slice(1),
      ]);
    const ids = [{ top: 9 }, { left: 9 }, { height: 9 }, { width: 9 }, { loss: 9 }, { gradientNorm: 9 }].map((window) => changed(window));
    const others = [{ index: 9 }, { timestep: 9 }, { weight: 9 }, { anchor: 9 }].map((step) => changed({}, step));
    expect(changed({})).toBe(runIdOf(steps));
    expect(new Set([...ids, ...others, runIdOf(steps)]).size).toBe(11);
  });
  test("is of a run that failed too", async () => {
    const { steps } = await fail(syncDiffusion(toy(), { ...base, signal: AbortSignal.abort() }));
    expect(runIdOf(steps)).toMatch(/^[0-9a-f]{16}$/);
  });
});
