/** @file A file of tensors by name, whichever of the common formats it has: safetensors, or what torch.save writes. */
import { basename } from "node:path";
import { CheckpointError } from "../core/errors.js";
import { readFully, withFile } from "../core/files.js";
import { brief } from "../core/json.js";
import { openSafetensors, type SafetensorsFile } from "./safetensors.js";
import { openTorch } from "./torch-file.js";

/**
 * Opens a file by what it begins with, not by its name. A .ckpt of a training holds its tensors as `state_dict`; nothing in it is run.
 * @param within the entry of what torch.save wrote that holds the tensors, where there is such an entry
 * @throws CheckpointError for a file of another format, and as `openSafetensors` and `openTorch`
 */
export function openTensors(file: string, within = "state_dict"): SafetensorsFile {
  const head = withFile(file, ({ fd, size }) => {
    const bytes = new Uint8Array(Math.min(9, size));
    readFully(fd, file, bytes, 0);
    return Buffer.from(bytes).toString("latin1");
  });
  // a zip; or a pickle of protocol 2. A header of safetensors begins with neither: its length would be beyond the format's bound
  if (head.startsWith("PK\x03\x04") || head.startsWith("\x80\x02"))
    return { ...openTorch(file, { within, otherwise: "whole" }), metadata: {} };
  if (head[8] !== "{")
    throw new CheckpointError(file, {
      expected: "tensors by name: a safetensors file, or one that torch.save wrote (.ckpt, .pth)",
      found: `a file that begins with ${brief(head)}`,
      fix: basename(file).endsWith(".json") ? "give the folder of the checkpoint" : undefined,
    });
  return openSafetensors(file);
}
