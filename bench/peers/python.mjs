/** @file The Python that the peers run in: one that the environment names, or one with PyTorch of PyPI, installed once below .work. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../../.work/python/peers", import.meta.url));
const REQUIREMENTS = fileURLToPath(new URL("requirements.txt", import.meta.url));

/**
 * VEDUTA_PEERS_PYTHON is the path of a Python with torch, diffusers and safetensors; without it a virtual environment is made.
 * @returns {{ python: string } | { missing: string }}
 */
export function peersPython() {
  const named = process.env.VEDUTA_PEERS_PYTHON;
  if (named) return speaks(named) ? { python: named } : { missing: `VEDUTA_PEERS_PYTHON ${named} has no torch, diffusers and safetensors` };
  const [python, stamp] = [join(FOLDER, "bin/python"), join(FOLDER, "requirements.txt")];
  const wanted = readFileSync(REQUIREMENTS, "utf8");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return { python };
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  console.log("Installing PyTorch of PyPI below .work, about 2.7 GB …");
  if (spawnSync("python3", ["-m", "venv", FOLDER]).status !== 0) return { missing: "there is no python3 with venv" };
  const words = ["install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-cache-dir", "--requirement", REQUIREMENTS];
  if (spawnSync(join(FOLDER, "bin/pip"), words, { stdio: "inherit" }).status !== 0 || !speaks(python))
    return { missing: "PyPI does not give bench/peers/requirements.txt" };
  writeFileSync(stamp, wanted);
  return { python };
}

/** @param {string} python */
const speaks = (python) => spawnSync(python, ["-c", "import torch, diffusers, safetensors.torch"]).status === 0;

/** Threads that wait sleep; OpenBLAS takes processors that it does not know for old ones. @returns {Record<string, string>} */
export function peersEnvironment() {
  const flags = existsSync("/proc/cpuinfo") ? readFileSync("/proc/cpuinfo", "utf8") : "";
  const core = /\bavx512f\b/.test(flags) ? "SkylakeX" : /\bavx2\b/.test(flags) ? "Haswell" : undefined;
  return { OMP_WAIT_POLICY: "PASSIVE", ...(core && { OPENBLAS_CORETYPE: core }) };
}
