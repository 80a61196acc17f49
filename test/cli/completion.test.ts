/** Completion, asked of the shells themselves. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { main } from "#kernel-lib/cli.js";

const dir = mkdtempSync(join(tmpdir(), "veduta-completion-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** What the command prints. */
async function script(shell: string): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await main(["completion", shell], {
    openModel: () => Promise.reject(new Error("opened a model")),
    stdout: { write: (text: string) => void out.push(text) },
    stderr: { write: (text: string) => void err.push(text) },
    onInterrupt: () => () => {},
  });
  return { code, out: out.join(""), err: err.join("") };
}

/** Lines that begin a word with what is offered for it, some of it. */
const CASES: readonly (readonly [line: string, offered: readonly string[], not: readonly string[]])[] = [
  ["veduta ", ["paint", "view", "models", "completion"], ["--steps"]],
  ["veduta pa", ["paint"], ["view"]],
  ["veduta paint --st", ["--steps", "--stride"], ["--seed"]],
  ["veduta paint --sampler dp", ["dpmpp-2m"], ["ddim"]],
  ["veduta paint hills --method s", ["sync", "spot", "safa"], ["multi"]],
  ["veduta view --projection ", ["equirectangular", "cylinder", "cube"], []],
  ["veduta models ", ["pull", "list", "show"], ["paint"]],
  ["veduta models pull --", ["--help"], ["--steps"]],
  ["veduta kernel install --", ["--user", "--prefix"], []],
];

const SHELLS: Readonly<Record<string, (line: string) => string[]>> = {
  bash: (line) => [
    "-c",
    `source "$0"; COMP_WORDS=(${line.replace(/ $/, ' ""')}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _veduta; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ],
  fish: (line) => ["--no-config", "-c", `source $argv[1]; complete -C '${line}'`],
};

describe.each(Object.entries(SHELLS))("%s", (shell, words) => {
  const there = spawnSync(shell, ["--version"]).status === 0;
  const file = join(dir, shell);
  beforeAll(async () => writeFileSync(file, (await script(shell)).out));

  test.skipIf(!there)(`offers commands, options and values${there ? "" : ` (not run: ${shell} is not installed)`}`, () => {
    for (const [line, offered, not] of CASES) {
      const { stdout, stderr } = spawnSync(shell, [...words(line), file], { encoding: "utf8", cwd: dir });
      expect(stderr, line).toBe("");
      const found = stdout.split("\n").map((one) => one.split("\t")[0]);
      expect(found, line).toEqual(expect.arrayContaining([...offered]));
      for (const one of not) expect(found, line).not.toContain(one);
    }
  });
});

const zsh = spawnSync("zsh", ["--version"]).status === 0;
test.skipIf(!zsh)(`zsh takes the script without a complaint${zsh ? "" : " (not run: zsh is not installed)"}`, async () => {
  writeFileSync(join(dir, "zsh"), (await script("zsh")).out);
  const { status, stderr } = spawnSync("zsh", ["-fc", `source ${join(dir, "zsh")}; (( $+functions[_veduta] ))`], { encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
});

test("another shell is refused with those that are there", async () => {
  const { code, err } = await script("tcsh");
  expect(code).toBe(2);
  expect(err).toContain("Allowed choices are bash, zsh, fish.");
});
