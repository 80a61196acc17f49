/** @file Snippets for what TypeScript 5.0 to 5.9 brought: no false error, the right value; and cells that it must refuse, by the error's number. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Client, contents, startKernel } from "./client.js";
import { DECORATORS, NOTEBOOKS } from "./corpus/classes.js";
import { VERSION_53_54, VERSION_55, VERSION_56_59 } from "./corpus/control-flow.js";
import { FAULTS } from "./corpus/faults.js";
import { VERSION_50, VERSION_51_52 } from "./corpus/types.js";

let folder: string;
let kernel: Client;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "veduta-corpus-"));
  writeFileSync(join(folder, "data.json"), '{"a":1}');
  writeFileSync(join(folder, "own.ts"), "export const size: number = 5;");
  kernel = await startKernel("veduta", { cwd: folder });
});
afterAll(async () => {
  await kernel.close();
  rmSync(folder, { recursive: true });
});

describe.each(
  Object.entries({
    "TypeScript 5.0": VERSION_50,
    "TypeScript 5.1 and 5.2": VERSION_51_52,
    "TypeScript 5.3 and 5.4": VERSION_53_54,
    "TypeScript 5.5": VERSION_55,
    "TypeScript 5.6 to 5.9": VERSION_56_59,
    "standard decorators and accessors": DECORATORS,
    "classes, modules and everyday code": NOTEBOOKS,
  }),
)("%s", (_, snippets) => {
  test.each(snippets)("%s", async (_, code, value) => {
    const answer = await kernel.execute(code);
    const [shown] = contents(answer, "execute_result") as { data: Record<string, string> }[];
    const told =
      answer.reply.status === "ok" ? (shown?.data["text/plain"] ?? "undefined") : `${answer.reply.ename}: ${answer.reply.evalue}`;
    expect(told.replace(/\s+/g, " ")).toBe(value);
  });
});

describe("TypeScript refuses", () => {
  test.each(FAULTS)("%s", async (_, code, error) => {
    const { reply } = await kernel.execute(code);
    expect(`${reply.ename}: ${reply.evalue}`).toMatch(new RegExp(`^(TypeScript|Syntax)Error: TS${error}: `));
  });
});

test("the corpus is as large as it says", () => {
  const snippets = [VERSION_50, VERSION_51_52, VERSION_53_54, VERSION_55, VERSION_56_59, DECORATORS, NOTEBOOKS].flat();
  expect(snippets.length).toBeGreaterThanOrEqual(150);
  expect(FAULTS.length).toBeGreaterThanOrEqual(40);
});
