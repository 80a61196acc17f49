/** @file What a pull tells while it goes on, and what the pull of each kind of model is given. */
import type { Http } from "./http.js";
import type { Pins } from "./pins.js";
import type { HubSettings } from "./settings.js";

/** What happens during a pull, in order. */
export type PullEvent =
  | { readonly kind: "bytes"; readonly path: string; readonly have: number; readonly bytes: number }
  | { readonly kind: "here"; readonly path: string; readonly how: "downloaded" | "kept" | "converted" }
  | { readonly kind: "waiting"; readonly path: string }
  | { readonly kind: "retry"; readonly url: string; readonly failed: string; readonly milliseconds: number };

/** What the pull of each kind of model is given. */
export interface Pulling {
  readonly settings: HubSettings;
  readonly pins: Pins;
  readonly tell: (event: PullEvent) => void;
  /** Opened when it is first needed. @throws CheckpointError where HF_HUB_OFFLINE forbids it */
  online(path: string): Promise<Http>;
}
