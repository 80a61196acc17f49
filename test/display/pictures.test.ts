/** Pictures and tables as outputs, and what of any output is left where a page takes HTML apart. */
import sanitizeHtml from "sanitize-html";
import { describe, expect, test } from "vitest";
import { decodeImage } from "#kernel-lib/core/image.js";
import { createRng } from "#kernel-lib/core/random.js";
import { stack, type Tensor, tensor, zeros } from "#kernel-lib/core/tensor.js";
import { image } from "#kernel-lib/display/image.js";
import { panoramaView } from "#kernel-lib/display/panorama-view.js";
import { table } from "#kernel-lib/display/table.js";
import { trackHtml } from "#kernel-lib/display/track-view.js";
import { libraryBundle } from "#kernel-lib/pages/display-library.js";
import { GITHUB } from "../fixtures/github-rules.js";
import { landscape } from "../fixtures/painted-run.js";

const WICKED = `<script>globalThis.hacked=1</script><img src=x onerror="alert(1)">&'"`;
const bytes = (form: unknown) => Buffer.from(String(form), "base64");
const numbers = createRng(5);
const noise = (shape: readonly number[]): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => Math.floor(Math.abs(numbers.normal() * 80) % 256) / 255),
    shape,
  );

describe("image", () => {
  test("of one picture is its pixels, without loss, in HTML and alone", async () => {
    const picture = noise([1, 3, 5, 7]);
    const bundle = await image(picture).bundle();
    expect(bundle["text/plain"]).toBe("[picture 7×5]");
    expect((await decodeImage(bytes(bundle["image/png"]))).data).toEqual(picture.data);
    const inside = /src="data:image\/png;base64,([^"]+)"/.exec(String(bundle["text/html"]))?.[1];
    expect((await decodeImage(bytes(inside))).data).toEqual(picture.data);
  });

  test("of several has one beside the other, with a white gap where they are one picture", async () => {
    const parts = [noise([1, 3, 4, 6]), noise([1, 3, 4, 6]), noise([1, 3, 4, 6])];
    const bundle = await image(stack(parts), { title: "windows", labels: ["a", "b", "c"] }).bundle();
    expect(bundle["text/plain"]).toBe("[windows: 3 pictures 6×4: a, b, c]");
    expect(String(bundle["text/html"]).match(/<img /g)).toHaveLength(3);
    const { data, shape } = await decodeImage(bytes(bundle["image/png"]));
    expect(shape).toEqual([1, 3, 4, 6 * 3 + 8 * 2]);
    const at = (c: number, y: number, x: number) => data[(c * 4 + y) * 34 + x];
    for (const [n, part] of parts.entries())
      for (let k = 0; k < 3 * 4 * 6; k++) expect(at(Math.floor(k / 24), Math.floor(k / 6) % 4, n * 14 + (k % 6))).toBe(part.data[k]);
    expect([6, 13, 20, 27].map((x) => at(1, 2, x))).toEqual([1, 1, 1, 1]);
  });

  test("of several panoramas has one below the other, in the order of the list", async () => {
    const parts = [noise([1, 3, 4, 8]), noise([1, 3, 4, 8])];
    const bundle = await image(stack(parts), { labels: ["a", "b"] }).bundle();
    expect(String(bundle["text/html"])).toContain("flex-direction:column");
    const { data, shape } = await decodeImage(bytes(bundle["image/png"]));
    expect(shape).toEqual([1, 3, 4 * 2 + 8, 8]);
    for (const [n, part] of parts.entries())
      for (let k = 0; k < 3 * 32; k++) expect(data[Math.floor(k / 32) * 128 + n * 96 + (k % 32)]).toBe(part.data[k]);
    expect([...data.subarray(32, 96)]).toEqual(Array(64).fill(1));
  });

  test("enlarged keeps its pixels square", async () => {
    expect((await image(zeros([1, 3, 4, 4]), { width: 64 }).bundle())["text/html"]).toContain("image-rendering:pixelated");
    expect((await image(zeros([1, 3, 4, 4]), { width: 2 }).bundle())["text/html"]).not.toContain("pixelated");
  });

  test("refuses what is no picture", async () => {
    expect(() => image(zeros([1, 4, 8, 8]))).toThrow("image: got [1,4,8,8], want [N,3,H,W]");
    expect(() => image(zeros([0, 3, 8, 8]))).toThrow("image: got no pictures");
    expect(() => image(zeros([2, 3, 8, 8]), { labels: ["a"] })).toThrow("image: got 1 labels for 2 pictures");
    expect(() => image(zeros([2, 3, 8, 8]), { width: 0 })).toThrow("image: got width 0");
    await expect(image(tensor([2, 0, 0], [1, 3, 1, 1])).bundle()).rejects.toThrow("got 2 at channel 0");
  });
});

