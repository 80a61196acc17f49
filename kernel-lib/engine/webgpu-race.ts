/** @file Whether WebGPU is faster than the CPU, measured in a process of its own: a driver can end the process that calls it, or keep it for minutes. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Precision } from "../graph/half.js";

/** Milliseconds of one convolution on each; or why WebGPU could not run it. */
export type Race = { readonly cpu: number; readonly webgpu: number } | { readonly reason: string };

/** A GPU opens within a second or two; software may compile one shader for longer than this. */
const SECONDS = 10;

/** @param options threads of the CPU, which computes in float32; the precision of WebGPU */
/** Times a convolution on WebGPU and on the CPU, in a process of its own. */
export function raceWebgpu({ threads, precision }: { readonly threads: number; readonly precision: Precision }): Promise<Race> {
  return new Promise((resolve) => {
    const child = fork(fileURLToPath(new URL("./webgpu-runner.js", import.meta.url)), [String(threads), precision], {
      execArgv: [],
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    const timer = setTimeout(() => end({ reason: `a convolution was not done in ${SECONDS} s` }), SECONDS * 1000);
    const end = (race: Race) => {
      clearTimeout(timer);
      child.kill("SIGKILL");
      resolve(race); // the first answer is the one
    };
    child.on("message", (race: Race) => end(race));
    child.on("error", (error) => end({ reason: error.message }));
    child.on("exit", (code, signal) => end({ reason: `the process that tried it ended (${signal ?? `exit code ${code}`})` }));
  });
}
