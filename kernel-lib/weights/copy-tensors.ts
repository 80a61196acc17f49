/** @file Copies tensors from the files where they lie into one safetensors file, a piece at a time. */
import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { CheckpointError } from "../core/errors.js";
import { writeAll } from "../core/write-whole.js";
import { safetensorsHeader, type TensorRef } from "./safetensors.js";

/** Bytes that are read and written at a time. */
const PIECE = 4 * 2 ** 20;

/**
 * Writes a new safetensors file of these tensors, bit by bit the same numbers. Never more than 4 MiB are in memory.
 * @param file must not be there yet; its folder is made where it is missing
 * @param wrote is called after each piece, with its bytes; what it throws stops the copy, and the file stays unfinished
 * @throws CheckpointError where a source ends before a tensor does
 */
export async function copyTensors(
  file: string,
  tensors: ReadonlyMap<string, TensorRef>,
  wrote: (bytes: number) => void = () => {},
): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const target = await open(file, "wx");
  const buffer = new Uint8Array(PIECE);
  try {
    await writeAll(
      target,
      safetensorsHeader(
        [...tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape })),
        { format: "pt" },
      ),
    );
    for (const [name, ref] of tensors) {
      const source = await open(ref.file, "r");
      try {
        for (let done = 0; done < ref.length; ) {
          const { bytesRead } = await source.read(buffer, 0, Math.min(PIECE, ref.length - done), ref.offset + done);
          if (bytesRead === 0)
            throw new CheckpointError(ref.file, { expected: `${ref.length} bytes of ${name}`, found: `${done} (the file has shrunk)` });
          await writeAll(target, buffer.subarray(0, bytesRead));
          done += bytesRead;
          wrote(bytesRead);
        }
      } finally {
        await source.close();
      }
    }
    await target.sync();
  } finally {
    await target.close();
  }
}
