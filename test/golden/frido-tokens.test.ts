import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { overlap, WHOLE } from "#kernel-lib/conditions/boxes.js";
import { fridoSettings, fridoTokens } from "#kernel-lib/conditions/frido-tokens.js";
import type { Box, ObjectFlag } from "#kernel-lib/conditions/scene.js";
import { graphText } from "#kernel-lib/conditions/scene-graph.js";
import { sceneTokenizer } from "#kernel-lib/conditions/scene-tokenizer.js";
import { golden, has, unless } from "./golden.mjs";

const FILE = "frido/tokens.json";
const skipped = !has(FILE);
const examples = skipped ? {} : JSON.parse(readFileSync(golden(FILE), "utf8"));

interface Annotation {
  readonly id: number;
  readonly bbox: Box;
  readonly category_no: number;
  readonly is_group_of?: unknown;
  readonly is_occluded?: unknown;
  readonly is_depiction?: unknown;
  readonly is_inside?: unknown;
}
interface Example {
  readonly builder: string;
  readonly params: {
    readonly no_object_classes: number;
    readonly no_max_objects: number;
    readonly no_tokens: number;
    readonly encode_crop: boolean;
    readonly use_group_parameter: boolean;
    readonly use_additional_parameters: boolean;
    readonly shifting_cls_num?: number;
  };
  readonly crop: Box | null;
  readonly flip: boolean | null;
  readonly annotations: readonly Annotation[];
  readonly order_after_shuffle: readonly number[];
  readonly length: number;
  readonly tokens: readonly number[];
}

const BUILDERS: Readonly<Record<string, string>> = {
  ObjectsBoundingBoxConditionalBuilder: "objects_bbox",
  ObjectsConditionalBuilder: "objects",
  ObjectsCenterPointsConditionalBuilder: "center_points",
};
const nameOf = (category: number) => `class ${category}`;
const flagsOf = (annotation: Annotation, known: readonly ObjectFlag[]) =>
  known.filter((flag) => annotation[flag === "group" ? "is_group_of" : (`is_${flag}` as const)] === true); // Python's `is True`

/** What the official builder read, as our file and our condition. Cutting, shuffling and flipping are done here, since ours does none of them. */
function asOurs({ builder, params, crop, flip, annotations, order_after_shuffle }: Example) {
  const flags: ObjectFlag[] = [
    ...(params.use_group_parameter ? (["group"] as const) : []),
    ...(params.use_additional_parameters ? (["occluded", "depiction", "inside"] as const) : []),
  ];
  const flipped = ([x, y, width, height]: Box): Box => (flip ? [1 - (x + width), y, width, height] : [x, y, width, height]);
  const json = {
    kind: "frido",
    builder: BUILDERS[builder],
    classes: Array.from({ length: params.no_object_classes }, (_, k) => nameOf(k)),
    no_tokens: params.no_tokens,
    max_objects: params.no_max_objects,
    encode_crop: params.encode_crop,
    shift: params.shifting_cls_num ?? 0,
    flags,
  };
  const objects = order_after_shuffle.map((id) => {
    const annotation = annotations.find((a) => a.id === id);
    if (!annotation) throw new Error(`no annotation ${id}`);
    return { class: annotation.category_no, box: flipped(annotation.bbox), flags: flagsOf(annotation, flags) };
  });
  return { json, objects, crop: flipped(crop ?? WHOLE) };
}

