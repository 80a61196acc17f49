import fc from "fast-check";
import { expect, test } from "vitest";
import { parseScene } from "#kernel-lib/conditions/parse-scene.js";
import type { SceneCondition } from "#kernel-lib/conditions/scene.js";
import { SCENE_KINDS, sceneTokenizer } from "#kernel-lib/conditions/scene-tokenizer.js";
import { CheckpointError } from "#kernel-lib/core/errors.js";
import type { JsonObject } from "#kernel-lib/core/json.js";

const veduta = { kind: "veduta", classes: ["sun", "boat"], predicates: ["on"], words: ["a", "boat"], cells: 4, objects: 3 };
const frido = {
  kind: "frido",
  builder: "objects_bbox",
  classes: ["sun", "boat"],
  no_tokens: 16,
  max_objects: 3,
  encode_crop: true,
  flags: ["group"],
};
const text = { kind: "frido", builder: "scene_graph", classes: ["sun"] };
const tokenizers = [veduta, frido, text, { ...frido, builder: "center_points" }, { ...frido, builder: "objects" }].map((json) =>
  sceneTokenizer("f", json),
);

const number = fc.oneof(
  fc.constantFrom(0, 0.5, 1, -1, 2, Number.NaN, Number.POSITIVE_INFINITY),
  fc.double(),
  fc.integer({ min: 0, max: 3 }),
);
const name = fc.oneof(fc.constantFrom("sun", "boat", "on", "a", "group", "__proto__", "constructor", ""), fc.string());
const any = fc.oneof(fc.jsonValue(), number, name, fc.constant(undefined), fc.array(number, { maxLength: 5 }));
/** A value, and in one of 20 cases any other. */
const mostly = (value: fc.Arbitrary<unknown>, other: fc.Arbitrary<unknown> = any) => fc.oneof({ arbitrary: value, weight: 19 }, other);
const class_ = mostly(fc.constantFrom("sun", "boat"), name);
const box = mostly(fc.tuple(...Array.from({ length: 4 }, () => mostly(fc.constantFrom(0.25, 0.5), number))));
const object = fc.record({ what: mostly(class_), box, flags: mostly(fc.subarray(["group"])) }, { requiredKeys: ["what", "box"] });
const layout = mostly(fc.array(mostly(object), { minLength: 1, maxLength: 4 }));
const labels = mostly(fc.array(class_, { minLength: 1, maxLength: 4 }));
const relation = fc.tuple(mostly(fc.nat(1), number), mostly(fc.constant("on"), name), mostly(fc.nat(1), number));
const graph = mostly(
  fc.record({
    objects: mostly(fc.array(class_, { minLength: 2, maxLength: 4 })),
    relations: mostly(fc.array(mostly(relation), { maxLength: 3 })),
  }),
);
const prompt = mostly(fc.array(mostly(fc.constantFrom("a", "Boat,"), name), { maxLength: 12 }).map((words) => words.join(" ")));
/** Conditions, right and wrong ones. */
const condition = fc.oneof(
  any,
  fc.record({ layout, crop: box, labels, graph, prompt }, { requiredKeys: [] }),
  fc.record({ layout }),
  fc.record({ layout, crop: box }),
  fc.record({ labels }),
  fc.record({ graph }),
  fc.record({ prompt }),
);

/** What `make` gives, or undefined where it is refused with one of the errors that may come. */
function attempt<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    const expected = [TypeError, RangeError, CheckpointError].some((kind) => error?.constructor === kind);
    if (!expected || !(error instanceof Error) || error.message.length > 2000)
      throw new Error("an error that may not come", { cause: error });
    // what the engine itself throws for a mistake of ours
    if (/undefined|not a function|not iterable|call stack|Invalid (array|string) length/.test(error.message) && error instanceof TypeError)
      if (!/: got /.test(error.message)) throw new Error("a mistake of the reader", { cause: error });
    return undefined;
  }
}

test("any value as a condition gives tokens below the vocabulary, or a TypeError or RangeError", () => {
  let made = 0;
  fc.assert(
    fc.property(condition, fc.nat(tokenizers.length - 1), (value, k) => {
      const tokenizer = tokenizers[k];
      const tokens = attempt(() => tokenizer.tokens(value as SceneCondition));
      if (!tokens) return;
      made++;
      expect(tokens.ids.length).toBe(tokenizer.length);
      expect(tokens.ids.every((id) => id >= 0 && id < tokenizer.vocabulary)).toBe(true);
    }),
    { numRuns: 3000, seed: 5 },
  );
  expect(made).toBeGreaterThan(200);
});

test("any JSON as scene_tokens.json opens, or is a CheckpointError", () => {
  const keys = fc.record(Object.fromEntries(Object.keys({ ...veduta, ...frido, shift: 0, unconditional: "" }).map((key) => [key, any])), {
    requiredKeys: [],
  });
  const file = fc
    .tuple(fc.constantFrom<object>(veduta, frido, text, { ...frido, builder: "objects" }), keys)
    .map(([good, change]) => ({ ...good, ...change }));
  let opened = 0;
  fc.assert(
    fc.property(
      fc.oneof(
        file,
        fc.tuple(file, fc.constantFrom<object>(veduta, frido, text)).map(([a, b]) => ({ ...a, ...b })),
      ),
      (json) => {
        const tokenizer = attempt(() => sceneTokenizer("f", json as JsonObject));
        if (!tokenizer) return;
        opened++;
        for (const kind of SCENE_KINDS) attempt(() => tokenizer.unconditional(kind));
        attempt(() => tokenizer.tokens({ layout: [{ what: "sun", box: [0, 0, 1, 1] }] }));
        attempt(() => tokenizer.tokens({ labels: ["sun"] }));
      },
    ),
    { numRuns: 2000, seed: 6 },
  );
  expect(opened).toBeGreaterThan(30);
});

test("any text as a condition on the command line is read, or refused", () => {
  const text = fc.oneof(
    fc.string(),
    layout.map((x) => JSON.stringify(x) ?? ""),
    graph.map((x) => JSON.stringify(x) ?? ""),
    fc.json(),
  );
  fc.assert(
    fc.property(fc.constantFrom(...SCENE_KINDS), text, (kind, content) => {
      attempt(() => parseScene(kind, content));
    }),
    { numRuns: 2000, seed: 7 },
  );
});
