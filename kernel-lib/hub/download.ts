/**
 * @file One file over HTTP into a place, whole or not at all: it grows beside the place, resumes where it stopped (RFC 9110: Range, If-Range), is
 * hashed while it grows, synced and renamed.
 */
import { createHash } from "node:crypto";
import { closeSync, constants, createReadStream, fstatSync, fsyncSync, ftruncateSync, openSync, renameSync, writeSync } from "node:fs";
import { CheckpointError } from "../core/errors.js";
import { type Digest, hashFile } from "./hashing.js";
import { type Answer, drop, type Http, networkReason, refused, type Try } from "./http.js";

/** A file to download. */
export interface Download {
  readonly url: string;
  /** Where a person can read about it. */
  readonly page: string;
  readonly token?: string;
  /** Where the whole file goes. */
  readonly target: string;
  /** Where it grows. */
  readonly partial: string;
  /** What the server said of its size before, where it did. */
  readonly bytes?: number;
  /** What the whole must hash to. */
  readonly digest?: Digest;
  /** The strong etag of the very server that sends the bytes. Without one and without a digest nothing is resumed. */
  readonly etag?: string;
  /** Told of every piece. */
  readonly onBytes: (have: number, bytes: number) => void;
}

/** A file that grows, and the hash of what is there. */
interface Growing {
  readonly fd: number;
  have: number;
  sha256: ReturnType<typeof createHash>;
}

/** So many new bytes are worth another round of tries. */
const MOVED = 2 ** 20;

/**
 * Downloads a file; one process at a time may do so.
 * @returns its sha256 in hex
 * @throws CheckpointError where the server refuses, lies about the size, or sends other bytes twice
 */
export async function download(http: Http, file: Download): Promise<string> {
  // A link in the partial's place would be written through.
  const fd = openSync(file.partial, constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0), 0o666);
  const sha256 = await grow(http, file, fd).finally(() => closeSync(fd));
  renameSync(file.partial, file.target);
  return sha256;
}

async function grow(http: Http, file: Download, fd: number): Promise<string> {
  const growing = await resume(fd, file);
  for (let again = 0; ; again++) {
    await http.retry(file.url, () => fetchRest(http, file, growing));
    const sha256 = growing.sha256.copy().digest("hex");
    const found = file.digest?.kind === "git" ? (await hashFile(file.partial, file.digest)).found : sha256;
    if (!file.digest || found.startsWith(file.digest.hex)) {
      fsyncSync(fd);
      return sha256;
    }
    // What was there before may have been damaged: once more, from nothing.
    startOver(growing);
    if (again === 1)
      throw new CheckpointError(file.url, {
        expected: `${file.digest.kind === "git" ? "git's sha1" : "sha256"} ${file.digest.hex}`,
        found: `${found}, twice`,
        fix: `the server sends other bytes than it should, and none of them were kept; look at ${file.page}`,
      });
  }
}

/** What an earlier process left, hashed anew; nothing of it where it could belong to another content. */
async function resume(fd: number, { digest, etag, bytes = Number.POSITIVE_INFINITY }: Download): Promise<Growing> {
  const growing: Growing = { fd, have: fstatSync(fd).size, sha256: createHash("sha256") };
  if ((!digest && !etag) || growing.have > bytes) startOver(growing);
  if (growing.have > 0)
    for await (const piece of createReadStream("", { fd, autoClose: false, start: 0, end: growing.have - 1, highWaterMark: 2 ** 20 }))
      growing.sha256.update(piece);
  return growing;
}

function startOver(growing: Growing): void {
  ftruncateSync(growing.fd, 0);
  growing.have = 0;
  growing.sha256 = createHash("sha256");
}

/** One request for what is missing. */
async function fetchRest(http: Http, file: Download, growing: Growing): Promise<Try<true>> {
  const from = growing.have;
  if (from > 0 && from === file.bytes) return { done: true };
  const range = { range: `bytes=${from}-`, ...(file.etag ? { "if-range": `"${file.etag}"` } : {}) };
  const answer = await http.ask(file.url, { method: "GET", token: file.token, headers: from > 0 ? range : {} });
  if (answer.status === 416) startOver(growing);
  if (answer.status === 416) return dropped(answer, `no bytes from ${from} on`);
  if (answer.status !== 200 && answer.status !== 206) return refused(file.url, answer, file.page);
  const all = sizeOfAnswer(answer, from);
  if (all === undefined) return dropped(answer, `status ${answer.status} without the size and the place of what follows`);
  if (file.bytes !== undefined && all !== file.bytes) return dropped(answer, `${all} bytes, where ${file.bytes} had been promised`);
  if (answer.status === 200) startOver(growing); // the whole, whatever was asked for
  try {
    for await (const piece of answer.body as AsyncIterable<Uint8Array>) {
      if (growing.have + piece.length > all) {
        startOver(growing);
        return { failed: `more than the ${all} bytes that were promised` };
      }
      append(growing, piece);
      file.onBytes(growing.have, all);
    }
  } catch (error) {
    return { failed: networkReason(error), moved: growing.have - from >= MOVED };
  }
  return growing.have === all
    ? { done: true }
    : { failed: `the end at byte ${growing.have} of ${all}`, moved: growing.have - from >= MOVED };
}

async function dropped(answer: Answer, failed: string): Promise<{ failed: string }> {
  await drop(answer);
  return { failed };
}

/** Bytes of the whole file, as an answer to "from byte `from` on" says; undefined where it does not, or where it begins elsewhere. */
function sizeOfAnswer({ status, header }: Answer, from: number): number | undefined {
  if (!["", "identity"].includes(header("content-encoding"))) return undefined;
  if (status === 200) return /^\d+$/.test(header("content-length")) ? Number(header("content-length")) : undefined;
  const [, start, all] = /^bytes (\d+)-\d+\/(\d+)$/.exec(header("content-range")) ?? [];
  return Number(start) === from ? Number(all) : undefined;
}

function append(growing: Growing, piece: Uint8Array): void {
  for (let done = 0; done < piece.length; ) done += writeSync(growing.fd, piece, done, piece.length - done, growing.have + done);
  growing.sha256.update(piece);
  growing.have += piece.length;
}
