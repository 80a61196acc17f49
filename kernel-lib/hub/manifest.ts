/** @file models/manifest.json: published checkpoints by name, where they lie, under which licence, and which of their files are needed. */
import { fileURLToPath } from "node:url";
import { anything, list, nullish, object, oneOf, optional, readForm, record, text, whole } from "../core/forms.js";
import { type JsonObject, readJson } from "../core/json.js";
import type { PerceptualConfig } from "../nets/perceptual.js";
import { plainPath, plainPathForm } from "./paths.js";

/** A published precision. */
export type Precision = "fp32" | "fp16";

/** A model's licence. */
export interface Licence {
  readonly name: string;
  readonly url: string;
  /** Whether it restricts what the model may be used for. */
  readonly uses: "free" | "restricted";
}

interface Named {
  readonly name: string;
  readonly title: string;
  readonly licences: readonly Licence[];
  /** What is downloaded, about, by precision. */
  readonly bytes: Readonly<Partial<Record<Precision, number>>>;
}

/** A diffusers folder on the hub. */
export interface HubModel extends Named {
  readonly kind: "hub";
  /** The repository, org/name. */
  readonly id: string;
  readonly revision: string;
  /** "pictures": a checkpoint that paints; "control": a ControlNet; "metrics": a network that metrics look through; "tokenizer": a vocabulary alone. */
  readonly use: "pictures" | "control" | "metrics" | "tokenizer";
  /** The repository of its authors, which is gone. */
  readonly mirrorOf: string | undefined;
  readonly files: readonly { readonly path: string; readonly fp16: string | undefined }[];
}

/** A file that its authors publish on a server of their own. */
export interface WebFile {
  readonly path: string;
  readonly url: string;
  /** In hex, or its first digits: torchvision's file names carry eight. */
  readonly sha256: string;
}

/** LPIPS: a backbone and linear weights, converted into a perceptual/ folder. */
export interface LpipsModel extends Named {
  readonly kind: "lpips";
  readonly net: Exclude<PerceptualConfig["net"], "tiny">;
  readonly backbone: WebFile;
  readonly linear: WebFile;
}

/** One file of weights, kept as it is published: a network that metrics look through. */
export interface WeightsModel extends Named {
  readonly kind: "weights";
  readonly file: WebFile;
}

/** A model of the manifest. */
export type ManifestModel = HubModel | LpipsModel | WeightsModel;

const MANIFEST = fileURLToPath(new URL("../../../models/manifest.json", import.meta.url));

const COMMON = {
  title: text(/./),
  licences: list(object({ name: text(/./), url: text(/^https:\/\//), uses: optional(oneOf(["free", "restricted"]), "free") })),
  bytes: object({ fp32: nullish(whole({ max: 1e13 })), fp16: nullish(whole({ max: 1e13 })) }),
};
const WEB_FILE = object({ path: plainPathForm, url: text(/^https?:\/\//), sha256: text(/^[0-9a-f]{8,64}$/) });
const KIND = object({ kind: oneOf(["hub", "lpips", "weights"]) });
const LPIPS = object({ ...COMMON, net: oneOf(["vgg", "alex", "squeeze"]), backbone: WEB_FILE, linear: WEB_FILE });
const WEIGHTS = object({ ...COMMON, file: WEB_FILE });
const HUB = object({
  ...COMMON,
  id: text(/^\w[\w.-]*\/\w[\w.-]*$/),
  revision: plainPathForm,
  use: optional(oneOf(["pictures", "control", "metrics", "tokenizer"]), "pictures"),
  mirrorOf: nullish(text(/./)),
  files: list(object({ path: plainPathForm, fp16: nullish(plainPathForm) })),
});

/** The models of a manifest, by default the package's, in its order. @throws CheckpointError naming what does not fit */
export function readManifest(file: string = MANIFEST): readonly ManifestModel[] {
  const { models } = readForm(file, object({ models: record(record(anything), "models by name") }), readJson(file));
  return Object.entries(models).map(([name, model]) => readModel(`${file}, ${plainPath(file, name)}`, name, model));
}

/** The model of this name. */
export const findModel = (name: string): ManifestModel | undefined => readManifest().find((model) => model.name === name);

function readModel(place: string, name: string, json: JsonObject): ManifestModel {
  const { kind } = readForm(place, KIND, json);
  if (kind === "lpips") {
    const { bytes, ...model } = readForm(place, LPIPS, json);
    return { ...model, kind, name, bytes: present(bytes) };
  }
  if (kind === "weights") {
    const { bytes, ...model } = readForm(place, WEIGHTS, json);
    return { ...model, kind, name, bytes: present(bytes) };
  }
  const { bytes, mirrorOf, files, ...model } = readForm(place, HUB, json);
  const both = files.map(({ path, fp16 }) => ({ path, fp16: fp16 ?? undefined }));
  return { ...model, kind, name, bytes: present(bytes), mirrorOf: mirrorOf ?? undefined, files: both };
}

const present = ({ fp32, fp16 }: Readonly<Partial<Record<Precision, number | null>>>): Named["bytes"] => ({
  fp32: fp32 ?? undefined,
  fp16: fp16 ?? undefined,
});
