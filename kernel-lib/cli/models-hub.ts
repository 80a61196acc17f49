/** @file `veduta models list | pull | verify`: published checkpoints by name, fetched into the cache that Python's tools share. */
import { statSync } from "node:fs";
import { type Command, Option } from "commander";
import { installed } from "../checkpoint/hub/installed.js";
import { findModel, type ManifestModel, type Precision, readManifest } from "../checkpoint/hub/manifest.js";
import { pullModel } from "../checkpoint/hub/pull.js";
import { hubSettings } from "../checkpoint/hub/settings.js";
import { verifyModel } from "../checkpoint/hub/verify.js";
import { CheckpointError } from "../core/errors.js";
import { type CliDeps, UsageError } from "./paint.js";
import { pullProgress, size } from "./pull-progress.js";

export type HubDeps = Pick<CliDeps, "stdout" | "stderr">;

/** Adds the commands to the group `veduta models`. */
export function hubCommands(group: Command, deps: HubDeps): void {
  group
    .command("list")
    .description("what can be pulled: licence, size, and where it is if it is here")
    .action(() => list(deps));
  group
    .command("pull")
    .description("download a model, go on with a download, or check that it is still what it was")
    .argument("<name>", "as `veduta models list` names it")
    .addOption(new Option("--precision <name>", "fp16: half the size, where it is published").choices(["fp32", "fp16"]).default("fp32"))
    .action((name: string, flags: { readonly precision: Precision }) => pull(name, flags.precision, deps));
  group
    .command("verify")
    .description("hash the files of a model, or of every one that is here, and compare them with the first pull")
    .argument("[name]", "as `veduta models list` names it")
    .action((name: string | undefined) => verify(name, deps));
}

function list({ stdout }: HubDeps): void {
  const settings = hubSettings();
  for (const model of readManifest()) {
    const { complete, folder, files } = installed(model, settings);
    const onDisk = files.reduce((sum, { file }) => sum + (file ? statSync(file).size : 0), 0);
    const { fp32, fp16 } = model.bytes;
    const sizes = [...(fp32 ? [size(fp32)] : []), ...(fp16 ? [`fp16 ${size(fp16)}`] : [])].join(", ");
    const facts = [
      model.title,
      complete ? `pulled, ${size(onDisk)}: ${folder}` : `not pulled; to download: about ${sizes}`,
      ...sourceOf(model),
      ...licencesOf(model),
    ];
    stdout.write(`${model.name}\n${facts.map((fact) => `  ${fact}\n`).join("")}\n`);
  }
}

async function pull(name: string, precision: Precision, { stdout, stderr }: HubDeps): Promise<void> {
  const model = modelOf(name);
  if (!model.bytes[precision]) throw new UsageError(`--precision ${precision}: ${name} is published in fp32 alone`);
  for (const fact of [...sourceOf(model), ...licencesOf(model)]) stderr.write(`${fact}\n`);
  const folder = await pullModel(model, { precision, tell: pullProgress(stderr) });
  stdout.write(`${folder}\n`);
}

async function verify(name: string | undefined, { stdout }: HubDeps): Promise<void> {
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
      expected: "every file as it was when it was first pulled",
      found: `${wrong.length} that are not: ${wrong.join(", ")}`,
      fix: "delete those that differ, and pull the model again",
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
  if (model.kind === "lpips") return [`from ${model.backbone.url}`, `and  ${model.linear.url}`];
  return [`from ${model.id}${model.mirrorOf ? `, a mirror by others: its authors' ${model.mirrorOf} is gone` : ""}`];
};

const licencesOf = ({ licences }: ManifestModel): string[] =>
  licences.map(
    ({ name, url, uses }) => `licence ${name}${uses === "restricted" ? ", which restricts what it may be used for" : ""}: ${url}`,
  );
