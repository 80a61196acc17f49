/** @file Windows that lie side by side. */
import type { JointModelConfig } from "../../diffusion/joint-model.js";
import type { JointOptions } from "./options.js";

/**
 * Sets the stride to the window.
 * @throws RangeError for another stride
 */
export function sideBySide(options: JointOptions, { window }: JointModelConfig): JointOptions {
  if (options.stride !== undefined && options.stride !== (options.window ?? window))
    throw new RangeError(`stride ${options.stride}: the windows of this method lie side by side; leave stride out`);
  return { ...options, stride: options.windows ? undefined : (options.window ?? window) };
}
