/** @file Reads the body of a request: the JSON head first, and the binary tensors only once the head was found right. */
import type { IncomingMessage } from "node:http";
import { bytesInWords } from "../core/words.js";
import { HEAD_LENGTH } from "../pipelines/serving/wire.js";
import { RefusedRequest } from "./infer-request.js";

/** Bytes of a whole body. */
export const MOST_BYTES = 2 ** 30;
/** Bytes of a JSON head; tensors in JSON belong to it. */
const MOST_HEAD = 64 * 2 ** 20;

/**
 * Reads head and tensors.
 * @param check reads the head, and says how many bytes its tensors have
 * @throws RefusedRequest for a body that is too large or of another length than its head says; what `check` throws
 */
export async function readBody<T extends { readonly binaryBytes: number }>(
  request: IncomingMessage,
  check: (head: string) => T,
): Promise<{ readonly head: T; readonly binary: Uint8Array }> {
  const length = wholeHeader(request, "content-length") ?? refuse(411, "missing Content-Length");
  if (length > MOST_BYTES) refuse(413, `request of ${bytesInWords(length)}, want at most ${bytesInWords(MOST_BYTES)}`);
  if ((request.headers["content-encoding"] ?? "identity") !== "identity") refuse(415, "compressed requests are not read");
  const headLength = wholeHeader(request, HEAD_LENGTH) ?? length;
  if (headLength > length) refuse(400, `${HEAD_LENGTH} is ${headLength}, and the body has ${length} bytes`);
  if (headLength > MOST_HEAD)
    refuse(413, `JSON of ${bytesInWords(headLength)}, want at most ${bytesInWords(MOST_HEAD)}; send tensors in binary`);

  const chunks = request[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let rest: Buffer = Buffer.alloc(0);
  const fill = async (size: number): Promise<Buffer> => {
    const into = Buffer.allocUnsafe(size);
    let at = rest.copy(into, 0, 0, size);
    rest = rest.subarray(at);
    while (at < size) {
      const next = await chunks.next();
      if (next.done) return refuse(400, `unexpected end of the request: got ${at} bytes, want ${size}`);
      const taken = next.value.copy(into, at);
      at += taken;
      rest = next.value.subarray(taken);
    }
    return into;
  };
  const head = check((await fill(headLength)).toString("utf8"));
  const wanted = length - headLength;
  if (head.binaryBytes !== wanted)
    refuse(400, `unexpected additional input data: the body has ${wanted} bytes after its head, and the inputs ${head.binaryBytes}`);
  return { head, binary: await fill(wanted) };
}

function wholeHeader({ headers }: IncomingMessage, name: string): number | undefined {
  const value = headers[name];
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!/^\d+$/.test(String(value)) || !Number.isSafeInteger(number))
    refuse(400, `${name} is ${String(value).slice(0, 40)}, want a whole number`);
  return number;
}

function refuse(status: number, message: string): never {
  throw new RefusedRequest(status, message);
}
