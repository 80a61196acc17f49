/** @file Makes a joint method from its algorithm, its own options, its network calls and its series. The rest is shared. */
import type { CallKind, JointModel, JointModelConfig } from "../../diffusion/joint-model.js";
import type { Method, Series } from "../method.js";
import { type DefaultedOf, type OptionTable, takeOptions, type ValuesOf } from "../option-table.js";
import { chooseBatch } from "./choose-batch.js";
import { begin, type Running } from "./joint-run.js";
import { JOINT_OPTIONS, type JointOptions, type ResolvedOptions, resolveOptions } from "./options.js";
import { pathOf } from "./path.js";
import { sideBySide } from "./side-by-side.js";
import type { JointRun, JointSteps } from "./step-record.js";

/** What distinguishes one joint method from another. */
export interface JointMethodSpec<Own extends OptionTable, Resolved extends object> {
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  readonly source: string;
  /** default: none */
  readonly options?: Own;
  /** default: the noise alone */
  readonly needs?: readonly CallKind[];
  /** The calls out of `needs` that a run with these own options makes; default: all */
  readonly calls?: (own: DefaultedOf<Own>) => readonly CallKind[];
  /** default: none */
  readonly series?: readonly Series[];
  /** how windows lie; default "grid" */
  readonly placement?: "grid" | "side by side";
  /** "merged": steps may merge attention on the panorama, which a model must offer; default "per window" */
  readonly attention?: "per window" | "merged";
  /** "method": it draws noise beside the start's and the sampler's, so that a run has a seed beside a given latent too; default "sampler" */
  readonly noise?: "sampler" | "method";
  /**
   * Changes the shared options before their defaults are filled in; default: leaves them.
   * @throws RangeError for an option that the method does not allow
   */
  readonly prepare?: (options: JointOptions & ValuesOf<Own>, config: JointModelConfig) => JointOptions;
  /** Fills in own defaults that depend on the shared options or the model; default: those of the table */
  readonly resolve?: (own: DefaultedOf<Own>, context: { readonly shared: ResolvedOptions; readonly config: JointModelConfig }) => Resolved;
  /** the algorithm */
  readonly steps: (run: Running, options: ResolvedOptions & Resolved) => JointSteps;
}

/** A joint method: its row of the table, and the function that runs it. */
export type JointMethod<Own extends OptionTable, Resolved> = Method<JointOptions & ValuesOf<Own>, JointRun<ResolvedOptions & Resolved>>;

/**
 * Makes a joint method, which paints one panorama from many windows.
 * @example
 * const shifted = jointMethod({
 *   name: "shifted", title: "Shifted", summary: "windows that move", source: "mine",
 *   async *steps(run, { windows }) {
 *     let z = run.start;
 *     for (const hop of run.hops) { … yield run.record(hop, z, denoised); }
 *     return run.finish(z);
 *   },
 * });
 * registerMethod(shifted);
 */
export function jointMethod<Own extends OptionTable = Record<never, never>, Resolved extends object = DefaultedOf<Own>>(
  spec: JointMethodSpec<Own, Resolved>,
): JointMethod<Own, Resolved> {
  const {
    name,
    title,
    summary,
    source,
    options: own = {} as Own,
    needs = ["noise"],
    series = [],
    placement = "grid",
    attention = "per window",
    noise = "sampler",
    resolve,
    steps,
  } = spec;
  const prepare = placement === "side by side" ? sideBySide : spec.prepare;
  // the function's name in errors: "SyncDiffusion" -> "syncDiffusion", "GVCF diffusion" -> "gvcfDiffusion"
  const who = title
    .replace(/^([A-Z]+(?![a-z])|[A-Z])/, (start) => start.toLowerCase())
    .replace(/ (\w)/g, (_, letter: string) => letter.toUpperCase());
  const method: JointMethod<Own, Resolved> = {
    ...{ name, title, summary, source, placement, needs, series },
    family: "panorama",
    options: own,
    sharedOptions: JOINT_OPTIONS,
    run(model, options) {
      const { config } = model;
      // from JavaScript and from the command line any bundled model may come
      if (typeof model.encodeText !== "function")
        throw new TypeError(`${who}: got a model without a text encoder, want one that takes prompts, such as tiny-landscapes`);
      if (attention === "merged" && !model.predictMergedNoise)
        throw new TypeError(`${who}: got a model whose attention cannot be merged, want one that offers it, such as tiny-landscapes`);
      const shared = resolveOptions(who, config, prepare ? prepare(options, config) : options, noise);
      const taken = takeOptions(own, { ...options });
      const resolved = { ...shared, ...(resolve ? resolve(taken, { shared, config }) : (taken as unknown as Resolved)) };
      const kinds = spec.calls?.(taken) ?? needs;
      expectOffered(title, model, kinds);
      const batch = chooseBatch(model, resolved, kinds);
      async function* running(): JointSteps {
        return yield* steps(
          await begin(model, resolved, { needs: kinds, attention, batch, signal: options.signal, resume: options.resume }),
          resolved,
        );
      }
      return Object.assign(running(), { method, options: resolved, batch, stepCount: pathOf(resolved, config).hops.length });
    },
  };
  return method;
}

/** @throws TypeError where the model is on another machine whose server lacks one of the calls */
function expectOffered(title: string, { offers }: JointModel, calls: readonly CallKind[]): void {
  const lacking = offers && calls.find((name) => !offers.functions.includes(name));
  if (lacking) throw new TypeError(`${offers.where} offers ${offers.functions.join(", ")}; ${title} needs ${lacking}`);
}
