/** `veduta compare` on a toy model. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { freshFolders, veduta } from "../fixtures/toy-cli.js";

const { fresh, remove } = freshFolders("cli-compare");
afterAll(remove);

describe("veduta compare", () => {
  const words = ["compare", "hills", "--methods", "multi,sync", "--seeds", "2", "--steps", "2", "--width", "64", "--weight", "0.01"];

  test("paints every method for every seed, and writes the page, the panoramas and the numbers", async () => {
    const out = fresh();
    const { code, out: printed, closed } = await veduta([...words, "--out", out]);
    expect([code, printed, closed]).toEqual([0, `${join(out, "index.html")}\n`, 1]);
    expect(readdirSync(out).sort()).toEqual(["compare.json", "index.html", "multi", "sync"]);
    expect(["multi", "sync"].map((method) => readdirSync(join(out, method)).sort())).toEqual(Array(2).fill(["1.png", "2.png"]));
    expect(readFileSync(join(out, "index.html"), "utf8")).toContain(
      `veduta compare &quot;hills&quot; --methods multi,sync --seeds 1,2 --width 64 --steps 2 --weight 0.01 --out`,
    );
    expect(JSON.parse(readFileSync(join(out, "compare.json"), "utf8")).panoramas).toHaveLength(4);
    expect((await veduta([...words, "--out", out])).err).toContain("holds a comparison already; --force replaces it");
  });

  test("takes a method again with other options: a shared one, one of its own, or both; a flag is for all of its variants", async () => {
    const out = fresh();
    const methods = "multi,sync,sync:sync-steps=1,sync:weight=0:start-align=0.5,multi:start-align=0.5";
    const { code } = await veduta(["compare", "hills", "--methods", methods, ...words.slice(4), "--seeds", "1", "--out", out]);
    expect(code).toBe(0);
    const { summaries } = JSON.parse(readFileSync(join(out, "compare.json"), "utf8"));
    expect(summaries.map(({ method }: { method: string }) => method)).toEqual(methods.split(","));
    expect(summaries[2].backward).toBe(summaries[1].backward / 2);
    const picture = (folder: string) => readFileSync(join(out, folder, "1.png"));
    expect(picture("sync,weight=0,start-align=0.5")).toEqual(picture("multi,start-align=0.5"));
    expect(picture("multi,start-align=0.5")).not.toEqual(picture("multi"));
    const page = readFileSync(join(out, "index.html"), "utf8");
    expect(page).toContain("SyncDiffusion, weight 0, start-align 0.5");
    expect(page).toContain(`--methods ${methods}`);
  });

  test("keeps what was painted when it is stopped", async () => {
    const out = fresh();
    const { code, err } = await veduta([...words, "--out", out], { during: (interrupt, calls) => calls === 12 && interrupt() });
    expect([code, /Stopped after 1 of 4 panoramas/.test(err)]).toEqual([130, true]);
    expect(existsSync(join(out, "index.html"))).toBe(true);
  });

  test.each([
    [["--methods", "multi"], /want two or more different methods/],
    [["--methods", "multi,milti"], /"milti", want names out of/],
    [["--methods", "multi,sync:lambda=2"], /"lambda=2" for sync, want FLAG=VALUE; flags are .*sync-steps/],
    [["--methods", "multi,multi:seed=2"], /"seed=2" for multi, want FLAG=VALUE/],
    [["--methods", "multi,sync:sync-steps"], /"sync-steps" for sync, want FLAG=VALUE/],
    [["--methods", "multi,sync:sync-steps=-1"], /sync:sync-steps=-1: sync-steps=-1: /],
    [["--seeds", "0"], /Want a number of seeds/],
    [["--seeds", "3..1"], /Want a number of seeds/],
    [["--lambda", "2"], /--lambda belongs to twin, which is not compared/],
    [["--width", "65"], /width 65/],
  ])("refuses %j in one line", async (wrong, message) => {
    const out = fresh();
    const { code, err } = await veduta(["compare", "hills", ...wrong, "--out", out]);
    expect([code, err.split("\n").length < 6]).toEqual([2, true]);
    expect(err).toMatch(message);
    expect(existsSync(join(out, "index.html"))).toBe(false);
  });
});
