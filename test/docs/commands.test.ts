/** @file Command lines in fences: the command line's own parser takes them, and those for the bundled model get as far as opening it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { main } from "#kernel-lib/cli.js";
import { encodePng } from "#kernel-lib/core/image.js";
import { zeros } from "#kernel-lib/core/tensor.js";
import { fencesOf, PAGES, read } from "./pages.js";

/** The words of a shell's line, as the shell would give them. */
function wordsOf(line: string): string[] {
  const words = line.replace(/(^|\s)#(\s|$).*$/, "").match(/(?:[^\s"']|"(?:\\.|[^"\\])*"|'[^']*')+/g) ?? [];
  return words.map((word) =>
    word.replace(/"((?:\\.|[^"\\])*)"|'([^']*)'/g, (_, double?: string, single?: string) => double ?? single ?? ""),
  );
}

/** Each command of a fence: continued lines are joined, and what stands after "&&", ">" or a pipe is another's. */
const commandsOf = (text: string): string[] =>
  text
    .replaceAll("\\\n", " ")
    .split("\n")
    .flatMap((line) => line.split(/ && | > | \| /));

interface Line {
  readonly at: string;
  readonly words: readonly string[];
}
const lines: readonly Line[] = PAGES.flatMap((page) =>
  fencesOf(page)
    .filter(({ language }) => ["sh", "bash"].includes(language))
    .flatMap(({ line, text }) => commandsOf(text).map((command) => ({ at: `${page}:${line}`, words: wordsOf(command) }))),
);
const from = (start: readonly string[]) =>
  lines.flatMap(({ at, words }) => {
    const k = words.findIndex((_, i) => start.every((word, j) => words[i + j] === word));
    return k < 0 || words.slice(0, k).some((word) => !/^(npx|\S+=.*|\*)$/.test(word)) ? [] : [{ at, words: words.slice(k + start.length) }];
  });
const named = ({ at, words }: Line): [name: string, words: readonly string[]] => [`${at}: ${words.join(" ")}`, words];

const dir = mkdtempSync(join(tmpdir(), "veduta-docs-commands-"));
const before = process.cwd();
beforeAll(async () => {
  process.chdir(dir);
  mkdirSync("veduta-out/sync-7", { recursive: true });
  const picture = async (width: number) => encodePng(zeros([1, 3, 128, width]));
  for (const [name, width] of [
    ["hills.png", 128],
    ["line.png", 768],
    ["pano.png", 768],
    ["photo.jpg", 256],
    ["right.png", 768],
    ["veduta-out/sync-7/panorama.png", 768],
  ] as const)
    writeFileSync(name, await picture(width));
});
afterAll(() => {
  process.chdir(before);
  rmSync(dir, { recursive: true, force: true });
});
afterEach(() => vi.restoreAllMocks());

/** Runs a command line until it opens its model. */
async function run(words: readonly string[]) {
  let said = "";
  let opened = false;
  const code = await main(words, {
    openModel: () => {
      opened = true;
      throw new RangeError("opened");
    },
    stdout: { write: () => true },
    stderr: { write: (text) => (said += text) },
    onInterrupt: () => () => {},
  });
  return { code, said, opened };
}

const commands = from(["veduta"]);

describe("every veduta line in a fence", () => {
  test.each(commands.map(named))("%s is one that the parser takes", async (_, words) => {
    const { action } = Command.prototype;
    const ran = vi.fn();
    vi.spyOn(Command.prototype, "action").mockImplementation(function (this: Command) {
      return action.call(this, ran);
    });
    expect((await run(words)).said).toBe("");
    expect(ran).toHaveBeenCalledOnce();
  });

  test("and one with a wrong flag is refused", async () => {
    expect(commands.length).toBeGreaterThan(50);
    expect((await run(["paint", "sea", "--widht", "512"])).said).toContain("--widht");
  });
});

describe("painting and editing lines for the bundled model", () => {
  const bundled = commands.filter(
    ({ words }) => ["paint", "edit"].includes(words[0]) && !words.some((word) => ["--model", "--from", "--lora"].includes(word)),
  );
  test.each(bundled.map(named))("%s fits together, and gets to the model", async (_, words) => {
    const { said, opened } = await run(words);
    expect(said).toBe(opened ? "error: opened\n" : "");
    expect(opened).toBe(true);
  });
  test("are many", () => expect(bundled.length).toBeGreaterThan(12));
});

test("every npm line in a fence names a script that is there", () => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  const called = [
    ...from(["npm", "run"]).map(({ at, words }) => [at, words[0]]),
    ...["start", "test"].flatMap((name) => from(["npm", name]).map(({ at }) => [at, name])),
  ];
  expect(called.length).toBeGreaterThan(15);
  expect(called.filter(([, name]) => !(name in scripts))).toEqual([]);
});
