import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { SceneCondition } from "#kernel-lib/conditions/scene.js";
import { graphText } from "#kernel-lib/conditions/scene-graph.js";
import { sceneTokenizer } from "#kernel-lib/conditions/scene-tokenizer.js";
import { put, refusal, scratchFolder } from "../fixtures/checkpoint-folder.js";

const scratch = scratchFolder();
afterAll(scratch.remove);
const WORDS = "[PAD] [UNK] [CLS] [SEP] a boat sun left of , b the".split(" ");
put(join(scratch.path, "with", "vocab.txt"), Buffer.from(WORDS.join("\n")));
const open = (builder: string, change: object = {}, folder = "with") =>
  sceneTokenizer(join(scratch.path, folder, "scene_tokens.json"), { kind: "frido", builder, max_tokens: 12, ...change });
const words = (condition: SceneCondition, builder: string) => [...open(builder).tokens(condition).ids].map((id) => WORDS[id]);
const padded = (text: string) => [...text.split(" "), ...Array<string>(12 - text.split(" ").length).fill("[PAD]")];

describe("tokens of the official text models", () => {
  test("a prompt: begin, word pieces without full stops, end, padding; no mask", () => {
    expect(words({ prompt: "The boat. A sun" }, "caption")).toEqual(padded("[CLS] the boat a sun [SEP]"));
    expect(open("caption").tokens({ prompt: "a" }).keep).toBeUndefined();
  });

  test("a graph becomes its text", () => {
    const graph = { objects: ["boat", "sun", "boat"], relations: [[0, "left of", 2]] } as const;
    expect(words({ graph }, "scene_graph")).toEqual(padded("[CLS] boat a left of boat b [SEP]"));
  });

  test("31 objects of one name have letters, A to Z and AB to AF; one more has none", () => {
    const graph = (n: number) => ({
      objects: Array<string>(n).fill("boat"),
      relations: Array.from({ length: n - 1 }, (_, k) => [k, "of", k + 1] as const),
    });
    expect(graphText(graph(2))).toBe("boat A of boat B");
    expect(graphText(graph(31))).toMatch(/^boat A of boat B , .* , boat Z of boat AB , .* , boat AE of boat AF$/);
    expect(() => graphText(graph(32))).toThrow('graph: got 32 related objects "boat", want at most 31 of a name');
  });

  test("a vocabulary of just as many tokens as the model has fits", () => {
    expect(open("caption", { no_tokens: 12 }).tokens({ prompt: "a" }).ids[1]).toBe(4);
  });

  test("no condition is the empty text", () => {
    expect(open("caption").unconditional("prompt")).toEqual(open("caption").tokens({ prompt: "" }));
  });

  test("kinds, length and vocabulary: 77 of BERT's 30522 tokens unless told", () => {
    const { kinds, length, vocabulary } = sceneTokenizer("f", { kind: "frido", builder: "scene_graph" });
    expect({ kinds, length, vocabulary }).toEqual({ kinds: ["graph"], length: 77, vocabulary: 30522 });
  });

  test("without vocab.txt the model opens, and a prompt is refused with what to do", () => {
    const tokenizer = open("caption", {}, "without");
    for (const tokens of [() => tokenizer.tokens({ prompt: "a boat" }), () => tokenizer.unconditional("prompt")]) {
      const { message } = refusal(tokens);
      expect(message).toContain(join(scratch.path, "without", "vocab.txt"));
      expect(message).toMatch(/found no such file; put its vocab\.txt there, or convert the checkpoint again with --vocabulary FILE/);
    }
  });
});

test.each<[string, string, object, SceneCondition, string]>([
  ["a text beyond the model's tokens", "caption", {}, { prompt: "a ".repeat(11) }, "prompt: got 11 tokens, want at most 10"],
  [
    "a graph beyond them",
    "scene_graph",
    { max_tokens: 5 },
    { graph: { objects: ["boat", "sun"], relations: [[0, "left of", 1]] } },
    "graph: got 4 tokens, want at most 3",
  ],
  [
    "a graph without relations",
    "scene_graph",
    {},
    { graph: { objects: ["sun"], relations: [] } },
    "graph.relations: got none, want at least one",
  ],
  [
    "a class that the file does not name",
    "scene_graph",
    { classes: ["sun"] },
    { graph: { objects: ["son"], relations: [[0, "on", 0]] } },
    'graph.objects[0]: "son" is no class of this model; the nearest are sun',
  ],
  [
    "a predicate that the file does not name",
    "scene_graph",
    { predicates: ["on"] },
    { graph: { objects: ["sun"], relations: [[0, "in", 0]] } },
    'graph.relations[0]: "in" is no predicate of this model; the nearest are on',
  ],
  ["another kind", "caption", {}, { labels: ["sun"] }, "this model was trained on prompt: got labels"],
  [
    "a vocabulary of more tokens than the model has",
    "caption",
    { no_tokens: 11 },
    { prompt: "a" },
    "expected at most 11 tokens, as the model has, found 12",
  ],
])("%s is refused", (_, builder, change, condition, message) => {
  expect(() => open(builder, change).tokens(condition)).toThrow(message);
});
