import { describe, expect, test } from "vitest";
import { parseScene } from "#kernel-lib/conditions/parse-scene.js";
import { CheckpointError } from "#kernel-lib/core/errors.js";

describe("conditions as text", () => {
  test("a layout is a JSON list", () => {
    const layout = [{ what: "boat", box: [0.1, 0.2, 0.3, 0.4] }];
    expect(parseScene("layout", JSON.stringify(layout))).toEqual({ layout });
  });

  test("labels are separated by commas; spaces around them do not count", () => {
    expect(parseScene("labels", "boat, traffic light ,sun,")).toEqual({ labels: ["boat", "traffic light", "sun"] });
  });

  test("a graph names subject and object by place, or by a name that only one object has", () => {
    const objects = ["boat", "sun", "boat"];
    expect(
      parseScene(
        "graph",
        JSON.stringify({
          objects,
          relations: [
            [0, "left of", "sun"],
            ["sun", "above", 2],
          ],
        }),
      ),
    ).toEqual({
      graph: {
        objects,
        relations: [
          [0, "left of", 1],
          [1, "above", 2],
        ],
      },
    });
  });

  test("a prompt is taken as it is", () => {
    expect(parseScene("prompt", " A boat.\n")).toEqual({ prompt: " A boat.\n" });
  });
});

test.each<["layout" | "graph", string, new (...a: never[]) => Error, string]>([
  ["layout", "[", CheckpointError, "scene.json: expected JSON"],
  ["layout", "{}", TypeError, "layout: got {}, want a list of objects"],
  ["layout", '[{"what":"sun","box":[0,0,2,1]}]', RangeError, "layout[0].box: got [0, 0, 2, 1]"],
  ["graph", "[]", TypeError, "graph: got [], want {"],
  ["graph", '{"objects":["sun"],"relations":[["sun",1,"sun"]]}', TypeError, 'graph.relations[0]: got ["sun",1,"sun"]'],
  ["graph", '{"objects":["sun"],"relations":[[true,"on",0]]}', TypeError, 'graph.relations[0]: got [true,"on",0]'],
  ["graph", '{"objects":["sun"],"relations":[["sun","on","sun",0]]}', TypeError, "graph.relations[0]: got"],
  ["graph", '{"objects":["sun"],"relations":[[0,1,0]]}', TypeError, "graph.relations[0]: got [0,1,0]"],
  [
    "graph",
    '{"objects":["sun"],"relations":[["moon","on",0]]}',
    RangeError,
    'graph.relations[0]: got "moon", want one of objects: ["sun"]',
  ],
  ["graph", '{"objects":["sun","sun"],"relations":[["sun","on",0]]}', RangeError, 'several objects are called "sun"; give its place'],
  ["graph", '{"objects":["sun"],"relations":[[0,"on",1]]}', RangeError, "got the object 1, want a place in objects, 0 to 0"],
])("a %s file with %s is refused", (kind, text, error, words) => {
  expect(() => parseScene(kind, text, "scene.json")).toThrow(error);
  expect(() => parseScene(kind, text, "scene.json")).toThrow(words);
});
