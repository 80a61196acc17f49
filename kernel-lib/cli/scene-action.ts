/** @file The action of `veduta scene`. */
import { readFile } from "node:fs/promises";
import { parseScene } from "../conditions/parse-scene.js";
import type { SceneCondition } from "../conditions/scene.js";
import { SCENE_KINDS } from "../conditions/scene-tokenizer.js";
import { CheckpointError } from "../core/errors.js";
import type { PyramidModel } from "../diffusion/pyramid-model.js";
import { allMethods, methodNamed } from "../methods/methods.js";
import { type CliDeps, type PaintModel, UsageError } from "./command.js";
import { expectFree, expectOwnFlags, runIntoFolder, started, withModel } from "./run-command.js";
import type { SceneFlags } from "./scene-flags.js";

/** The bundled model that makes scenes. */
const STANDARD = "tiny-scenes";

/** Makes a picture, and writes the run step by step. @throws UsageError for wrong flags; CheckpointError for a file that is no layout or graph */
export async function scene(flags: SceneFlags, deps: CliDeps): Promise<void> {
  const method = methodNamed(flags.method, "pyramid");
  expectOwnFlags(flags, method, allMethods("pyramid"));
  const condition = await conditionOf(flags);
  if (flags.out !== undefined) await expectFree(flags.out, flags.force);
  const begun = performance.now();
  // `condition` holds what the files and lists of these flags say
  const options = Object.fromEntries(Object.entries(flags).filter(([name]) => !SCENE_KINDS.some((kind) => kind === name)));
  const named = { ...flags, model: flags.model ?? STANDARD };
  await withModel(named, deps, async (opened) => {
    const model = sceneModelOf(opened.model);
    const run = started(() => method.run(model, { ...options, ...condition, signal: opened.signal } as never));
    await runIntoFolder(run, named, opened, deps, { picture: "image.png", begun });
  });
}

/** The one condition that was given. @throws UsageError for none, or two */
async function conditionOf(flags: SceneFlags): Promise<SceneCondition> {
  const given = SCENE_KINDS.filter((kind) => flags[kind] !== undefined);
  if (given.length !== 1) {
    const got = given.length === 0 ? "none" : given.map((kind) => `--${kind}`).join(" and ");
    throw new UsageError(`a scene needs one of ${SCENE_KINDS.map((kind) => `--${kind}`).join(", ")}; got ${got}`);
  }
  const [kind] = given;
  const word = flags[kind] as string;
  const content = kind === "layout" || kind === "graph" ? await readText(word) : word;
  try {
    return parseScene(kind, content, kind === "layout" || kind === "graph" ? word : `--${kind}`);
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) throw new UsageError(`--${kind}: ${error.message}`, { cause: error });
    throw error;
  }
}

async function readText(file: string): Promise<string> {
  return readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new CheckpointError(file, { expected: "a JSON file", found: error.code === "ENOENT" ? "no such file" : error.message });
  });
}

/** The model, if it samples a pyramid of codes. @throws UsageError */
function sceneModelOf(model: PaintModel): PaintModel & PyramidModel {
  if ("predictStageNoise" in model) return model as PaintModel & PyramidModel;
  throw new UsageError("--model: this checkpoint samples no pyramid of codes; want one of Frido's layout, such as tiny-scenes");
}
