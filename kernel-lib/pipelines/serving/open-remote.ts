/** @file A model on another machine: the checkpoint's own functions and checks, over an engine that asks a server. */
import { ServerError } from "../../core/errors.js";
import { once } from "../../core/once.js";
import { DEVICE_CHOICES, type Device } from "../../engine/device.js";
import { PRECISIONS, type Precision } from "../../graph/half.js";
import type { Model } from "../model.js";
import type { OpenParts } from "../pipeline.js";
import { stableDiffusion } from "../stable-diffusion.js";
import type { StableDiffusionParts } from "../stable-diffusion-parts.js";
import { digestOf, stableDiffusionPrograms } from "../stable-diffusion-programs.js";
import { editFunctions } from "./edit-functions.js";
import { networkFunctions } from "./network-functions.js";
import { offeredFunctions } from "./offered-functions.js";
import { describedByExport, describedByServer, describedParts } from "./remote-description.js";
import { remoteEngine } from "./remote-engine.js";
import { serverAddress } from "./server-address.js";
import { type ClientOptions, openClient, type ServerClient } from "./server-client.js";
import { readParameters } from "./server-metadata.js";

/** Options of `openRemote`. */
export interface RemoteOptions extends ClientOptions {
  /** Opens a checkpoint's folder on this machine for its config and tokenizer alone. */
  readonly openLocal?: () => OpenParts<StableDiffusionParts>;
  /** the folder of an export or a checkpoint; default: the server says config and tokenizer */
  readonly local?: string;
}

/** Functions that are asked for at the start, so that a method can say what a server lacks before its first step. */
const ASKED = ["text", "noise", "gradient", "decode", "encode", "distance"] as const;

/**
 * Opens a model that a server holds.
 * @throws ServerError where nobody answers, the token is wrong, or the server is of another kind; RangeError for an address that is none
 */
export async function openRemote(url: string, { local, openLocal, ...options }: RemoteOptions): Promise<Model> {
  const client = await openClient(serverAddress(url), options);
  try {
    const exported = local === undefined ? undefined : describedByExport(local);
    const parts =
      openLocal && !exported
        ? elsewhere(client.address, openLocal())
        : describedParts(client.address, exported ?? (await describedByServer(client)));
    return await openParts(client, parts);
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** A checkpoint's parts on this machine, under the address of the server that has them too. */
const elsewhere = (address: string, parts: OpenParts<StableDiffusionParts>): OpenParts<StableDiffusionParts> => ({
  ...parts,
  path: address,
  digest: once(() => digestOf(parts)),
});

async function openParts(client: ServerClient, parts: OpenParts<StableDiffusionParts>): Promise<Model> {
  const scale = 2 ** (parts.part("vae").config.blockOutChannels.length - 1);
  const offered = offeredFunctions(client, scale);
  const [there, said, gradient] = await Promise.all([
    Promise.all(ASKED.map(async (name) => ((await offered.has(name)) ? [name] : []))),
    readParameters(client, "noise"),
    readParameters(client, "gradient"),
  ]);
  const names = there.flat();
  if (names.length === 0)
    throw new ServerError(`${client.address}: offers none of ${ASKED.join(", ")}; is it the server of another kind of model?`);
  const device = oneOf<Device>(said?.device, DEVICE_CHOICES, "cpu");
  const precision = oneOf<Precision>(said?.precision, PRECISIONS, "float32");
  const rows = Object.entries({ noise: said?.rows, gradient: gradient?.rows }).flatMap(([name, text]) =>
    text === undefined ? [] : [[name, Number(text)] as const],
  );
  const opened = once(() => stableDiffusionPrograms(parts, { precision, embedding: "computed" }));
  const engine = remoteEngine({
    ...{ client, offered, device, precision, threads: Number(said?.threads ?? 1), rows: new Map(rows) },
    functions: once(() => [networkFunctions, editFunctions].flatMap((list) => list({ parts, opened: opened() }))),
    notices: [`model on ${client.address}: ${said?.device ?? "a device that it does not name"}, ${precision}`],
  });
  const model = await stableDiffusion.open(parts, engine);
  return Object.assign(model, { offers: { where: client.address, functions: names } });
}

const oneOf = <T extends string>(said: string | undefined, known: readonly string[], otherwise: T): T =>
  said !== undefined && known.includes(said) ? (said as T) : otherwise;
