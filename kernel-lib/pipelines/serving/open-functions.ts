/** @file Opens a checkpoint on a device for its functions by name, as a server answers them. */
import { once } from "../../core/once.js";
import type { Tensor } from "../../core/tensor.js";
import { type Engine, openEngine } from "../../engine/engine.js";
import type { Feed } from "../../engine/session.js";
import { timestepEmbedding } from "../../nets/timestep-embedding.js";
import { tokenizerJson } from "../../text/tokenizer-json.js";
import { engineOptions, stableDiffusionParts } from "../open-checkpoint.js";
import type { OpenModelOptions } from "../open-model.js";
import { embeddingOn } from "../stable-diffusion.js";
import { stableDiffusionPrograms } from "../stable-diffusion-programs.js";
import { editFunctions } from "./edit-functions.js";
import { describeParts, descriptionParameters } from "./model-description.js";
import { type NetworkFunction, networkFunctions } from "./network-functions.js";
import { callLengths } from "./offered-functions.js";

/** A checkpoint on a device, by its functions. */
export interface OpenFunctions extends Pick<Engine, "device" | "precision" | "threads" | "notices" | "close"> {
  readonly functions: ReadonlyMap<string, NetworkFunction>;
  /** string parameters of a function's configuration */
  parameters(name: string): Readonly<Record<string, string>>;
  /**
   * Runs a function.
   * @param feeds all its inputs, of shapes that fit each other
   * @param batch rows of one network call; default as many as fit into memory
   * @throws ShapeError, RangeError for sizes that the networks do not take; MemoryError for those that do not fit
   */
  run(found: NetworkFunction, feeds: Readonly<Record<string, Feed>>, batch?: number): Promise<Readonly<Record<string, Tensor>>>;
}

/** Opens a checkpoint of Stable Diffusion. @throws CheckpointError, DeviceError, RangeError as `openModel` */
export async function openFunctions(pathOrName: string, options: OpenModelOptions): Promise<OpenFunctions> {
  const where = engineOptions(options);
  const parts = stableDiffusionParts(pathOrName, options);
  const engine = await openEngine(where);
  const { device, precision, threads, notices } = engine;
  const opened = stableDiffusionPrograms(parts, { precision, embedding: embeddingOn(device) });
  // callers give the timestep on every device
  const given = { parts, opened: { ...opened, embedding: "computed" } } as const;
  const list = [...networkFunctions(given), ...editFunctions(given)];
  const described = once(() => ({ ...descriptionParameters(describeParts(parts, precision)), device, threads: String(threads) }));
  const tokenizer = once(
    (): Readonly<Record<string, string>> => (parts.has("tokenizer") ? { tokenizer: tokenizerJson(parts.part("tokenizer")) } : {}),
  );
  const side = opened.unet.sampleSize;
  const window = { N: 1, h: side, w: side, T: 77, texts: 2 };
  return {
    ...{ device, precision, threads, notices },
    functions: new Map(list.map((each) => [each.name, each])),
    parameters(name) {
      const found = list.find((each) => each.name === name);
      const rows = found && ["noise", "gradient"].includes(name) ? engine.plan(found.program(), found.size(window)).mostRows() : undefined;
      return {
        ...described(),
        ...(rows !== undefined && { rows: String(rows) }),
        ...(name === "text" && tokenizer()),
      };
    },
    async run(found, feeds, batch) {
      const lengths = callLengths(found, Object.fromEntries(Object.entries(feeds).map(([name, { shape }]) => [name, shape])));
      const [program, size] = [found.program(), found.size(lengths)];
      engine.expectFit([{ name: found.name, plan: engine.plan(program, size), rows: 1 }]);
      const of = (kind: "rows" | "call") =>
        Object.fromEntries(found.inputs.filter((input) => input.of === kind).map(({ name }) => [name, feeds[name]]));
      const embedding = feeds.timestep && { timestepEmbedding: timestepEmbedding(opened.unet, [feeds.timestep.data[0]]) };
      return engine.call(program, size, { rows: of("rows"), shared: { ...of("call"), ...embedding } }, batch);
    },
    close: () => engine.close(),
  };
}
