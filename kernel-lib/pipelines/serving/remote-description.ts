/** @file What is known of a model on another machine, from the server's own words or from a folder on this one. */
import { join } from "node:path";
import { CheckpointError, ServerError } from "../../core/errors.js";
import { fileExists } from "../../core/files.js";
import { anything, is, list, object, optional, readForm, real, record, text, whole, wholes } from "../../core/forms.js";
import { parseJson, readJson } from "../../core/json.js";
import { loadTokenizer, type Tokenizer } from "../../text/tokenizer.js";
import { tokenizerFromJson } from "../../text/tokenizer-json.js";
import type { OpenParts } from "../pipeline.js";
import type { StableDiffusionParts } from "../stable-diffusion-parts.js";
import { DESCRIPTION_FORMAT, type ModelDescription, type PartConfigs } from "./model-description.js";
import type { ServerClient } from "./server-client.js";
import { readParameters } from "./server-metadata.js";

/** A model's description, and its tokenizer where it has one. */
export interface RemoteDescription extends Pick<ModelDescription, "parts" | "digest"> {
  readonly tokenizer?: Tokenizer;
}

// what this side computes with; the rest of a config belongs to the server
const PARTS = object({
  unet: object({
    inChannels: whole(),
    sampleSize: whole(),
    blockOutChannels: wholes,
    crossAttentionDim: whole(),
    flipSinToCos: anything,
    freqShift: real(),
  }),
  vae: object({ latentChannels: whole(), blockOutChannels: wholes }),
  scheduler: object({
    betaStart: real(),
    betaEnd: real(),
    betaSchedule: text(),
    trainTimesteps: whole({ max: 100_000 }),
    prediction: text(),
    sampler: object({ name: text() }),
  }),
  text_encoder: optional(object({ hiddenSize: whole(), vocabSize: whole({ max: 2 ** 24 }), maxPositionEmbeddings: whole() })),
  perceptual: optional(record(anything)),
  dual: optional(record(anything)),
  adapters: object({ loras: list(anything), embeddings: list(anything) }),
});
const DIGEST = text(/^[0-9a-f]{64}$/, "64 hexadecimal digits");

/** From the parameters of a server's functions. @throws ServerError where it has none: they can come from a folder */
export async function describedByServer(client: ServerClient): Promise<RemoteDescription> {
  const said = await readParameters(client, "noise");
  const [where, parts] = [`${client.address}/v2/models/noise/config`, said?.["veduta.parts"]];
  if (!said || parts === undefined)
    throw new ServerError(
      `${client.address}: the function noise says no config, want the parameter veduta.parts of veduta serve or of an export; openModel({ url, local }) takes it from a folder`,
    );
  const known = described(where, { format: Number(said.format), digest: said.digest, parts: parseJson(where, parts) });
  if (!known.parts.text_encoder) return known;
  const tokenizer = (await readParameters(client, "text"))?.tokenizer;
  if (tokenizer === undefined) return known;
  return { ...known, tokenizer: cachedTokenizer(`${client.address}/v2/models/text/config`, known.digest, tokenizer) };
}

/** From the veduta.json and the tokenizer/ of an export. @returns undefined where the folder is none */
export function describedByExport(folder: string): RemoteDescription | undefined {
  const file = join(folder, "veduta.json");
  if (!fileExists(file)) return undefined;
  const known = described(file, readJson(file));
  return { ...known, ...(fileExists(join(folder, "tokenizer/vocab.json")) && { tokenizer: loadTokenizer(join(folder, "tokenizer")) }) };
}

function described(where: string, json: object): Pick<ModelDescription, "parts" | "digest"> {
  const { digest, parts } = readForm(where, object({ format: is(DESCRIPTION_FORMAT), digest: DIGEST, parts: record(anything) }), json);
  readForm(where, PARTS, parts);
  return { digest, parts: parts as unknown as PartConfigs };
}

const tokenizers = new Map<string, Tokenizer>();

/** A model that is opened again in this process has its tokenizer already. */
function cachedTokenizer(where: string, digest: string, json: string): Tokenizer {
  const made = tokenizers.get(digest) ?? tokenizerFromJson(where, json);
  tokenizers.set(digest, made);
  return made;
}

/** The parts of a description, without weights. @param address names them in errors */
export function describedParts(address: string, { parts, digest, tokenizer }: RemoteDescription): OpenParts<StableDiffusionParts> {
  const weights = { file: address, weights: new Map() };
  const { adapters, scheduler, ...configs } = parts;
  const networks = Object.entries(configs).map(([name, config]) => [name, { config, ...weights }] as const);
  const all = new Map<string, unknown>([...networks, ["adapters", adapters], ["scheduler", scheduler]]);
  if (tokenizer) all.set("tokenizer", tokenizer);
  return {
    path: address,
    has: (name) => all.has(name),
    part: (name) => {
      if (!all.has(name))
        throw new CheckpointError(address, { expected: `a model with ${name}`, found: `one with ${[...all.keys()].join(", ")}` });
      return all.get(name) as never;
    },
    digest: () => digest,
  };
}
