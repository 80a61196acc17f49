/** @file The actions of `veduta models list | pull | verify`. */
import { statSync } from "node:fs";
import { CheckpointError } from "../core/errors.js";
import { bytesInWords } from "../core/words.js";
import { installed } from "../hub/installed.js";
import { findModel, type ManifestModel, type Precision, readManifest } from "../hub/manifest.js";
import { pullModel } from "../hub/pull.js";
import { hubSettings } from "../hub/settings.js";
import { verifyModel } from "../hub/verify.js";
import { createByteProgress, showPull } from "./byte-progress.js";
import { type CliDeps, UsageError } from "./command.js";

/** What the actions need. */
export type HubDeps = Pick<CliDeps, "stdout" | "stderr">;

/** Lists the models that can be pulled. */
export function list({ stdout }: HubDeps): void {
  const settings = hubSettings();
  for (const model of readManifest()) {
    const { complete, folder, files } = installed(model, settings);
    const onDisk = files.reduce((sum, { file }) => sum + (file ? statSync(file).size : 0), 0);
    const { fp32, fp16 } = model.bytes;
    const sizes = [...(fp32 ? [bytesInWords(fp32)] : []), ...(fp16 ? [`fp16 ${bytesInWords(fp16)}`] : [])].join(", ");
    const facts = [
      model.title,
      complete ? `pulled, ${bytesInWords(onDisk)}: ${folder}` : `not pulled; to download: about ${sizes}`,
      ...sourceOf(model),
      ...licencesOf(model),
    ];
    stdout.write(`${model.name}\n${facts.map((fact) => `  ${fact}\n`).join("")}\n`);
  }
}

/** Pulls a model and prints its folder. @throws UsageError for an unknown name or a precision that is not published */
export async function pull(name: string, precision: Precision, { stdout, stderr }: HubDeps): Promise<void> {
  const model = modelOf(name);
  if (!model.bytes[precision]) throw new UsageError(`--precision ${precision}: ${name} is published only in fp32`);
  for (const fact of [...sourceOf(model), ...licencesOf(model)]) stderr.write(`${fact}\n`);
  const progress = createByteProgress(stderr);
  const folder = await pullModel(model, { precision, tell: (event) => showPull(progress, event) }).finally(progress.end);
  stdout.write(`${folder}\n`);
}

/** Hashes files and prints the result of each. @throws CheckpointError if one has changed */
export async function verify(name: string | undefined, { stdout }: HubDeps): Promise<void> {
  const settings = hubSettings();
  const models = name === undefined ? readManifest().filter((model) => installed(model, settings).complete) : [modelOf(name)];
  if (models.length === 0) stdout.write("Nothing has been pulled.\n");
  const wrong: string[] = [];
  for (const model of models)
    for await (const { path, state, file, expected, found } of verifyModel(model, settings)) {
      stdout.write(
        `${model.name} ${path}: ${state === "different" ? `different: expected ${expected}, found ${found}, in ${file}` : state}\n`,
      );
      if (state === "different" || state === "missing") wrong.push(`${model.name} ${path}`);
    }
  if (wrong.length > 0)
    throw new CheckpointError(name ?? "models", {
      expected: "every file unchanged since it was first pulled",
      found: `${wrong.length} changed: ${wrong.join(", ")}`,
      fix: "delete these files and pull the model again",
    });
}

function modelOf(name: string): ManifestModel {
  const model = findModel(name);
  if (model) return model;
  throw new UsageError(
    `no model ${JSON.stringify(name)}; there are ${readManifest()
      .map((known) => known.name)
      .join(", ")}`,
  );
}

const sourceOf = (model: ManifestModel): string[] => {
  if (model.kind === "weights") return [`from ${model.file.url}`];
  if (model.kind === "lpips") return [`from ${model.backbone.url}`, `and  ${model.linear.url}`];
  return [`from ${model.id}${model.mirrorOf ? `, a mirror by others: its authors' ${model.mirrorOf} is gone` : ""}`];
};

const licencesOf = ({ licences }: ManifestModel): string[] =>
  licences.map(
    ({ name, url, uses }) => `licence ${name}${uses === "restricted" ? ", which restricts what it may be used for" : ""}: ${url}`,
  );
