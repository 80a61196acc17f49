/**
 * @file `npm run bench -- peers`: what Veduta computes, against PyTorch on the same machine: a synchronised step of the bundled model, a block of
 * Stable Diffusion 2's size, and VGG16. The sides take turns in one window of time, each in a process of its own; processor seconds are printed beside
 * wall seconds. VEDUTA_OFFICIAL_SYNCDIFFUSION names a clone of the official code, which then runs too.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { THREADS } from "../race.mjs";
import { peersEnvironment, peersPython } from "./python.mjs";

/** A machine with more at work than this per processor gives numbers and no verdict. */
const BUSY = 0.25;
const ROUNDS = { step: 4, block: 4, vgg: 6 };

/**
 * What a side says: of each turn, and of its process.
 * @typedef {{ wall: number, processor: number, latent?: string }} Turn
 * @typedef {{ name: string, turns: Turn[], peak: number, rate?: number }} Side
 */

/** @returns {Promise<import("../table.mjs").Row[]>} */
export async function measurePeers() {
  const found = peersPython();
  if ("missing" in found) {
    console.log(`peers: not measured: ${found.missing}.`);
    return [];
  }
  const load = loadavg()[0] / cpus().length;
  const busy = load > BUSY;
  if (busy)
    console.log(
      `peers: no verdict: the load per processor is ${load.toFixed(2)}, more than ${BUSY}. Processor seconds mean most, wall seconds least.`,
    );
  const official = process.env.VEDUTA_OFFICIAL_SYNCDIFFUSION;
  if (!official) console.log("peers: the official code is not measured: VEDUTA_OFFICIAL_SYNCDIFFUSION names no clone of it.");
  const rows = [];
  rows.push(...stepRows(await raced("step", ["step:1", "step:8", ...(official ? ["official"] : [])], found.python), busy));
  for (const what of /** @type {const} */ (["block", "vgg"])) rows.push(...blockRows(what, await raced(what, [what], found.python), busy));
  return rows;
}

/** @param {"step" | "block" | "vgg"} what @param {readonly string[]} peers @param {string} python @returns {Promise<Side[]>} ours first */
async function raced(what, peers, python) {
  const folder = mkdtempSync(join(tmpdir(), "veduta-peers-"));
  /** @type {Awaited<ReturnType<typeof begin>>[]} */
  const sides = [];
  try {
    const here = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));
    const env = { ...process.env, ...peersEnvironment(), THREADS: String(THREADS) };
    sides.push(await begin(what, process.execPath, [here("ours.mjs"), what, folder], env));
    for (const peer of peers) sides.push(await begin(peer, python, [here("peer.py"), peer, folder], env));
    for (let round = 0; round <= ROUNDS[what]; round++) for (const side of sides) await side.turn();
    return await Promise.all(sides.map((side) => side.end()));
  } finally {
    for (const side of sides) side.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} name @param {string} program @param {readonly string[]} words @param {NodeJS.ProcessEnv} env */
async function begin(name, program, words, env) {
  const child = spawn(program, words, { env, stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const said = async () => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error(`${name}: ended with exit code ${child.exitCode}`);
      if (value.startsWith("{")) return JSON.parse(value); // the official code prints lines of its own
    }
  };
  const { rate } = await said();
  /** @type {Turn[]} */
  const turns = [];
  return {
    async turn() {
      child.stdin.write("\n");
      turns.push(await said());
    },
    stop: () => child.kill(),
    /** @returns {Promise<Side>} */
    async end() {
      child.stdin.end();
      return { name, turns, rate, peak: (await said()).peak };
    },
  };
}

/** The medians after the first turn, which loads. @param {Side} side */
const medians = ({ turns }) => {
  const of = (/** @type {"wall" | "processor"} */ key) =>
    turns
      .slice(1)
      .map((turn) => turn[key])
      .sort((a, b) => a - b)[(turns.length - 1) >> 1];
  return { wall: of("wall"), processor: of("processor") };
};

/** @param {Side} side @param {string} title @param {string} [note] @returns {import("../table.mjs").Row[]} */
function sideRows(side, title, note = "") {
  const { wall, processor } = medians(side);
  return [
    { what: title, value: processor, unit: "processor s", note: `${wall.toFixed(2)} s on the clock${note && `, ${note}`}` },
    { what: "  peak memory", value: side.peak, unit: "MiB" },
  ];
}

/** @param {string} what @param {Side} ours @param {Side} theirs @param {{ bound: number, aim: number }} limits @param {boolean} busy */
function ratioRow(what, ours, theirs, limits, busy) {
  const [a, b] = [medians(ours), medians(theirs)];
  return {
    what,
    value: a.processor / b.processor,
    unit: "× of processor s",
    note: `${(a.wall / b.wall).toFixed(2)} on the clock`,
    ...(busy ? {} : limits),
  };
}

/** @param {Side[]} sides @param {boolean} busy @returns {import("../table.mjs").Row[]} */
function stepRows([ours, one, batched, official], busy) {
  const apart = (/** @type {Side} */ side) =>
    `latent after step ${ours.turns.length}: relative difference ${difference(ours, side).toExponential(0)}`;
  const torch = `PyTorch's products ${one.rate?.toFixed(0)} GFLOP/s a core`;
  const serial = official ?? one;
  return [
    ...sideRows(ours, `a synchronised step, 24 windows: Veduta`, `${THREADS} threads`),
    ...sideRows(one, "  PyTorch, one window at a time", `${apart(one)}; ${torch}`),
    ...sideRows(batched, "  PyTorch, 8 windows at a time", apart(batched)),
    ...(official ? sideRows(official, "  the official code", apart(official)) : []),
    ratioRow(`  against ${official ? "the official code" : "one window at a time"}`, ours, serial, { bound: 0.5, aim: 0.4 }, busy),
    ratioRow("  against 8 windows at a time", ours, batched, { bound: 0.75, aim: 0.6 }, busy),
  ];
}

/** @param {"block" | "vgg"} what @param {Side[]} sides @param {boolean} busy @returns {import("../table.mjs").Row[]} */
function blockRows(what, [ours, theirs], busy) {
  const title = what === "block" ? "U-Net block of SD 2, batch 2, forward and gradient" : "VGG16 at 256², forward and gradient";
  const limits = what === "block" ? { bound: 0.5, aim: 0.45 } : { bound: 0.7, aim: 0.6 };
  return [
    ...sideRows(ours, `${title}: Veduta`),
    ...sideRows(theirs, "  PyTorch"),
    ratioRow("  against PyTorch", ours, theirs, limits, busy),
  ];
}

/** |a − b| / |b| of the last latents. @param {Side} a @param {Side} b */
function difference(a, b) {
  const [x, y] = [a, b].map(
    ({ turns }) => new Float32Array(Uint8Array.from(Buffer.from(turns[turns.length - 1].latent ?? "", "base64")).buffer),
  );
  const norm = (/** @type {Float32Array} */ v) => Math.sqrt(v.reduce((sum, each) => sum + each * each, 0));
  return norm(x.map((value, k) => value - y[k])) / norm(y);
}
