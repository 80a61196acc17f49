/** @file A file of tensors by name, whichever of the common formats it has: safetensors, or what torch.save writes. */
import { readFully, withFile } from "../core/files.js";
import { openSafetensors, type SafetensorsFile } from "./safetensors.js";
import { openTorch } from "./torch-file.js";

/**
 * Opens a file by what it begins with, not by its name. A .ckpt of a training holds its tensors as `state_dict`; nothing in it is run.
 * @throws CheckpointError as `openSafetensors` and `openTorch`
 */
export function openTensors(file: string): SafetensorsFile {
  const head = withFile(file, ({ fd, size }) => {
    const bytes = new Uint8Array(Math.min(4, size));
    readFully(fd, file, bytes, 0);
    return Buffer.from(bytes).toString("latin1");
  });
  // a zip; or a pickle of protocol 2. A header of safetensors has neither: its length would be beyond the format's bound
  if (head !== "PK\x03\x04" && !head.startsWith("\x80\x02")) return openSafetensors(file);
  return { ...openTorch(file, { within: "state_dict", otherwise: "whole" }), metadata: {} };
}
