/** Scores of a dual encoder, over vectors that are known. */
import { type DualEncoder, directionalScore, dualScore } from "veduta/metrics";
import { describe, expect, test } from "vitest";
import type { Tensor } from "#kernel-lib/core/tensor.js";
import { stack, tensor } from "#kernel-lib/core/tensor.js";
import { has, readGolden, unless } from "../golden/golden.mjs";

/** A picture's vector is its first two pixels, a prompt's is `PROMPTS`'. */
const PROMPTS: Readonly<Record<string, readonly number[]>> = { right: [1, 0], up: [0, 1], left: [-1, 0], diagonal: [0.6, 0.8] };
const seen: Tensor[] = [];
const dual: DualEncoder = {
  embedImages: async (images) => {
    seen.push(images);
    const [n] = images.shape;
    const vectors = Array.from({ length: n }, (_, k) => images.data.subarray(k * 6, k * 6 + 2)).flatMap((v) => {
      const length = Math.hypot(...v);
      return [...v].map((x) => x / length);
    });
    return tensor(vectors, [n, 2]);
  },
  embedPrompts: async (prompts) => {
    const list = typeof prompts === "string" ? [prompts] : prompts;
    return tensor(
      list.flatMap((prompt) => PROMPTS[prompt]),
      [list.length, 2],
    );
  },
};
/** In [0,1], seen as (x,y) in [-1,1]. */
const picture = (x: number, y: number): Tensor =>
  tensor(
    [x, y, 0, 0, 0, 0].map((v) => (v + 1) / 2),
    [1, 3, 1, 2],
  );

describe("dualScore", () => {
  test("is the cosine of each picture and its prompt, of pictures in [0,1]", async () => {
    const images = stack([picture(1, 0), picture(0, 0.5), picture(-0.3, 0)]);
    const near = (values: readonly number[], want: readonly number[]) => {
      for (const [k, value] of values.entries()) expect(value).toBeCloseTo(want[k], 5);
    };
    near(await dualScore(dual, images, "right"), [1, 0, -1]);
    near(await dualScore(dual, images, ["right", "diagonal", "left"]), [1, 0.8, 1]);
    expect([...(seen.at(-1)?.data.slice(0, 2) ?? [])]).toEqual([1, 0]);
  });

  test("refuses another number of prompts", () =>
    expect(dualScore(dual, picture(1, 0), ["right", "up"])).rejects.toThrow(
      "dualScore: got 2 prompts for 1 images, want one, or one each",
    ));
});

describe("directionalScore", () => {
  const score = (source: Tensor, edited: Tensor, sourcePrompt = "right", prompt = "up") =>
    directionalScore(dual, { source, edited, sourcePrompt, prompt });

  test("is the cosine of the pictures' change and the prompts'", async () => {
    expect((await score(picture(1, 0), picture(0, 1)))[0]).toBeCloseTo(1, 5);
    expect((await score(picture(0, 1), picture(1, 0)))[0]).toBeCloseTo(-1, 5);
    expect((await score(picture(1, 0), picture(-1, 0)))[0]).toBeCloseTo(Math.SQRT1_2, 5); // (-2,0) and (-1,1)
  });

  test("is 0 where the picture's vector has not changed", async () => expect(await score(picture(1, 0), picture(0.5, 0))).toEqual([0]));

  test("compares many edits with one source, or with one each", async () => {
    const edited = stack([picture(0, 1), picture(1, 0)]);
    const one = await score(picture(1, 0), edited);
    expect(one[0]).toBeCloseTo(1, 5);
    expect(one[1]).toBe(0);
    const each = await score(stack([picture(1, 0), picture(0, 1)]), edited);
    expect(each[1]).toBeCloseTo(-1, 5);
  });

  test("refuses prompts that do not differ, and another number of sources", async () => {
    await expect(score(picture(1, 0), picture(0, 1), "up", "up")).rejects.toThrow('directionalScore: both prompts are "up"');
    const two = stack([picture(1, 0), picture(0, 1)]);
    await expect(score(two, picture(1, 0))).rejects.toThrow("got 2 sources for 1 edited images, want one, or one each");
  });
});

const CLIP = "features/clip.safetensors";

test.skipIf(!has(CLIP))(`over CLIP's vectors both are torchmetrics' and DirectionalCLIP's numbers${unless(CLIP)}`, async () => {
  const golden = readGolden(CLIP);
  const rowsOf = ({ data, shape: [, width] }: Tensor, ...numbers: readonly number[]): Tensor =>
    tensor(
      numbers.flatMap((k) => [...data.subarray(k * width, (k + 1) * width)]),
      [numbers.length, width],
    );
  // a picture of number k is one pixel k/10, a prompt its number
  const clip: DualEncoder = {
    embedImages: async ({ data, shape: [n] }) =>
      rowsOf(golden.image_embeds, ...Array.from({ length: n }, (_, k) => Math.round((data[3 * k] + 1) * 5))),
    embedPrompts: async (prompts) => rowsOf(golden.text_embeds, ...[prompts].flat().map(Number)),
  };
  const pictures = (...numbers: readonly number[]) =>
    tensor(
      numbers.flatMap((k) => [k / 10, 0, 0]),
      [numbers.length, 3, 1, 1],
    );
  const scores = await dualScore(clip, pictures(0, 1, 2, 3), ["0", "1", "2", "3"]);
  for (const [k, score] of scores.entries()) expect(Math.abs(100 * score - golden.score_image_text.data[k])).toBeLessThan(1e-3);
  for (const k of [0, 1]) {
    const edit = { source: pictures(2 + k), edited: pictures(k), sourcePrompt: String(2 + k), prompt: String(k) };
    expect(Math.abs((await directionalScore(clip, edit))[0] - golden["directional.dclip_score"].data[k])).toBeLessThan(1e-5);
    expect(Math.abs((await dualScore(clip, edit.edited, edit.prompt))[0] - golden["directional.clip_score"].data[k])).toBeLessThan(1e-5);
  }
});