describe(`official builders of tokens${unless(FILE)}`, () => {
  const all: Example[] = skipped ? [] : ["layout", "objects", "center_points"].flatMap((kind) => examples[kind]);

  test.skipIf(skipped)("every example of layout, objects and center_points: the same tokens, in the order after the shuffle", () => {
    expect(all.length).toBeGreaterThanOrEqual(19);
    for (const [k, example] of all.entries()) {
      const { json, objects, crop } = asOurs(example);
      const ids = fridoTokens(fridoSettings("golden", json), objects, crop);
      expect([...ids], `example ${k}`).toEqual(example.tokens);
      expect(ids.length).toBe(example.length);
    }
  });

  test.skipIf(skipped)("the tokenizer gives them too, from names", () => {
    for (const [k, example] of all.entries()) {
      const { json, objects, crop } = asOurs(example);
      const tokenizer = sceneTokenizer("golden", json);
      expect(tokenizer.length).toBe(example.length);
      if (tokenizer.kinds[0] === "layout") {
        const layout = objects.map(({ class: category, box, flags }) => ({ what: nameOf(category), box, flags }));
        expect([...tokenizer.tokens({ layout, crop }).ids], `example ${k}`).toEqual(example.tokens);
      } else if (objects.every(({ flags }) => flags.length === 0)) {
        const labels = objects.filter(({ box }) => overlap(box, crop)).map((object) => nameOf(object.class));
        expect([...tokenizer.tokens({ labels }).ids], `example ${k}`).toEqual(example.tokens);
      }
    }
  });

  test.skipIf(skipped)("more objects than slots, which the official builder cuts, are refused with both counts", () => {
    const example = all.find(({ annotations, params }) => annotations.length > params.no_max_objects);
    if (!example) throw new Error("no example with too many objects");
    const { json } = asOurs(example);
    const layout = example.annotations.map(({ category_no, bbox }) => ({ what: nameOf(category_no), box: bbox }));
    const { no_max_objects } = example.params;
    expect(() => sceneTokenizer("golden", json).tokens({ layout })).toThrow(`got ${layout.length} objects, want 1 to ${no_max_objects}`);
  });

  test.skipIf(skipped)("every example of a scene graph: the same text", () => {
    expect(examples.scene_graph.length).toBeGreaterThanOrEqual(5);
    for (const { vocab, object_classes, triples_subject_predicate_object: triples, caption } of examples.scene_graph)
      expect(
        graphText({
          objects: object_classes.map((k: number) => vocab.object_idx_to_name[k]),
          relations: triples.map(([s, p, o]: number[]) => [s, vocab.pred_idx_to_name[p], o]),
        }),
      ).toBe(caption);
  });

  const data = examples.dataset_coco;
  const runs: { tag: string; key: "objects_bbox" | "objects" }[] = [
    { tag: "layout2i coco_seg", key: "objects_bbox" },
    { tag: "label2i", key: "objects" },
  ];
  test.skipIf(skipped).each(runs)("the official COCO data set, $tag: the same tokens of every picture", ({ tag, key }) => {
    const { options, no_classes, category_number, samples } = data.runs.find((run: { tag: string }) => run.tag === tag);
    // ids of the first data set that the second one also knows by name
    const numberOf = (category: number): number => category_number[String(category)] ?? category_number[OPEN_IMAGES[category]];
    const settings = fridoSettings("golden", {
      kind: "frido",
      builder: key,
      classes: Array.from({ length: no_classes }, (_, k) => nameOf(k)),
      no_tokens: options.no_tokens,
      max_objects: options.max_objects_per_image,
      encode_crop: options.encode_crop,
      flags: ["group"],
    });
    expect(samples.length).toBe(4);
    for (const sample of samples) {
      const image = data.images.find(({ id }: { id: number }) => String(id) === sample.image_id);
      const objects = sample.order_after_shuffle.map((id: number) => {
        const { bbox, category_id } = [...data.instances, ...data.stuff].find((a: { id: number }) => a.id === id);
        const [x, y, width, height] = bbox;
        return { class: numberOf(category_id), box: [x / image.width, y / image.height, width / image.width, height / image.height] };
      });
      expect([...fridoTokens(settings, objects, sample.crop_bbox ?? WHOLE)], sample.file_name).toEqual(sample[key]);
    }
  });
});

/** Open Images' ids of the COCO categories that have a namesake there. */
const OPEN_IMAGES: Readonly<Record<number, string>> = {
  1: "/m/01g317", // person
  2: "/m/0199g", // bicycle
  3: "/m/0k4j", // car
  18: "/m/0bt9lr", // dog
  62: "/m/01mzpv", // chair
};