describe("table", () => {
  const rows = [
    { method: "multi", w: 0, "Intra-LPIPS": 0.53127, seed: 123456 },
    { method: WICKED, w: 20, "Intra-LPIPS": 0.4, closed: true, seed: null },
  ];
  test("as text has columns that line up: numbers in three digits to the right, whole ones as they are", async () => {
    const text = String(
      (await table(rows.slice(0, 1), { columns: ["method", "w", "Intra-LPIPS", "seed"], title: "Coherence" }).bundle())["text/plain"],
    );
    expect(text.split("\n")).toEqual([
      "Coherence",
      "method  w  Intra-LPIPS    seed",
      "──────  ─  ───────────  ──────",
      "multi   0        0.531  123456",
    ]);
  });
  test("aligns texts that are numbers to the right, as numbers; a column with other texts to the left", async () => {
    const found = [
      { moved: "5.04 %", h: "1.0e-5", channels: "48,96", note: "12" },
      { moved: "54.84 %", h: "0.1", channels: "320", note: "wide" },
    ];
    expect(
      String((await table(found).bundle())["text/plain"])
        .split("\n")
        .slice(2),
    ).toEqual([" 5.04 %  1.0e-5  48,96     12", "54.84 %     0.1  320       wide"]);
  });
  test("has every column that any row has, in the order they come, and leaves what is missing empty", async () => {
    const html = String((await table(rows).bundle())["text/html"]);
    expect([...html.matchAll(/<th [^>]*>([^<]*)</g)].map(([, name]) => name)).toEqual(["method", "w", "Intra-LPIPS", "seed", "closed"]);
    expect([...html.matchAll(/<td [^>]*>([^<]*)</g)].map(([, cell]) => cell).slice(3, 5)).toEqual(["123456", ""]);
  });
  test("keeps text text", async () => {
    const html = String((await table(rows, { title: WICKED }).bundle())["text/html"]);
    expect(html).not.toMatch(/<script|<img/);
    expect(html).toContain("&lt;script&gt;");
  });
  test("of no rows has its columns; without any, or with one that is not there, it is refused", async () => {
    expect((await table([], { columns: ["a"] }).bundle())["text/plain"]).toBe("a\n─");
    expect(() => table([])).toThrow("table: got no columns");
    expect(() => table(rows, { columns: ["loss"] })).toThrow('table: got column "loss", want some of method, w');
  });
});

describe("where HTML is taken apart as on GitHub", () => {
  const words = (html: string) => {
    const left = sanitizeHtml(html, GITHUB);
    const alts = [...left.matchAll(/<img [^>]*alt="([^"]*)"/g)].map(([, alt]) => alt);
    return { left, words: `${left.replace(/<[^>]*>/g, " ")} ${alts.join(" ")}`.replace(/\s+/g, " ").trim() };
  };

  test("a panorama's picture goes, as every data: address; what it is stays in words, and the bundle has the picture alone", async () => {
    const bundle = await panoramaView(landscape(1536, 256), { edge: "wrap", title: "Dusk" }).bundle();
    const { left, words: said } = words(String(bundle["text/html"]));
    expect(left).not.toMatch(/script|data:|push/);
    expect(said).toBe("Dusk (1536×256, 360°)");
    expect((await decodeImage(bytes(bundle["image/png"]))).shape).toEqual([1, 3, 128, 768]); // small: the HTML has the whole one
    expect(bundle["text/plain"]).toBe("[Dusk: panorama 1536×256, 360°]");
  });

  test("a run's output still tells its numbers", () => {
    const said = words(
      trackHtml({
        phase: "finished",
        done: 6,
        steps: 6,
        gone: 61_000,
        width: 768,
        height: 128,
        losses: [{ index: 5, name: "LPIPS", mean: 0.1234, max: 0.5, count: 5 }],
        picture: { src: "data:image/webp;base64,AAAA", alt: "the finished panorama" },
      }),
    ).words;
    expect(said).toBe("6 steps in 1:01 · 10.2 s per step · LPIPS 0.123 mean, 0.5 max the finished panorama mean distance 0.123 to 0.123");
  });

  test("a table is whole", async () => {
    const { left } = words(String((await table([{ w: 20, loss: 0.5 }]).bundle())["text/html"]));
    expect(left).toBe(
      '<table><thead><tr><th align="right">w</th><th align="right">loss</th></tr></thead><tbody><tr><td align="right">20</td><td align="right">0.5</td></tr></tbody></table>',
    );
  });

  test("pictures are named", async () => {
    expect(
      words(String((await image(zeros([2, 3, 4, 4]), { title: "step 0", labels: ["window 1", "window 2"] }).bundle())["text/html"])).words,
    ).toBe("step 0 window 1 window 2 window 1 window 2");
  });

  test("of a library nothing is left, and nothing is missed", () => {
    expect(words(String(libraryBundle("viewer")["text/html"]))).toEqual({ left: "<div></div>", words: "" });
  });
});
