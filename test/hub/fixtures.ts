/** Models and caches for the tests of pulling. */
import { join } from "node:path";
import { createRng } from "#kernel-lib/core/random.js";
import type { HubModel } from "#kernel-lib/hub/manifest.js";
import { type PullOptions, pullModel } from "#kernel-lib/hub/pull.js";
import type { PullEvent } from "#kernel-lib/hub/pulling.js";
import { type HubSettings, hubSettings } from "#kernel-lib/hub/settings.js";
import type { Hub } from "./server.js";

export const noise = (n: number, seed = 1): Buffer => {
  const rng = createRng(seed);
  return Buffer.from(Uint8Array.from({ length: n }, () => rng.below(256)));
};

export const MODEL: HubModel = {
  kind: "hub",
  name: "a-model",
  title: "A model",
  id: "org/name",
  revision: "main",
  use: "pictures",
  mirrorOf: undefined,
  licences: [],
  bytes: { fp32: 100, fp16: 50 },
  files: [
    { path: "model_index.json", fp16: undefined },
    { path: "unet/weights.safetensors", fp16: "unet/weights.fp16.safetensors" },
  ],
};

const REPOSITORY: Readonly<Record<string, Uint8Array>> = {
  "model_index.json": Buffer.from('{"a": 1}'),
  "unet/weights.safetensors": noise(300_000, 2),
  "unet/weights.fp16.safetensors": noise(150_000, 3),
  "unet/weights.bin": noise(1000, 4),
  "README.md": Buffer.from("# A model"),
};
/** What a repository holds: what is needed, and what is not. */
export const repository = (): Record<string, Uint8Array> => ({ ...REPOSITORY });

export const settingsIn = (folder: string, hub: Pick<Hub, "url"> | undefined, env: Record<string, string> = {}): HubSettings =>
  hubSettings({ HF_HOME: join(folder, "hf"), VEDUTA_CACHE: join(folder, "veduta"), HF_ENDPOINT: hub?.url ?? "http://127.0.0.1:9", ...env });

/** Pulls without waiting between tries; what it told. */
export async function pull(settings: HubSettings, options: PullOptions & { readonly model?: HubModel } = {}) {
  const events: PullEvent[] = [];
  const waits: number[] = [];
  const sleep = async (milliseconds: number) => void waits.push(milliseconds);
  const folder = await pullModel(options.model ?? MODEL, {
    ...options,
    settings,
    tell: (event) => events.push(event),
    http: { silence: 400, sleep, ...options.http },
  }).catch((error: unknown) => {
    throw Object.assign(error as Error, { waits });
  });
  return { folder, events, waits, here: events.flatMap((event) => (event.kind === "here" ? [`${event.path} ${event.how}`] : [])) };
}
