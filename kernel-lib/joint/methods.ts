/** @file The joint methods by the name that the command line and a run on disk give them. A new one is a new row. */
import type { JointModel } from "./joint-model.js";
import { multiDiffusion } from "./multidiffusion.js";
import type { JointRun } from "./step-record.js";
import type { SyncOptions } from "./sync-options.js";
import { syncDiffusion } from "./syncdiffusion.js";

/** A joint method: a model and options to a run. A method reads its own options and the shared ones. */
export type JointMethod = (model: JointModel, options: SyncOptions) => JointRun;

export const methods = { multi: multiDiffusion, sync: syncDiffusion } satisfies Record<string, JointMethod>;

export type MethodName = keyof typeof methods;
