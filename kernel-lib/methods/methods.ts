/** @file The joint methods by the name that the command line and a run on disk give them. A new one is a new row. */
import type { JointModel } from "../diffusion/joint-model.js";
import { multiDiffusion } from "./joint/multidiffusion.js";
import type { JointRun } from "./joint/step-record.js";
import type { SyncOptions } from "./joint/sync-options.js";
import { syncDiffusion } from "./joint/syncdiffusion.js";

/** A joint method: a model and options to a run. A method reads its own options and the shared ones. */
export type JointMethod = (model: JointModel, options: SyncOptions) => JointRun;

export const methods = { multi: multiDiffusion, sync: syncDiffusion } satisfies Record<string, JointMethod>;

export type MethodName = keyof typeof methods;
