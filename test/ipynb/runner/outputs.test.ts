import { expect, test } from "vitest";
import { createOutputs } from "#kernel-lib/ipynb/runner/outputs.js";

const said = (type: string, content: object) => ({ type, content: content as Record<string, unknown> });
const print = (text: string, name = "stdout") => said("stream", { name, text });
const show = (html: string, id?: string, type = "display_data") =>
  said(type, { data: { "text/html": html }, metadata: {}, transient: id ? { display_id: id } : {} });
const shown = (html: string) => ({ output_type: "display_data", data: { "text/html": [html] }, metadata: {} });

test("texts of one stream that follow each other are one output, in lines", () => {
  const cell = createOutputs().cell();
  for (const message of [print("a\nb"), print("c\n"), print("wrong", "stderr"), print("d")]) cell.take(message);
  expect(cell.list()).toEqual([
    { output_type: "stream", name: "stdout", text: ["a\n", "bc\n"] },
    { output_type: "stream", name: "stderr", text: ["wrong"] },
    { output_type: "stream", name: "stdout", text: ["d"] },
  ]);
});

test("an update changes every display of its id, in earlier cells too, and none of another id", () => {
  const outputs = createOutputs();
  const [first, second] = [outputs.cell(), outputs.cell()];
  first.take(show("one", "x"));
  first.take(show("other", "y"));
  second.take(show("two", "x"));
  second.take(show("three", "x", "update_display_data"));
  second.take(show("nobody's", "z", "update_display_data"));
  expect(first.list()).toEqual([shown("three"), shown("other")]);
  expect(second.list()).toEqual([shown("three")]);
});

test("clear_output clears at once, or with wait when the next output comes", () => {
  const cell = createOutputs().cell();
  cell.take(show("old"));
  cell.take(said("clear_output", { wait: true }));
  expect(cell.list()).toEqual([shown("old")]);
  cell.take(print("new"));
  expect(cell.list()).toEqual([{ output_type: "stream", name: "stdout", text: ["new"] }]);
  cell.take(said("clear_output", { wait: false }));
  expect(cell.list()).toEqual([]);
});

test("a stream that is cleared with wait does not go on with its old text", () => {
  const cell = createOutputs().cell();
  cell.take(print("10 %"));
  cell.take(said("clear_output", { wait: true }));
  cell.take(print("20 %"));
  expect(cell.list()).toEqual([{ output_type: "stream", name: "stdout", text: ["20 %"] }]);
});

test("results carry the kernel's count, errors their traceback; what is no output is left out", () => {
  const cell = createOutputs().cell();
  cell.take(said("execute_input", { code: "1" }));
  cell.take(said("execute_result", { data: { "text/plain": "1", "application/json": { a: 1 } }, metadata: { m: 1 }, execution_count: 7 }));
  cell.take(said("error", { ename: "RangeError", evalue: "no", traceback: ["a", "b"] }));
  expect(cell.list()).toEqual([
    { output_type: "execute_result", data: { "text/plain": ["1"], "application/json": { a: 1 } }, metadata: { m: 1 }, execution_count: 7 },
    { output_type: "error", ename: "RangeError", evalue: "no", traceback: ["a", "b"] },
  ]);
});
