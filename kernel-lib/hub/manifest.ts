/** @file models/manifest.json: published checkpoints by name, where they lie, under which licence, and which of their files are needed. */
import { fileURLToPath } from "node:url";
import { CheckpointError } from "../core/errors.js";
import { type Fields, fieldsOf } from "../core/fields.js";
import { brief, isObject, type JsonObject, readJson } from "../core/json.js";
import type { PerceptualConfig } from "../nets/perceptual.js";
import { plainPath } from "./paths.js";

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

/** A model of the manifest. */
export type ManifestModel = HubModel | LpipsModel;

const MANIFEST = fileURLToPath(new URL("../../../models/manifest.json", import.meta.url));

/** The models of a manifest, by default the package's, in its order. @throws CheckpointError naming what does not fit */
export function readManifest(file: string = MANIFEST): readonly ManifestModel[] {
  const { models } = readJson(file);
  if (!isObject(models)) throw new CheckpointError(file, { expected: "models by name", found: brief(models) });
  return Object.entries(models).map(([name, model]) => {
    plainPath(file, name);
    if (!isObject(model)) throw new CheckpointError(file, { expected: `${name}: an object`, found: brief(model) });
    return readModel(file, name, model);
  });
}

/** The model of this name. */
export const findModel = (name: string): ManifestModel | undefined => readManifest().find((model) => model.name === name);

function readModel(file: string, name: string, json: JsonObject): ManifestModel {
  const f = fieldsOf(`${file}, ${name}`, json);
  const common = {
    name,
    title: text(f, "title", /./),
    licences: list(f, "licences", (licence) => ({
      name: text(licence, "name", /./),
      url: text(licence, "url", /^https:\/\//),
      uses: licence.oneOf("uses", ["free", "restricted"], "free"),
    })),
    bytes: bytesOf(f),
  };
  if (f.oneOf("kind", ["hub", "lpips"]) === "lpips")
    return {
      ...common,
      kind: "lpips",
      net: f.oneOf("net", ["vgg", "alex", "squeeze"]),
      backbone: webFile(part(f, "backbone")),
      linear: webFile(part(f, "linear")),
    };
  return {
    ...common,
    kind: "hub",
    id: text(f, "id", /^\w[\w.-]*\/\w[\w.-]*$/),
    revision: plainPath(file, f.get("revision")),
    mirrorOf: f.has("mirrorOf") ? text(f, "mirrorOf", /./) : undefined,
    files: list(f, "files", (entry) => ({
      path: plainPath(file, entry.get("path")),
      fp16: entry.has("fp16") ? plainPath(file, entry.get("fp16")) : undefined,
    })),
  };
}

function text(f: Fields, key: string, form: RegExp): string {
  const value = f.get(key);
  return typeof value === "string" && form.test(value) ? value : f.refuse(key, `text like ${form.source}`, value);
}

function part(f: Fields, key: string): Fields {
  const value = f.get(key);
  return isObject(value) ? fieldsOf(key, value) : f.refuse(key, "an object", value);
}

function list<T>(f: Fields, key: string, read: (entry: Fields) => T): readonly T[] {
  const value = f.get(key);
  if (!Array.isArray(value) || !value.every(isObject)) return f.refuse(key, "a list of objects", value);
  return value.map((entry, k) => read(fieldsOf(`${key} ${k}`, entry)));
}

const webFile = (f: Fields): WebFile => ({
  path: plainPath("path", f.get("path")),
  url: text(f, "url", /^https?:\/\//),
  sha256: text(f, "sha256", /^[0-9a-f]{8,64}$/),
});

function bytesOf(f: Fields): Named["bytes"] {
  const bytes = part(f, "bytes");
  const size = (precision: Precision) => (bytes.has(precision) ? bytes.whole(precision, undefined, { min: 1, max: 1e13 }) : undefined);
  return { fp32: size("fp32"), fp16: size("fp16") };
}
