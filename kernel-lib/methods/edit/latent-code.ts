/** @file The latent code of a picture: the starting latent and the noises with which a stochastic sampler makes the picture. */
import { CheckpointError, ShapeError } from "../../core/errors.js";
import { rows, stack, type Tensor } from "../../core/tensor.js";
import { openSafetensors, readSafetensors, writeSafetensors } from "../../weights/safetensors.js";

/** z = (x_T, z_1, …, z_n): CycleDiffusion, eq. 4. */
export interface LatentCode {
  /** x_T at the level of the first step, [N,c,h,w] */
  readonly start: Tensor;
  /** z_1 … z_n in the order of the steps, [N,c,h,w] each. They are not standard normal, and float16 is too small for them. */
  readonly noise: readonly Tensor[];
  /** steps of the whole schedule, and how many of the first were skipped: n = steps − skipSteps */
  readonly steps: number;
  readonly skipSteps: number;
  readonly eta: number;
}

/** Whose code a file holds. */
export interface CodeOwner {
  /** the digest of the model that encoded it */
  readonly digest: string;
}

const FORMAT = "veduta latent code 1";

/** Refuses a code whose tensors do not fit each other or its steps. @throws ShapeError */
export function expectCode(who: string, { start, noise, steps, skipSteps }: LatentCode): void {
  const want = steps - skipSteps;
  if (noise.length !== want)
    throw new ShapeError(`${who}: code`, {
      got: `${noise.length} noises`,
      want: `${want}, one for each of ${steps} steps less ${skipSteps} skipped`,
      fix: "give the steps and skipSteps that it was encoded with",
    });
  for (const [k, z] of noise.entries())
    if (String(z.shape) !== String(start.shape))
      throw new ShapeError(`${who}: noise ${k}`, { got: `[${z.shape}]`, want: `[${start.shape}], the start's shape` });
}

/** Writes a code as safetensors, float32: start [N,c,h,w] and noise [n·N,c,h,w]. */
export function saveCode(file: string, code: LatentCode, { digest }: CodeOwner): void {
  expectCode("saveCode", code);
  const { start, noise, steps, skipSteps, eta } = code;
  const metadata = { format: FORMAT, steps: String(steps), skipSteps: String(skipSteps), eta: String(eta), digest };
  writeSafetensors(file, { start, noise: stack([...noise]) }, { metadata });
}

/**
 * Reads a code that `saveCode` wrote.
 * @param owner the model that is to decode it
 * @throws CheckpointError for a file that is no code, or the code of another model
 */
export function openCode(file: string, { digest }: CodeOwner): LatentCode {
  const { metadata, tensors } = openSafetensors(file);
  if (metadata.format !== FORMAT || !tensors.has("start") || !tensors.has("noise"))
    throw new CheckpointError(file, { expected: "a latent code that saveCode wrote", found: metadata.format ?? "other tensors" });
  if (metadata.digest !== digest)
    throw new CheckpointError(file, {
      expected: `a code of the model with digest ${digest}`,
      found: `one of ${metadata.digest}`,
      fix: "open the model that encoded it",
    });
  const { start, noise } = readSafetensors(file);
  const [N] = start.shape;
  const count = noise.shape[0] / N;
  const code: LatentCode = {
    start,
    noise: Array.from({ length: count }, (_, k) => rows(noise, k * N, (k + 1) * N)),
    steps: Number(metadata.steps),
    skipSteps: Number(metadata.skipSteps),
    eta: Number(metadata.eta),
  };
  expectCode(file, code);
  return code;
}
