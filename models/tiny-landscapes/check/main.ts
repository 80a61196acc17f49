/** @file `npm run models:check`: the bundled model's quality, as a table with floor and aim. Exit code 1 where a floor is missed. */
import { mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openModel } from "../../../kernel-lib/pipelines/open-model.js";
import { SCENE_ROWS, type SceneRows } from "../../tiny-scenes/check/scenes.js";
import { SCENES_CANDIDATE, SCENES_FOLDER } from "../../tiny-scenes/train/folder.js";
import { CANDIDATE, FOLDER, STATE_FOLDER } from "../train/folder.js";
import { openJudge } from "./judge.js";
import { PARTS, type PartName } from "./parts.js";
import type { Line } from "./table.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: "string", default: FOLDER },
    candidate: { type: "boolean", default: false },
    windows: { type: "string", default: "200" },
    distance: { type: "string", default: "2000" },
    panoramas: { type: "string", default: "24" },
    edits: { type: "string", default: "120" },
    skylines: { type: "string", default: "24" },
    "control-scale": { type: "string", default: "1" },
    scenes: { type: "string", default: "300" },
    "scenes-distance": { type: "string", default: "1000" },
    rows: { type: "string" },
    threads: { type: "string", default: String(availableParallelism()) },
    help: { type: "boolean", default: false },
  },
});
const names = Object.keys(PARTS) as PartName[];
const sceneRowNames = Object.keys(SCENE_ROWS) as SceneRows[];
if (values.help) {
  console.log(`npm run models:check -- [PART …] [--candidate | --model DIR] [--windows N] [--distance N] [--panoramas N] [--edits N]
    [--skylines N] [--control-scale A] [--scenes N] [--scenes-distance N] [--rows NAME,NAME] [--threads N]
PART: ${names.join(", ")}; default all. scenes is of tiny-scenes, the others are of tiny-landscapes.
--rows: of scenes, ${sceneRowNames.join(", ")}; default all. --candidate checks what is being trained, in .work/train.`);
  process.exit(0);
}
const isPart = (name: string): name is PartName => Object.hasOwn(PARTS, name);
const stranger = positionals.find((name) => !isPart(name));
if (stranger !== undefined) {
  console.error(`models:check: got "${stranger}", want some of ${names.join(", ")}`);
  process.exit(2);
}

const isRows = (name: string): name is SceneRows => Object.hasOwn(SCENE_ROWS, name);
const askedRows = values.rows?.split(",");
const strangeRow = askedRows?.find((name) => !isRows(name));
if (strangeRow !== undefined) {
  console.error(`models:check: --rows got "${strangeRow}", want some of ${sceneRowNames.join(", ")}`);
  process.exit(2);
}
const sceneRows = askedRows?.filter(isRows);

const threads = Number(values.threads);
const folder = values.candidate ? CANDIDATE : values.model;
const scenesFolder = values.candidate ? SCENES_CANDIDATE : SCENES_FOLDER;
const pictures = join(STATE_FOLDER, "../check");
await mkdir(pictures, { recursive: true });
const model = await openModel(folder, { device: "cpu", threads });
const judge = await openJudge(folder, threads);
const counts = {
  windows: Number(values.windows),
  distance: Number(values.distance),
  panoramas: Number(values.panoramas),
  edits: Number(values.edits),
  skylines: Number(values.skylines),
  scenes: Number(values.scenes),
  scenesDistance: Number(values["scenes-distance"]),
};
const lines: Line[] = [];
for (const name of positionals.length > 0 ? positionals.filter(isPart) : names) {
  const began = Date.now();
  lines.push(
    ...(await PARTS[name]({
      model,
      judge,
      folder,
      scenesFolder,
      sceneRows,
      pictures,
      controlScale: Number(values["control-scale"]),
      counts,
    })),
  );
  console.error(`${name}: ${((Date.now() - began) / 1000).toFixed(0)} s`);
}
await judge.close();
await model.close();

console.table(Object.fromEntries(lines.map(({ what, ...rest }) => [what, rest])));
console.log(`model: ${folder}\nscenes: ${scenesFolder}\npictures: ${pictures}`);
process.exit(lines.some(({ reached }) => reached === "missed") ? 1 : 0);
