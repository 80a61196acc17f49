/** @file The layout editor without a front end: its value, and what is shown where there are no widgets. */
import { decodeImage, layoutEditor, type Tensor } from "veduta";
import { expect, test } from "vitest";

const boat = { what: "boat", box: [0.25, 0.5, 0.5, 0.25] } as const;
const picture: Tensor = { data: new Float32Array(3 * 16 * 32).fill(0.5), shape: [1, 3, 16, 32] };

test("shows the boxes over the picture where there are no widgets, in the picture's shape", async () => {
  const forms = await layoutEditor({ layout: [boat], picture, width: 200 }).bundle();
  expect((await decodeImage(Buffer.from(String(forms["image/png"]), "base64"))).shape).toEqual([1, 3, 100, 200]);
  expect(forms["text/plain"]).toBe("[layout of 1 objects]");
  expect(Buffer.from(/base64,([^"]+)/.exec(String(forms["text/html"]))?.[1] ?? "", "base64").toString()).toContain(
    'x="50" y="50" width="100" height="25"',
  );
});

test("its value is the layout, and what is set is checked", () => {
  const editor = layoutEditor({ layout: [boat], classes: ["boat", "sun"] });
  expect(editor.value).toEqual([boat]);
  editor.set([{ what: "sun", box: [0, 0, 0.1, 0.1] }]);
  expect(editor.value).toEqual([{ what: "sun", box: [0, 0, 0.1, 0.1] }]);
  expect(() => editor.set([{ what: "sun", box: [0.95, 0, 0.1, 0.1] }])).toThrow(/layout\[0\]/);
  expect(() => layoutEditor({ layout: [{ what: "sun", box: [0, 0, 0, 1] }] })).toThrow(RangeError);
});
